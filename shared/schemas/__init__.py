"""The values and documents that the outside relies on.

Boxes, prompts, `prompts.json`, `result.json`, object names, settings, errors. Imports no other
package of ours, and neither NumPy nor OpenCV. Start with `documents`, then `errors`.
"""
