"""Process-level tools: deadlines, the memory budget, a parallel map, timers, pools, logs, spans.

Imports `schemas`. Start with `deadline`.
"""
