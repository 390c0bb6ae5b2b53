"""What a piece of work costs a process that has nothing else to do."""

import importlib
import multiprocessing
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from unittest import mock

from shared.runtime.stage_timer import StageTimer


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
    stages: dict[str, float] = field(default_factory=dict)


def fresh(subject: str, *arguments: Any) -> Cost:
    """What a subject measures in a new process, whose peak in memory is this work's alone."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_measure, subject, arguments).result()


def _measure(subject: str, arguments: Sequence[Any]) -> Cost:
    found: Cost = importlib.import_module(f"tools.benchmarks.subjects.{subject}").measure(
        *arguments
    )
    return found


def least(work: Callable[[], object], clock: Callable[[], float], runs: int = 3) -> float:
    """Seconds that the cheapest of a few runs takes by the clock."""
    seconds = []
    for _ in range(runs):
        start = clock()
        work()
        seconds.append(clock() - start)
    return min(seconds)


def measured(works: Sequence[Callable[[], object]]) -> Cost:
    """The cheapest of the works, which are all the same; the first only warms up."""
    with _stages() as stages:
        first, *others = works
        first()
        costs = []
        for work in others:
            stages.clear()
            cpu, wall = time.process_time(), time.perf_counter()
            work()
            spent, passed = time.process_time() - cpu, time.perf_counter() - wall
            costs.append(Cost(spent, passed, 0.0, stages=dict(stages)))
    return replace(min(costs, key=lambda cost: cost.cpu), peak=_peak())


@contextmanager
def _stages() -> Iterator[dict[str, float]]:
    """Processor seconds, of all threads, by stage, since it was cleared: what stopwatches tell."""
    stages: dict[str, float] = {}
    last = 0.0

    def start(watch: StageTimer) -> None:
        nonlocal last
        plain_start(watch)
        last = time.process_time()

    def lap(_: StageTimer, stage: str, **__: Any) -> None:
        nonlocal last
        now = time.process_time()
        stages[stage] = stages.get(stage, 0.0) + now - last
        last = now

    plain_start = StageTimer.__init__
    with mock.patch.multiple(StageTimer, __init__=start, lap=lap):
        yield stages


def _peak() -> float:
    """In MB. Not ru_maxrss, which a new process takes over from the one that starts it."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024
