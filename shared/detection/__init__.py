"""Detection of faces and hands with MediaPipe's models.

Imports `flat_art`, `imaging`, `runtime` and `schemas`. Start with `detector`, then `faces`:
proposals, verification, contours.
"""
