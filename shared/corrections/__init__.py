"""Corrections of prompts by people: `saving` writes and publishes one.

Imports `gcp`, `runtime` and `schemas`. Used by the API and by `make correct`.
"""
