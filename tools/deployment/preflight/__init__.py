"""`make preflight`: checks whether `terraform apply` can succeed in a project. It changes nothing.

`prerequisites.py` checks what this machine needs. `requirements.py` asks Terraform what the
deployment needs. `checks.py` runs the checks of the project: `project.py`, `permissions.py`,
`services.py`, `quotas.py`, `policies.py`, `buckets.py`. They call Google through
`tools/deployment/google_apis.py` and return findings. Start at `__main__.py`.
"""
