"""Loads a model in the background when it is first needed.

It does not load when the module is imported: functions-framework imports it before it forks its
workers, and neither threads nor CUDA survive a fork.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

T = TypeVar("T")


class Loading(Generic[T]):
    """Calls `load` once, in the background, and keeps its result."""

    def __init__(self, load: Callable[[], T]) -> None:
        self._load = load
        self._lock = threading.Lock()
        self._loaded: Future[T] | None = None

    def is_done(self) -> bool:
        """Starts loading if needed; returns whether it is complete. Raises the error of `load`."""
        loaded = self._started()
        if loaded.done():
            loaded.result()
        return loaded.done()

    def wait(self) -> T:
        """Starts loading if needed, waits, and returns the result. Raises the error of `load`."""
        return self._started().result()

    def _started(self) -> "Future[T]":
        with self._lock:
            if self._loaded is None:
                self._loaded = ThreadPoolExecutor(1).submit(self._load)
            return self._loaded
