"""Hostile files, and what reading them costs."""
