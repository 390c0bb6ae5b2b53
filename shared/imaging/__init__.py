"""Image processing without models.

Geometry, masks, run-length encoding, matting, sparse images, encoders. Imports `schemas`. Uses no
files, clock, network or environment variables. Start with `geometry`.
"""
