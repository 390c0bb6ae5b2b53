"""The complete system on one machine: storage, broker, metadata server and the functions."""
