"""Injects faults into the processes of the stack, except those of SAM2's responses."""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from local.stack import Stack
from tools.chaos import hooks, workers
from tools.chaos.mix import Mix
from tools.chaos.outages import Metadata, refuse_storage
from tools.chaos.sam2 import FaultySam2
from tools.support.next_version import NextVersion

_KILLED = ("landmarks", "segmentation", "segmentation", "landmarks", "sam2", "drain")
"""Processes to kill. Those that are listed twice are killed twice as often."""

_FIRST, _LAST = 0.1, 0.75
"""Shares of uploads with results at which the first and the last fault is injected. Chosen by hand:
there must be uploads in progress."""

_HOUR = 3600.0
_JUMP_AFTER = 2.0
"""Seconds from a worker's fork to the jump of its clock. Chosen by hand: it then processes
messages."""

_MOST_SECONDS = 20.0
"""Limit for the wait for a jump. Chosen by hand: after it, the worker was killed."""

_POLL_SECONDS = 0.1

Fault = Callable[[], int]
"""Injects a fault, and returns how often it took effect. If it took none, it is injected again."""


class FaultInjector:
    """Injects faults at planned times.

    Call `inject_due` often, from the thread that checks the stack.
    """

    def __init__(
        self, stack: Stack, mix: Mix, sam2: FaultySam2, root: Path, make_work: Callable[[], None]
    ) -> None:
        """`make_work` uploads an additional image, because faults need work in progress."""
        self.injected: Counter[str] = Counter()
        self.next_version = NextVersion(root / "next")
        self._stack = stack
        self._mix = mix
        self._make_work = make_work
        self._dice = random.Random(mix.seed + 1)
        self._metadata = Metadata(stack, sam2, make_work)
        self._upgraded: dict[str, dict[str, str]] = {}
        self._next_kill = time.monotonic() + mix.kill_every
        self._planned = list(self._plan())

    def inject_due(self, done: float) -> None:
        """Injects the faults that are due. `done` is the share of uploads with results."""
        if self._mix.kill_every and time.monotonic() >= self._next_kill:
            self._kill(self._dice.choice(_KILLED))
            self._next_kill = time.monotonic() + self._dice.uniform(0.5, 1.5) * self._mix.kill_every
        due = [fault for share, fault in self._planned if done >= share]
        self._planned = self._planned[len(due) :]
        self._planned = [(0, fault) for fault in due if not self._inject(fault)] + self._planned

    @property
    def are_done(self) -> bool:
        """Whether all planned faults were injected."""
        return not self._planned

    def finish(self) -> None:
        """Counts the faults that only logs show."""
        self.injected["clock jumped by an hour"] += self._jumps()
        self.injected["disk full"] += self._full_disks()

    def _plan(self) -> Iterator[tuple[float, Fault]]:
        """Yields all faults except kills in random order, with the share of results at which."""
        mix = self._mix
        faults: list[Fault] = [
            *[lambda: self._kill("broker")] * mix.broker_restarts,
            *[self._limit_memory] * mix.memory_limits,
            *[self._break_metadata] * mix.metadata_troubles,
            *[lambda number=number: self._shift_clock(number) for number in range(mix.clock_jumps)],
            *[self._refuse_storage] * bool(mix.storage_outage),
            *[self._fill_disk] * bool(mix.disk_full),
            *[self._upgrade] * bool(mix.upgrades),
        ]
        self._dice.shuffle(faults)
        step = (_LAST - _FIRST) / max(1, len(faults) - 1)
        for number, fault in enumerate(faults):
            yield _FIRST + number * step, fault

    def _inject(self, fault: Fault) -> int:
        self._make_work()
        return fault()

    def _kill(self, name: str) -> int:
        self.injected[f"{name} killed"] += 1
        self._restart(name)
        return 1

    def _restart(self, name: str, **more: str) -> None:
        self._stack.processes.halt(name)
        self._stack.processes.resume(name, self._upgraded.get(name, {}) | more)

    def _refuse_storage(self) -> int:
        refused = refuse_storage(self._stack, self._mix.storage_outage)
        self.injected["503 of storage"] += refused
        return refused

    def _fill_disk(self) -> int:
        before = self._full_disks()
        hooked = {"PYTHONPATH": str(hooks.FOLDER), hooks.DISK_FULL: str(self._mix.disk_full)}
        self._restart("storage", **hooked)
        workers.await_listening(self._stack, "storage")
        time.sleep(self._mix.disk_full)
        return self._full_disks() - before

    def _full_disks(self) -> int:
        return _lines(self._stack.logs, "storage", "No space left on device")

    def _break_metadata(self) -> int:
        injected = self._metadata.break_down(self._forget_tokens)
        self.injected += injected
        return injected.total()

    def _forget_tokens(self) -> None:
        self._kill("segmentation")
        workers.await_listening(self._stack, "segmentation")

    def _limit_memory(self) -> int:
        name = self._dice.choice(["landmarks", "segmentation"])
        failures = workers.starve(self._stack, name)
        self.injected["out of memory"] += failures
        return failures

    def _shift_clock(self, number: int) -> int:
        """Shifts the clock of segmentation, not of landmarks, whose gRPC has other clocks."""
        seconds = _HOUR * (-1) ** number
        folders = [str(hooks.FOLDER), self._upgraded.get("segmentation", {}).get("PYTHONPATH", "")]
        path = ":".join([*filter(None, folders), str(hooks.ROOT)])
        hooked = {hooks.CLOCK: str(seconds), hooks.CLOCK_AFTER: str(_JUMP_AFTER)}
        before = self._jumps()
        self._restart("segmentation", PYTHONPATH=path, **hooked)
        workers.await_listening(self._stack, "segmentation")
        deadline = time.monotonic() + _MOST_SECONDS
        while self._jumps() == before and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
        return self._jumps() - before

    def _jumps(self) -> int:
        return _lines(self._stack.logs, "segmentation", hooks.JUMPED)

    def _upgrade(self) -> int:
        """Upgrades one function after the other; meanwhile both versions exchange messages."""
        environment = self.next_version.environment()
        for name in ("landmarks", "segmentation"):
            self._upgraded[name] = environment
            self._restart(name)
            self.injected["upgraded while at work"] += 1
            workers.await_listening(self._stack, name)
        return 1


def _lines(logs: Path, name: str, text: str) -> int:
    return (logs / f"{name}.log").read_text(errors="replace").count(text)
