"""Timing the stages of one piece of work."""

import time


class Stopwatch:
    """Seconds per stage of one piece of work."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, stage: str) -> None:
        """Ends the stage that ran since the last call."""
        now = time.perf_counter()
        self.laps[stage] = round(now - self._last, 4)
        self._last = now
