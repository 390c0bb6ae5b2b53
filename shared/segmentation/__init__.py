"""Turns prompts into masks.

Requests candidate masks from a backend, cleans them, chooses the best, resolves overlaps, grows or
shrinks masks, and lists the results that a person should review. Imports `decoding`, `flat_art`,
`gcp`, `imaging`, `runtime` and `schemas`. Start with `service`. `backends` has one file for each
source of masks; `sam2` has the HTTP client that two of them share.
"""
