"""What a piece of work costs a process that has nothing else to do."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from unittest import mock

from shared.stopwatch import Stopwatch


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one image: seconds of processor and clock, the process's peak in MB; bytes.

    `stages` are processor seconds by stage, where the work names any.
    """

    cpu: float
    wall: float
    peak: float
    sent: int = 0
    written: int = 0
    faces: int = 0
    stages: dict[str, float] = field(default_factory=dict)


def measured(works: Iterable[Callable[[], object]], settle: Callable[[], object]) -> Cost:
    """The cheapest of the works, which are all the same; the first only warms up.

    `settle` is called after the first.
    """
    best: Cost | None = None
    warm = False
    with mock.patch.object(Stopwatch, "lap", _lap):
        for work in works:
            if not warm:
                work()
                settle()
                warm = True
                continue
            _stages.clear()
            _last[0] = cpu = time.process_time()
            wall = time.perf_counter()
            work()
            spent, passed = time.process_time() - cpu, time.perf_counter() - wall
            if best is None or spent < best.cpu:
                best = Cost(spent, passed, 0.0, stages=dict(_stages))
    assert best
    return replace(best, peak=_peak())


def _peak() -> float:
    """In MB. Not ru_maxrss, which a new process takes over from the one that starts it."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


_stages: dict[str, float] = {}
_last = [0.0]


def _lap(watch: Stopwatch, stage: str, **_: Any) -> None:
    """Processor seconds, of all threads, in the place of what the clock says."""
    now = time.process_time()
    _stages[stage] = _stages.get(stage, 0.0) + now - _last[0]
    watch.laps[stage] = _last[0] = now
