"""From detections to SAM2 prompts: points, box, window.

Imports `detection`, `imaging` and `schemas`. Start with `builder`.
"""
