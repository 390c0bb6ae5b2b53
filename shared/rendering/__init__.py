"""Renders masks as image files: overlays, cutouts, and the set of files of a result.

Imports `imaging`, `runtime`, `schemas` and `segmentation`. Start with `artifacts`.
"""
