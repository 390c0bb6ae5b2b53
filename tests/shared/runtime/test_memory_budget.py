"""The memory budget, with requests in any order."""

import threading
from collections.abc import Callable

import pytest

from shared.runtime.memory_budget import MemoryBudget
from shared.schemas.errors import Cancelled, Transient

PATIENT = 30


class _Worker(threading.Thread):
    """Acquires pixels, and keeps them until `leave` is set."""

    def __init__(self, budget: MemoryBudget, pixels: int, then: Callable[[], None]) -> None:
        super().__init__(daemon=True)
        self._budget = budget
        self._pixels = pixels
        self._then = then
        self.is_in = threading.Event()
        self.leave = threading.Event()
        self.start()

    def run(self) -> None:
        with self._budget.acquired(self._pixels, PATIENT):
            self._then()
            self.is_in.set()
            self.leave.wait(PATIENT)


def _await_queue(budget: MemoryBudget, length: int) -> None:
    while budget.waiting < length:
        threading.Event().wait(0.005)


def test_what_fits_together_is_in_memory_together() -> None:
    budget = MemoryBudget(10)
    workers = [_Worker(budget, 5, lambda: None) for _ in range(2)]
    assert all(worker.is_in.wait(PATIENT) for worker in workers)
    for worker in workers:
        worker.leave.set()


def test_what_is_larger_than_the_budget_has_it_alone() -> None:
    budget = MemoryBudget(10)
    with budget.acquired(48, PATIENT):
        _gives_up(budget, 5)


def test_a_large_image_is_not_passed_by_small_ones_that_came_later() -> None:
    budget = MemoryBudget(50)
    entered: list[str] = []
    first = _Worker(budget, 10, lambda: None)
    assert first.is_in.wait(PATIENT)
    large = _Worker(budget, 48, lambda: entered.append("large"))
    _await_queue(budget, 1)
    small = [_Worker(budget, 1, lambda: entered.append("small")) for _ in range(5)]
    _await_queue(budget, 6)
    first.leave.set()
    assert large.is_in.wait(PATIENT)
    assert entered[0] == "large"
    for worker in (large, *small):
        worker.leave.set()
        worker.join()
    assert len(entered) == 6


def test_who_gives_up_waiting_lets_those_behind_in() -> None:
    budget = MemoryBudget(10)
    with budget.acquired(5, PATIENT):
        impatient = threading.Thread(target=_gives_up, args=(budget, 8))
        impatient.start()
        _await_queue(budget, 1)
        behind = _Worker(budget, 1, lambda: None)
        impatient.join()
        assert behind.is_in.wait(PATIENT)
        behind.leave.set()
        behind.join()


def test_who_is_not_waited_for_any_more_does_not_wait() -> None:
    def check() -> None:
        raise Cancelled

    budget = MemoryBudget(10)
    with (
        budget.acquired(5, PATIENT),
        pytest.raises(Cancelled),
        budget.acquired(8, PATIENT, check),
    ):
        pass
    assert not budget.waiting


def _gives_up(budget: MemoryBudget, pixels: int) -> None:
    with pytest.raises(Transient, match=f"{pixels} pixels"), budget.acquired(pixels, 0.1):
        pass
