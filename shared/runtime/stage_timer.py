"""Timing the stages of one piece of work."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from shared.runtime import tracing

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Stage:
    """A running stage: the message and the fields of its log line."""

    message: str
    fields: dict[str, object] = field(default_factory=dict)


class StageTimer:
    """Measures the seconds of each stage of one piece of work. Each stage is a log line and a span.

    A stage that fails is measured too; it has no log line, because the error has one.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[Stage]:
        """Measures the block. The block may change the message, and add fields."""
        running = Stage(name)
        start = time.perf_counter()
        with tracing.span(name):
            try:
                yield running
            finally:
                seconds = time.perf_counter() - start
                self.seconds[name] = round(seconds, 4)
                tracing.annotate(tracing.own(running.fields))
        _log.info(running.message, extra={"ms": round(1000 * seconds, 1), **running.fields})
