"""A pool of resources that only one thread may use at a time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

T = TypeVar("T")


class ResourcePool(Generic[T]):
    """Creates a resource when none is free; keeps all of them. Safe to share between threads."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._free: list[T] = []

    @contextmanager
    def borrowed(self) -> Iterator[T]:
        """Yields a resource. It returns to the pool unless the context raises."""
        try:
            resource = self._free.pop()
        except IndexError:
            resource = self._make()
        yield resource
        self._free.append(resource)
