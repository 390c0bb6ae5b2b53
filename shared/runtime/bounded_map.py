"""A parallel map that takes an item only when a thread is free."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def bounded_map(function: Callable[[T], R], items: Iterable[T], threads: int) -> Iterator[R]:
    """Yields the results of the items, in order. At most `threads` items exist at a time.

    `Executor.map` takes all items at once, so all of them would be in memory. The calls run in
    copies of the caller's context, which has the fields of the log lines. After an error, which is
    raised here, no further item is taken; calls that run are awaited.
    """
    running: deque[Future[R]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        for item in items:
            running.append(pool.submit(copy_context().run, function, item))
            del item  # the thread alone holds it
            if len(running) == threads:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()
