"""Trouble beside SAM2's: what strikes the processes of the stack, and when."""

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

_VICTIMS = ("landmarks", "segmentation", "segmentation", "landmarks", "sam2", "drain")
_FIRST, _LAST = 0.1, 0.75
"""Shares of the uploads that are done when the first and the last trouble strikes."""

_HOUR = 3600.0
_JUMP_AFTER = 2.0
"""Seconds from a worker's fork to the jump of its clock: it is at work then."""

_MOST_SECONDS = 20.0
"""Until then it has jumped, or its worker is dead."""

_POLL_SECONDS = 0.1

Strike = Callable[[], int]
"""Tells how often it hurt; one that found nothing to hurt comes again."""


class Trouble:
    """Strikes when it is time: call `strike` often, from the thread that checks the stack."""

    def __init__(
        self, stack: Stack, mix: Mix, sam2: FaultySam2, root: Path, make_work: Callable[[], None]
    ) -> None:
        """`make_work` uploads one more image: what strikes needs something that is at work."""
        self.injected: Counter[str] = Counter()
        self.next_version = NextVersion(root / "next")
        self._stack = stack
        self._mix = mix
        self._make_work = make_work
        self._dice = random.Random(mix.seed + 1)
        self._metadata = Metadata(stack, sam2)
        self._upgraded: dict[str, dict[str, str]] = {}
        self._next_kill = time.monotonic() + mix.kill_every
        self._strikes = list(self._planned())

    def strike(self, done: float) -> None:
        """`done` is the share of uploads that have their result."""
        if self._mix.kill_every and time.monotonic() >= self._next_kill:
            self._kill(self._dice.choice(_VICTIMS))
            self._next_kill = time.monotonic() + self._dice.uniform(0.5, 1.5) * self._mix.kill_every
        due = [one for share, one in self._strikes if done >= share]
        self._strikes = self._strikes[len(due) :]
        self._strikes = [(0, one) for one in due if not self._hit(one)] + self._strikes

    @property
    def is_over(self) -> bool:
        """Whether all has struck that was planned."""
        return not self._strikes

    def finish(self) -> None:
        """Counts what the logs alone can tell."""
        self.injected["clock jumped by an hour"] += self._jumps()
        self.injected["disk full"] += self._full_disks()

    def _planned(self) -> Iterator[tuple[float, Strike]]:
        """All but the kills, in any order, over the run."""
        mix = self._mix
        strikes: list[Strike] = [
            *[lambda: self._kill("broker")] * mix.broker_restarts,
            *[self._limit_memory] * mix.memory_limits,
            *[self._trouble_metadata] * mix.metadata_troubles,
            *[lambda number=number: self._shift_clock(number) for number in range(mix.clock_jumps)],
            *[self._refuse_storage] * bool(mix.storage_outage),
            *[self._fill_disk] * bool(mix.disk_full),
            *[self._upgrade] * bool(mix.upgrades),
        ]
        self._dice.shuffle(strikes)
        step = (_LAST - _FIRST) / max(1, len(strikes) - 1)
        for number, one in enumerate(strikes):
            yield _FIRST + number * step, one

    def _hit(self, one: Strike) -> int:
        self._make_work()
        return one()

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

    def _trouble_metadata(self) -> int:
        happened = self._metadata.trouble(self._forget_tokens)
        self.injected += happened
        return happened.total()

    def _forget_tokens(self) -> None:
        self._kill("segmentation")
        workers.await_listening(self._stack, "segmentation")

    def _limit_memory(self) -> int:
        name = self._dice.choice(["landmarks", "segmentation"])
        hurt = workers.starve(self._stack, name)
        self.injected["out of memory"] += hurt
        return hurt

    def _shift_clock(self, number: int) -> int:
        """In segmentation alone: gRPC, which landmarks publishes by, has clocks of its own."""
        off = _HOUR * (-1) ** number
        places = [str(hooks.FOLDER), self._upgraded.get("segmentation", {}).get("PYTHONPATH", "")]
        path = ":".join([*filter(None, places), str(hooks.ROOT)])
        hooked = {hooks.CLOCK: str(off), hooks.CLOCK_AFTER: str(_JUMP_AFTER)}
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
        """One function after the other, at work on the other's messages meanwhile."""
        environment = self.next_version.environment()
        for name in ("landmarks", "segmentation"):
            self._upgraded[name] = environment
            self._restart(name)
            self.injected["upgraded while at work"] += 1
            workers.await_listening(self._stack, name)
        return 1


def _lines(logs: Path, name: str, text: str) -> int:
    return (logs / f"{name}.log").read_text(errors="replace").count(text)
