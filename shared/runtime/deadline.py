"""When waiting ends."""

import time
from collections.abc import Callable
from dataclasses import dataclass

_CHECK_SECONDS = 0.1
"""Between looks whether the answer is still waited for."""

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

    def wait(self, succeeds: Callable[[float], bool]) -> bool:
        """Whether `succeeds`, which waits for so many seconds, does so in time.

        Raises:
            Cancelled: `check` raised it meanwhile.
        """
        while not succeeds(min(_CHECK_SECONDS, self.left)):
            self.check()
            if not self.left:
                return False
        return True
