"""The HTTP server around a function.

It has the server's limits, the check of the Host header, and common parts of OpenAPI documents.
Imports `runtime` and `schemas`. Start with `bounded_worker`.
"""
