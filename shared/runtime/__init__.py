"""What a running process needs: deadlines, the memory budget, timers, pools, logs.

Imports `schemas`. Start with `deadline`.
"""
