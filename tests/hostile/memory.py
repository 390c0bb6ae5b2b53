"""What processes have in memory, all of it and each page once."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil

_SECONDS = 0.05


class Peak:
    """The most bytes that were seen."""

    bytes = 0


@contextmanager
def watched(process: int) -> Iterator[Peak]:
    """A process and all that come of it, by their proportional set sizes; Linux alone has those."""
    peak, over = Peak(), threading.Event()

    def watch() -> None:
        while not over.wait(_SECONDS):
            peak.bytes = max(peak.bytes, _total(process))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield peak
    finally:
        over.set()
        thread.join()


def _total(process: int) -> int:
    total = 0
    whole = psutil.Process(process)
    for one in (whole, *whole.children(recursive=True)):
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            total += one.memory_full_info().pss
    return total
