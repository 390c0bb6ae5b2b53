"""How many items the parallel map holds, and what an error ends."""

import threading
from collections.abc import Iterator
from contextvars import ContextVar

import pytest

from shared.runtime.bounded_map import bounded_map


def test_results_come_in_the_order_of_the_items() -> None:
    second_started = threading.Event()

    def work(item: int) -> int:
        if item == 0:
            assert second_started.wait(10)
        second_started.set()
        return 10 * item

    assert list(bounded_map(work, range(5), 2)) == [0, 10, 20, 30, 40]


@pytest.mark.parametrize("threads", [1, 3])
def test_no_more_items_exist_than_threads(threads: int) -> None:
    lock = threading.Lock()
    taken = finished = most = 0

    def items() -> Iterator[int]:
        nonlocal taken, most
        for item in range(10):
            with lock:
                taken += 1
                most = max(most, taken - finished)
            yield item

    def work(item: int) -> int:
        nonlocal finished
        with lock:
            finished += 1
        return item

    assert list(bounded_map(work, items(), threads)) == list(range(10))
    assert most <= threads


def test_a_slow_item_keeps_no_thread_from_the_others() -> None:
    others_ended = threading.Event()
    ended: list[int] = []

    def work(item: int) -> int:
        if item == 0:
            assert others_ended.wait(10)
        ended.append(item)
        if len(ended) == 4:
            others_ended.set()
        return item

    assert list(bounded_map(work, range(5), 2)) == [0, 1, 2, 3, 4]
    assert ended[-1] == 0


def test_the_results_that_wait_for_a_slow_item_are_bounded() -> None:
    full, beyond = threading.Event(), threading.Event()

    def items() -> Iterator[int]:
        for item in range(20):
            if item == 8:
                beyond.set()
            yield item

    def work(item: int) -> int:
        if item == 0:
            assert full.wait(10)
            assert not beyond.wait(0.2)
        if item == 7:
            full.set()
        return item

    assert list(bounded_map(work, items(), 2)) == list(range(20))


def test_the_error_of_a_later_item_ends_it_while_an_earlier_one_runs() -> None:
    failed = threading.Event()
    taken: list[int] = []

    def items() -> Iterator[int]:
        for item in range(10):
            taken.append(item)
            yield item

    def work(item: int) -> int:
        if item == 1:
            failed.set()
            raise ValueError(item)
        assert failed.wait(10)
        return item

    with pytest.raises(ValueError, match="1"):
        list(bounded_map(work, items(), 2))
    assert len(taken) <= 3


def test_calls_see_the_callers_context() -> None:
    variable = ContextVar("variable", default="unset")
    variable.set("set")
    assert list(bounded_map(lambda _: variable.get(), range(3), 2)) == ["set"] * 3


def test_after_an_error_no_item_is_taken() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for item in range(10):
            taken.append(item)
            yield item

    def fail(item: int) -> int:
        raise ValueError(item)

    with pytest.raises(ValueError, match="0"):
        list(bounded_map(fail, items(), 2))
    assert taken in ([0], [0, 1])
