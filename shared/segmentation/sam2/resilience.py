"""A retry policy: exponential backoff with jitter, a deadline, and a circuit breaker."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception_type,
    stop_after_attempt,
    stop_before_delay,
    wait_exponential_jitter,
    wait_random,
)

from shared.runtime.deadline import Deadline
from shared.schemas.errors import Transient
from shared.segmentation.sam2.circuit_breaker import CircuitBreaker

_ATTEMPTS = 4
_BACKOFF = wait_exponential_jitter(initial=0.5, max=8, jitter=1)
"""Chosen by hand: more attempts and longer waits survive longer outages, but occupy a worker."""

_STAGGER = wait_random(0, 1)
"""Added to a server's Retry-After, so that its clients do not return at the same time."""

_FAILURES_TO_OPEN = 10
"""Consecutive failures that open the circuit. A server that fails every third call reaches this
once in 60,000 calls."""

_RESET_SECONDS = 10
"""Seconds before a trial call to a failed server. Chosen by hand: a longer time spares the server,
but detects its recovery later."""

_CHECK_SECONDS = 0.25
"""Interval between cancellation checks. Chosen by hand: a longer one delays cancellation."""

T = TypeVar("T")


class RetryPolicy:
    """Retries calls to one server, for all callers in the process. Use it in one event loop."""

    def __init__(self, server: str) -> None:
        self._circuit = CircuitBreaker(server, _FAILURES_TO_OPEN, _RESET_SECONDS)

    async def call(self, function: Callable[[], Awaitable[T]], deadline: Deadline) -> T:
        """Calls the function, retries after transient errors, and returns the result.

        Raises:
            Transient: all attempts failed, or the next one would start after the deadline.
            Cancelled: raised by the deadline's check.
            Exception: any other error of the function, without a retry.
        """
        retrying = AsyncRetrying(
            retry=retry_if_exception_type(Transient),
            wait=_pause,
            stop=stop_after_attempt(_ATTEMPTS) | stop_before_delay(deadline.left),
            reraise=True,
        )
        attempts: asyncio.Task[T] = asyncio.create_task(retrying(self._circuit.call, function))
        try:
            while not (await asyncio.wait({attempts}, timeout=_CHECK_SECONDS))[0]:
                deadline.check()
            return attempts.result()
        finally:
            attempts.cancel()


def _pause(state: RetryCallState) -> float:
    """Returns the seconds before the next attempt: Retry-After, else exponential backoff."""
    error: Any = state.outcome.exception() if state.outcome else None
    if error is not None and error.retry_after is not None:
        return float(error.retry_after) + _STAGGER(state)
    return _BACKOFF(state)
