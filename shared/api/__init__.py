"""The HTTP API and the web page, served by `functions/api`.

Imports every other package but `pipeline` and `sam2_server`. Start with `app`.
"""
