"""Process-level tools: deadlines, the memory budget, a bounded parallel map, timers, pools, logs.

Imports `schemas`. Start with `deadline`.
"""
