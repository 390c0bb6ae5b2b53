"""Helpers that tools and tests share: servers, pushes, example images, shapes."""
