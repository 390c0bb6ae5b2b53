"""python -m tests.hostile.costs: what decoding takes, a file at a time, in a process of its own.

Prints for each file its processor time and its memory beside the file: honest images of many
formats, nearly as large as MAX_PIXELS, and bombs.
"""
