"""Simulates the resources and the cost of a deployment under a load; reports in docs/scale.md."""
