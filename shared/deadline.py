"""When waiting ends."""

import time
from collections.abc import Callable
from dataclasses import dataclass

Check = Callable[[], None]
"""Raises Cancelled where nobody waits for the answer any more."""


def uncancelled() -> None:
    """The check of what is always waited for."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment on the monotonic clock at which waiting ends.

    `check` raises Cancelled where it ends before that, because nobody wants the answer any more.
    """

    moment: float
    check: Check = uncancelled

    @classmethod
    def after(cls, seconds: float, check: Check = uncancelled) -> "Deadline":
        """So many seconds from now."""
        return cls(time.monotonic() + seconds, check)

    @property
    def left(self) -> float:
        """Seconds until then; 0 once it has passed."""
        return max(0.0, self.moment - time.monotonic())
