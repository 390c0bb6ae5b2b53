"""Decoding of uploaded files, each in its own process with limits on time and memory.

Imports `imaging`, `runtime` and `schemas`. Start with `sandbox`, which the rest of the system uses.
It starts a fork server (`fork_server`), which forks a process for each file. The process runs
`job`, which decodes with `pixels`.
"""
