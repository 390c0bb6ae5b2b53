"""Google Cloud: Cloud Storage, Pub/Sub messages, identity tokens.

Imports `runtime` and `schemas`. Start with `gcs` for reads and writes, `events` for messages.
"""
