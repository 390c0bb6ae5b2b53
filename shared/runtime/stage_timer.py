"""Timing the stages of one piece of work."""

import logging
import time

_log = logging.getLogger(__name__)


class StageTimer:
    """Measures the seconds of each stage of one piece of work. Each stage is one log line."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, stage: str, **log_fields: object) -> None:
        """Ends the stage that started at the last call; `log_fields` are added to its log line."""
        now = time.perf_counter()
        seconds = now - self._last
        self.seconds[stage] = round(seconds, 4)
        self._last = now
        _log.info(stage, extra={"ms": round(1000 * seconds, 1), **log_fields})
