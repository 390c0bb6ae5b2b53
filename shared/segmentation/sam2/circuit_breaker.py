"""A circuit breaker: it spares a server that does not answer, and whoever waits for it.

https://learn.microsoft.com/en-us/azure/architecture/patterns/circuit-breaker
"""

import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from shared.schemas.errors import Transient

T = TypeVar("T")


class CircuitBreaker:
    """Opens after `failures_to_open` failures in a row.

    Then lets one trial call through every `reset_timeout` seconds.

    To be used in one event loop. Of a failure it keeps the sentence alone: an exception would keep
    its frames, and with them the image that was asked about.
    """

    def __init__(self, server: str, failures_to_open: int, reset_timeout: float) -> None:
        self._server = server
        self._failures_to_open = failures_to_open
        self._reset_timeout = reset_timeout
        self._failures = 0
        self._last_failure = ""
        self._next_trial = 0.0

    async def call(self, function: Callable[[], Awaitable[T]]) -> T:
        """What the function returns.

        Raises:
            Transient: the circuit is open, or the function raised it. It counts as a failure unless
                the server says when to come back: then it is alive.
            Exception: whatever else the function raises; the server has answered then.
        """
        self._admit()
        try:
            result = await function()
        except Exception as error:
            if isinstance(error, Transient) and error.retry_after is None:
                self._count_failure(str(error))
            else:
                self._failures = 0
            raise
        self._failures = 0
        return result

    def _admit(self) -> None:
        if self._failures < self._failures_to_open:
            return
        left = self._next_trial - time.monotonic()
        if left > 0:
            raise Transient(
                f"{self._server} failed {self._failures} times in a row and is left alone for a "
                f"while; the last time: {self._last_failure}",
                retry_after=left,
            )
        self._next_trial = time.monotonic() + self._reset_timeout  # others wait for this trial

    def _count_failure(self, sentence: str) -> None:
        self._failures += 1
        self._last_failure = sentence
        self._next_trial = time.monotonic() + self._reset_timeout
