from contextlib import ExitStack
from itertools import count

import pytest

from shared.runtime.resource_pool import Pool


def test_those_who_come_one_after_another_get_the_same() -> None:
    pool = Pool(count().__next__)
    for _ in range(3):
        with pool.lent() as one:
            assert one == 0


def test_those_who_come_together_get_one_each_and_no_more_are_made_later() -> None:
    numbers = count()
    pool = Pool(numbers.__next__)
    for _ in range(3):
        with ExitStack() as together:
            assert {together.enter_context(pool.lent()) for _ in range(4)} == {0, 1, 2, 3}
    assert next(numbers) == 4


def test_what_something_went_wrong_with_is_not_lent_again() -> None:
    pool = Pool(count().__next__)
    with pytest.raises(MemoryError), pool.lent():
        raise MemoryError
    with pool.lent() as one:
        assert one == 1
