"""Small networks that OpenCV runs, and what the drawn-face network sees.

Imports `imaging` and `schemas`. Start with `drawn_face`.
"""
