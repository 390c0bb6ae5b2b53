"""A circuit breaker: stops calls to a server that fails.

Calls then fail at once, with the time until the next trial call; the retry policy waits for it.

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

    Use it in one event loop. It keeps only the message of a failure: an exception would keep its
    frames, and the image of the request, in memory.
    """

    def __init__(self, server: str, failures_to_open: int, reset_timeout: float) -> None:
        self._server = server
        self._failures_to_open = failures_to_open
        self._reset_timeout = reset_timeout
        self._failures = 0
        self._last_failure = ""
        self._next_trial = 0.0

    async def call(self, function: Callable[[], Awaitable[T]]) -> T:
        """Calls the function and returns its result.

        Raises:
            Transient: the circuit is open, or the function raised it. With `retry_after` it does
                not count as a failure, because the server has responded.
            Exception: any other error of the function. The server has responded, so it does not
                count as a failure.
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
                f"{self._server} failed {self._failures} times in a row and is not called for a "
                f"while; last error: {self._last_failure}",
                retry_after=left,
            )
        self._next_trial = time.monotonic() + self._reset_timeout  # only one trial call at a time

    def _count_failure(self, sentence: str) -> None:
        self._failures += 1
        self._last_failure = sentence
        self._next_trial = time.monotonic() + self._reset_timeout
