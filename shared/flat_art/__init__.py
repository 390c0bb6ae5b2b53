"""Drawings in flat colours: the skin of a face, its region, points in its interior.

Imports `imaging` and `schemas`. Start with `face_region`.
"""
