"""Deadlines that a caller can cancel."""

import time
from collections.abc import Callable
from dataclasses import dataclass

_CHECK_SECONDS = 0.1
"""Interval between cancellation checks. Chosen by hand: a shorter one costs processor time, a
longer one delays cancellation."""

Check = Callable[[], None]
"""Raises Cancelled if no caller waits for the result any more."""


def uncancelled() -> None:
    """Never raises: the check for work that cannot be cancelled."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment on the monotonic clock at which waiting ends.

    `check` raises Cancelled if no caller needs the result any more.
    """

    moment: float
    check: Check = uncancelled

    @classmethod
    def after(cls, seconds: float, check: Check = uncancelled) -> "Deadline":
        """Returns the deadline `seconds` from now."""
        return cls(time.monotonic() + seconds, check)

    @property
    def left(self) -> float:
        """Seconds until the deadline; 0 once it has passed."""
        return max(0.0, self.moment - time.monotonic())

    def wait(self, succeeds: Callable[[float], bool]) -> bool:
        """Returns whether `succeeds` returns true before the deadline.

        `succeeds` takes the seconds that it may block and returns whether it succeeded.

        Raises:
            Cancelled: raised by `check`.
        """
        while not succeeds(min(_CHECK_SECONDS, self.left)):
            self.check()
            if not self.left:
                return False
        return True
