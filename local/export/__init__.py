"""Exports results as a dataset on this machine. Start with `dataset.py`."""
