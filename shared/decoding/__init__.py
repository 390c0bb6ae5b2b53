"""Decoding uploaded files, each in a process of its own with limits on time and memory.

Imports `imaging`, `runtime` and `schemas`. Start with `sandbox`, which the rest of the system uses.
It has a fork server (`fork_server`), which forks a process for each file; what that does is in
`job`, and the pixels come from `pixels`.
"""
