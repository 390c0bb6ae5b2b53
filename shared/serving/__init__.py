"""The HTTP server around a function.

Its limits, the hosts that it answers to, what OpenAPI documents share. Imports `runtime` and
`schemas`. Start with `bounded_worker`.
"""
