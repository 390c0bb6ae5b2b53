"""Results as datasets that other tools open: COCO, YOLO, LabelMe, SVG, cutouts.

Only computes, without files or clocks. Imports `schemas` and `imaging`. Start with `formats`.
"""
