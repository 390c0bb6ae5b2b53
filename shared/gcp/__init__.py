"""Google Cloud: Cloud Storage, Pub/Sub messages, identity tokens, the export of spans.

Imports `runtime` and `schemas`. Start with `gcs` for reads and writes, `events` for messages.
"""
