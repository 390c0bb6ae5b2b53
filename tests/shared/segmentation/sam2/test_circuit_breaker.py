"""The circuit breaker: the calls that it allows, and the memory that errors keep."""

import asyncio
import gc
import weakref
from collections.abc import Awaitable, Callable

import numpy as np
import pytest

from shared.imaging.geometry import Image
from shared.schemas.errors import Permanent, ReasonCode, Transient
from shared.segmentation.sam2.circuit_breaker import CircuitBreaker


async def _succeed() -> str:
    return "answer"


async def _fail() -> str:
    raise Transient("it is down")


async def _ask_for_a_pause() -> str:
    raise Transient("too many", retry_after=0)


async def _refuse() -> str:
    raise Permanent(ReasonCode.SAM2_REFUSED, "no")


def _breaker(reset_timeout: float = 60) -> CircuitBreaker:
    return CircuitBreaker("a server", 3, reset_timeout)


async def _fail_times(breaker: CircuitBreaker, count: int) -> None:
    for _ in range(count):
        with pytest.raises(Transient, match="it is down"):
            await breaker.call(_fail)


def test_after_failures_in_a_row_nothing_passes_and_the_last_failure_is_told() -> None:
    async def story() -> None:
        breaker = _breaker()
        await _fail_times(breaker, 3)
        with pytest.raises(
            Transient, match=r"a server failed 3 times in a row.*it is down"
        ) as raised:
            await breaker.call(_succeed)
        assert 0 < (raised.value.retry_after or 0) <= 60

    asyncio.run(story())


@pytest.mark.parametrize("alive", [_ask_for_a_pause, _refuse])
def test_a_server_that_answers_anything_is_alive(
    alive: Callable[[], Awaitable[str]],
) -> None:
    async def story() -> None:
        breaker = _breaker()
        for _ in range(3):
            await _fail_times(breaker, 2)
            with pytest.raises((Transient, Permanent)):
                await breaker.call(alive)
        assert await breaker.call(_succeed) == "answer"

    asyncio.run(story())


def test_after_a_rest_one_call_tries_and_a_success_closes_the_circuit() -> None:
    async def story() -> None:
        breaker = _breaker(reset_timeout=0)
        await _fail_times(breaker, 4)
        assert await breaker.call(_succeed) == "answer"
        await _fail_times(breaker, 2)
        assert await breaker.call(_succeed) == "answer"

    asyncio.run(story())


def test_while_one_call_tries_others_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        breaker = _breaker()
        await _fail_times(breaker, 3)
        now = breaker._next_trial + 1
        monkeypatch.setattr("shared.segmentation.sam2.circuit_breaker.time.monotonic", lambda: now)
        go = asyncio.Event()

        async def slow() -> str:
            await go.wait()
            return "answer"

        trial = asyncio.create_task(breaker.call(slow))
        await asyncio.sleep(0)
        with pytest.raises(Transient, match="not called for a while"):
            await breaker.call(_succeed)
        go.set()
        assert await trial == "answer"

    asyncio.run(story())


def test_a_failure_keeps_no_image_in_memory() -> None:
    breaker = _breaker()

    def ask() -> "weakref.ref[Image]":
        image = np.zeros((100, 100, 3), np.uint8)

        async def fail() -> None:
            raise Transient(f"about {image.shape}")

        with pytest.raises(Transient):
            asyncio.run(breaker.call(fail))
        return weakref.ref(image)

    image = ask()
    gc.collect()
    assert image() is None
