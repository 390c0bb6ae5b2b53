"""Training of the drawn-face model: its data, the network, the export.

Start with README.md in this folder.
"""
