"""Retries with jitter up to a deadline, behind a circuit breaker."""

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
_STAGGER = wait_random(0, 1)
"""On top of what a server asked for, lest all its clients come back at once."""

_FAILURES_TO_OPEN = 10
"""In a row. A server that fails every third time reaches this once in 60,000 calls."""

_RESET_SECONDS = 10
"""Seconds for which a dead server is left alone."""

_CHECK_SECONDS = 0.25
"""Between looks whether the answer is still waited for."""

T = TypeVar("T")


class RetryPolicy:
    """With one server, for all callers in the process. To be used in one event loop."""

    def __init__(self, server: str) -> None:
        self._circuit = CircuitBreaker(server, _FAILURES_TO_OPEN, _RESET_SECONDS)

    async def call(self, function: Callable[[], Awaitable[T]], deadline: Deadline) -> T:
        """What `call` gives at last, asked again as long as its trouble may pass.

        Raises:
            Transient: it did not pass within a few attempts, or would not before the deadline.
            Cancelled: nobody waits for it any more.
            Exception: whatever else `call` raises, at once.
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
    """Seconds before the next attempt: what the server asked for, else exponential."""
    error: Any = state.outcome.exception() if state.outcome else None
    if error is not None and error.retry_after is not None:
        return float(error.retry_after) + _STAGGER(state)
    return _BACKOFF(state)
