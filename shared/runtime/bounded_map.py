"""A parallel map that takes an item only when a thread is free."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def bounded_map(function: Callable[[T], R], items: Iterable[T], threads: int) -> Iterator[R]:
    """Yields the results of the items, in order. At most `threads` items exist at a time.

    `Executor.map` takes all items at once, so all of them would be in memory. The calls run in
    copies of the caller's context, which has the fields of the log lines. The error of any call is
    raised as soon as it ends, and no further item is taken; calls that run are awaited.
    """
    running: set[Future[R]] = set()
    pending: deque[Future[R]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        for item in items:
            future = pool.submit(copy_context().run, function, item)
            del item  # the thread alone holds it
            running.add(future)
            pending.append(future)
            if len(running) == threads:
                running -= _ended(running)
            while pending and pending[0].done():
                yield pending.popleft().result()
        while running:
            running -= _ended(running)
        for future in pending:
            yield future.result()


def _ended(running: set[Future[R]]) -> set[Future[R]]:
    """Waits until calls have ended, and returns them. Raises the error of one that failed."""
    done, _ = wait(running, return_when=FIRST_COMPLETED)
    for future in done:
        future.result()
    return done
