"""What only one thread may use at a time, lent to those who need it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

T = TypeVar("T")


class Pool(Generic[T]):
    """Holds as many as were ever needed at once. Safe to share between threads."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._free: list[T] = []

    @contextmanager
    def lent(self) -> Iterator[T]:
        """One of them, for as long as the context lasts; an error there ends its life."""
        try:
            one = self._free.pop()
        except IndexError:
            one = self._make()
        yield one
        self._free.append(one)
