"""A parallel map that takes an item only when a thread is free."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

_RESULTS = 4
"""Limit for the items whose results are not yielded yet, as a multiple of the threads. Chosen by
hand: fewer leave threads idle behind one slow item, more need more memory."""


def bounded_map(function: Callable[[T], R], items: Iterable[T], threads: int) -> Iterator[R]:
    """Yields the results of the items, in order. At most `threads` items exist at a time.

    At most four times as many results wait for an earlier item. `Executor.map` takes all items at
    once, so all of them would be in memory. The calls run in copies of the caller's context, which
    has the fields of the log lines. The error of any call is raised as soon as it ends, and no
    further item is taken; calls that run are awaited.
    """
    running: set[Future[R]] = set()
    pending: deque[Future[R]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        for item in items:
            future = pool.submit(copy_context().run, function, item)
            del item  # the thread alone holds it
            running.add(future)
            pending.append(future)
            while len(running) == threads or len(pending) == _RESULTS * threads:
                running -= _ended(running)
                yield from _first_results(pending)
        while running:
            running -= _ended(running)
            yield from _first_results(pending)


def _first_results(pending: deque[Future[R]]) -> Iterator[R]:
    """Removes the calls at the front that have ended, and yields their results."""
    while pending and pending[0].done():
        yield pending.popleft().result()


def _ended(running: set[Future[R]]) -> set[Future[R]]:
    """Waits until calls have ended, and returns them. Raises the error of one that failed."""
    done, _ = wait(running, return_when=FIRST_COMPLETED)
    for future in done:
        future.result()
    return done
