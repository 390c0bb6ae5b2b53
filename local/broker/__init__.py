"""Pub/Sub on one machine: the official emulator where it is installed, else an embedded broker."""
