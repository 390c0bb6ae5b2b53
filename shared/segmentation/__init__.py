"""From prompts to masks.

Asks a backend for candidate masks, chooses the best, cleans it, resolves overlaps, and says which
results a person should review. Imports `decoding`, `flat_art`, `gcp`, `imaging`, `runtime` and
`schemas`. Start with `service`. `backends` has one file for each source of masks; `sam2` has the
HTTP client that two of them share.
"""
