from contextlib import ExitStack
from itertools import count

import pytest

from shared.runtime.resource_pool import ResourcePool


def test_those_who_come_one_after_another_get_the_same() -> None:
    pool = ResourcePool(count().__next__)
    for _ in range(3):
        with pool.borrowed() as one:
            assert one == 0


def test_those_who_come_together_get_one_each_and_no_more_are_made_later() -> None:
    numbers = count()
    pool = ResourcePool(numbers.__next__)
    for _ in range(3):
        with ExitStack() as together:
            assert {together.enter_context(pool.borrowed()) for _ in range(4)} == {0, 1, 2, 3}
    assert next(numbers) == 4


def test_what_something_went_wrong_with_is_not_lent_again() -> None:
    pool = ResourcePool(count().__next__)
    with pytest.raises(MemoryError), pool.borrowed():
        raise MemoryError
    with pool.borrowed() as one:
        assert one == 1
