"""Measures the memory of processes. Pages that they share are counted once."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil

_SECONDS = 0.05


class Peak:
    """The highest measured number of bytes."""

    bytes = 0


@contextmanager
def watched(process: int) -> Iterator[Peak]:
    """Measures a process and its descendants by their proportional set sizes, on Linux only."""
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
    parent = psutil.Process(process)
    for member in (parent, *parent.children(recursive=True)):
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            total += member.memory_full_info().pss
    return total
