"""Pixels without any model.

Geometry, masks, run-length encoding, matting, sparse images, encoders. Imports `schemas`. Knows no
file, clock, network or environment. Start with `geometry`.
"""
