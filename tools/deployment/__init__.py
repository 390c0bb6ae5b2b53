"""Checks of a deployment: before, and after, Terraform applies it."""
