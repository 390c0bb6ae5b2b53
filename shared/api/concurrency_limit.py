"""A limit for concurrent requests: so many are processed, others wait for a slot."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from shared.api.problems import busy
from shared.runtime.deadline import Check, Deadline


class ConcurrencyLimit:
    """Gives out `slots`. A caller that has waited `seconds` is refused with the sentence `full`."""

    def __init__(self, slots: int, seconds: float, full: str) -> None:
        self._free = threading.BoundedSemaphore(slots)
        self._seconds = seconds
        self._full = full

    @contextmanager
    def acquired(self, check: Check) -> Iterator[None]:
        """Waits for a slot, which is free again when the context ends.

        Raises:
            Refused: no slot was free in time (429).
            Cancelled: raised by `check`.
        """
        deadline = Deadline.after(self._seconds, check)
        if not deadline.wait(lambda seconds: self._free.acquire(timeout=seconds)):
            raise busy(self._full, self._seconds)
        try:
            yield
        finally:
            self._free.release()
