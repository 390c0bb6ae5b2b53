"""Process-level tools: deadlines, the memory budget, timers, pools, logs.

Imports `schemas`. Start with `deadline`.
"""
