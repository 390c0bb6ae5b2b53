"""Hostile and unusual files, and the cost of decoding them."""
