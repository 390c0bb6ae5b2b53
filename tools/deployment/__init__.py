"""Checks and files of a deployment, before and after Terraform applies or destroys it."""
