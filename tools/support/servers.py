"""WSGI applications served by a thread of the tests."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from local.serving import server

_STOPPING_SECONDS = 0.02


@contextmanager
def serving(app: Any, port: int) -> Iterator[None]:
    """The application at that port of 127.0.0.1, for as long as the context lasts."""
    running = server(app, port)
    running.expiration_interval = _STOPPING_SECONDS
    running.prepare()
    thread = threading.Thread(target=running.serve)
    thread.start()
    try:
        yield
    finally:
        running.stop()
        thread.join()
