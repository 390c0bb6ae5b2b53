"""A limit for the memory that concurrent work uses."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from shared.runtime.deadline import Check, Deadline, uncancelled
from shared.schemas.errors import Transient

MEMORY_SECONDS = 120
"""Seconds that an image, or an output image, waits for memory. After that, Pub/Sub delivers the
message again later. Chosen by hand: a shorter wait causes more redeliveries, a longer one holds a
thread and its acknowledgement deadline."""


class MemoryBudget:
    """A number of pixels, or bytes, that all threads share.

    A request larger than the budget gets it exclusively. Requests are served in order of arrival,
    so small requests never overtake a large one.
    """

    def __init__(self, size: int, unit: str = "pixels") -> None:
        self._size = size
        self._unit = unit
        self._used = 0
        self._queue: deque[object] = deque()
        self._changed = threading.Condition()

    @property
    def waiting(self) -> int:
        """Number of callers in the queue."""
        return len(self._queue)

    @contextmanager
    def acquired(self, amount: int, seconds: float, check: Check = uncancelled) -> Iterator[None]:
        """Waits until this caller is first in the queue and the amount fits.

        Raises:
            Transient: the amount did not fit within `seconds`.
            Cancelled: raised by `check`.
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
                self._changed.notify_all()  # the next caller in the queue may fit

    def _may_enter(self, ticket: object, amount: int) -> bool:
        fits = self._used == 0 or self._used + amount <= self._size
        return fits and self._queue[0] is ticket
