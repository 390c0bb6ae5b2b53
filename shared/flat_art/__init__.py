"""Drawings in flat colours: the skin of a face, its region, points that surely lie on it.

Imports `imaging` and `schemas`. Start with `face_region`.
"""
