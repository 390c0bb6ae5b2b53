"""Builds SAM2 prompts from detections: points, box, window.

Imports `detection`, `imaging` and `schemas`. Start with `builder`.
"""
