"""Bounding what is in memory at a time."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from shared.runtime.deadline import Check, Deadline, uncancelled
from shared.schemas.errors import Transient

MEMORY_SECONDS = 120
"""How long an image, or a picture of a result, waits for others to leave memory, before Pub/Sub is
asked to bring the message later."""


class MemoryBudget:
    """So many pixels, or bytes, at a time, shared by all threads. What is larger has it alone.

    First come, first served: whoever waits for much is never passed by those who want little.
    """

    def __init__(self, size: int, unit: str = "pixels") -> None:
        self._size = size
        self._unit = unit
        self._used = 0
        self._queue: deque[object] = deque()
        self._changed = threading.Condition()

    @property
    def waiting(self) -> int:
        """Callers whose turn has not come."""
        return len(self._queue)

    @contextmanager
    def acquired(self, amount: int, seconds: float, check: Check = uncancelled) -> Iterator[None]:
        """Waits until it is this caller's turn and the amount fits.

        Raises:
            Transient: they did not within so many seconds.
            Cancelled: `check` raised it meanwhile.
        """
        self._acquire(amount, Deadline.after(seconds, check))
        try:
            yield
        finally:
            with self._changed:
                self._used -= amount
                self._changed.notify_all()

    def _acquire(self, amount: int, deadline: Deadline) -> None:
        ticket = object()
        with self._changed:
            self._queue.append(ticket)
            try:
                if not deadline.wait(
                    lambda seconds: self._changed.wait_for(
                        lambda: self._may_enter(ticket, amount), seconds
                    )
                ):
                    raise Transient(f"No memory came free for {amount:,} {self._unit} in time.")
                self._used += amount
            finally:
                self._queue.remove(ticket)
                self._changed.notify_all()  # whoever is first now may fit

    def _may_enter(self, ticket: object, amount: int) -> bool:
        fits = self._used == 0 or self._used + amount <= self._size
        return fits and self._queue[0] is ticket
