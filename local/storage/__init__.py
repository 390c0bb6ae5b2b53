"""A Google Cloud Storage JSON API server for one machine.

Speaks to the real google-cloud-storage client, gsutil and gcloud storage: generations, all four
preconditions, checksums, resumable uploads, and notifications. One version per object.
"""
