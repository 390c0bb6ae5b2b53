"""Measures the cost of work in a separate process."""

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

from shared.runtime.stage_timer import Stage, StageTimer


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of one image.

    `cpu` and `wall` are in seconds, `peak` is the process's peak memory in MB, `sent` and `written`
    are in bytes. `stages` are the CPU seconds by stage, if the work has stages.
    """

    cpu: float
    wall: float
    peak: float
    sent: int = 0
    written: int = 0
    stages: dict[str, float] = field(default_factory=dict)


def in_new_process(subject: str, *arguments: Any) -> Cost:
    """Measures a subject in a new process, so that the peak memory is only that of its work."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_measure, subject, arguments).result()


def _measure(subject: str, arguments: Sequence[Any]) -> Cost:
    found: Cost = importlib.import_module(f"tools.benchmarks.subjects.{subject}").measure(
        *arguments
    )
    return found


def least(work: Callable[[], object], clock: Callable[[], float], runs: int = 3) -> float:
    """Returns the minimum duration of several runs, in seconds by the clock."""
    seconds = []
    for _ in range(runs):
        start = clock()
        work()
        seconds.append(clock() - start)
    return min(seconds)


def measured(works: Sequence[Callable[[], object]]) -> Cost:
    """Returns the lowest cost of the works, which are all equal. The first only warms up."""
    with _stages() as stages:
        first, *others = works
        first()
        costs = []
        for work in others:
            stages.clear()
            cpu, wall = time.process_time(), time.perf_counter()
            work()
            cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
            costs.append(Cost(cpu, wall, 0.0, stages=dict(stages)))
    return replace(min(costs, key=lambda cost: cost.cpu), peak=_peak())


@contextmanager
def _stages() -> Iterator[dict[str, float]]:
    """Yields a dict that stage timers fill with the CPU seconds of all threads, by stage."""
    stages: dict[str, float] = {}

    @contextmanager
    def stage(_: StageTimer, name: str) -> Iterator[Stage]:
        start = time.process_time()
        yield Stage(name)
        stages[name] = stages.get(name, 0.0) + time.process_time() - start

    with mock.patch.object(StageTimer, "stage", stage):
        yield stages


def _peak() -> float:
    """Returns the peak memory in MB. ru_maxrss is not used: a new process inherits it."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024
