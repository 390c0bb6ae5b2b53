"""A Google Cloud Storage JSON API server for one machine.

It works with the google-cloud-storage client, gsutil and gcloud storage. It supports generations,
all four preconditions, checksums, resumable uploads, and notifications. It keeps one version of
each object.
"""
