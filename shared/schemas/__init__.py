"""The public values and documents.

Boxes, prompts, `prompts.json`, `result.json`, object names, settings, errors. Imports none of our
other packages, and neither NumPy nor OpenCV. Start with `documents`, then `errors`.
"""
