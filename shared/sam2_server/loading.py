"""Loading in the background, from the first question about it on.

Not when the module is imported: functions-framework imports it before it forks its workers, and
neither threads nor CUDA survive a fork.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

T = TypeVar("T")


class Loading(Generic[T]):
    """What `load` returns, loaded once."""

    def __init__(self, load: Callable[[], T]) -> None:
        self._load = load
        self._lock = threading.Lock()
        self._loaded: Future[T] | None = None

    def is_done(self) -> bool:
        """Whether it is loaded; raises what `load` raised."""
        loaded = self._started()
        if loaded.done():
            loaded.result()
        return loaded.done()

    def wait(self) -> T:
        """What was loaded, as soon as it is; raises what `load` raised."""
        return self._started().result()

    def _started(self) -> "Future[T]":
        with self._lock:
            if self._loaded is None:
                self._loaded = ThreadPoolExecutor(1).submit(self._load)
            return self._loaded
