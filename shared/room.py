"""Bounding what is in memory at a time."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from shared.errors import Transient


class Room:
    """Room for so many pixels, shared by all threads. What is larger than that has it alone."""

    def __init__(self, pixels: int) -> None:
        self._pixels = pixels
        self._taken = 0
        self._changed = threading.Condition()

    @contextmanager
    def taking(self, pixels: int, seconds: float) -> Iterator[None]:
        """Waits until there is room.

        Raises:
            Transient: there was none for so long.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: self._has(pixels), seconds):
                raise Transient(f"No memory came free for {pixels:,} pixels in {seconds:g} s.")
            self._taken += pixels
        try:
            yield
        finally:
            with self._changed:
                self._taken -= pixels
                self._changed.notify_all()

    def _has(self, pixels: int) -> bool:
        return self._taken == 0 or self._taken + pixels <= self._pixels
