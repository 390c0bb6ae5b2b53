"""Selects detections, and builds their SAM2 prompts: points, box, window.

Imports `detection`, `imaging` and `schemas`. Start with `builder`.
"""
