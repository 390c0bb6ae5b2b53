"""Who may work, and who waits."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from shared.api.problems import busy
from shared.runtime.deadline import Check, Deadline


class Turns:
    """So many at a time; `full` says so to whoever has waited `seconds` for nothing."""

    def __init__(self, most: int, seconds: float, full: str) -> None:
        self._free = threading.BoundedSemaphore(most)
        self._seconds = seconds
        self._full = full

    @contextmanager
    def one(self, check: Check) -> Iterator[None]:
        """Waits for a turn, which ends with the context.

        Raises:
            Refused: too many others came first.
            Cancelled: `check` raised it meanwhile.
        """
        deadline = Deadline.after(self._seconds, check)
        if not deadline.wait(lambda seconds: self._free.acquire(timeout=seconds)):
            raise busy(self._full, self._seconds)
        try:
            yield
        finally:
            self._free.release()
