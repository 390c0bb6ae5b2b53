"""Serves WSGI applications from a thread."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from local.serving import server

_STOPPING_SECONDS = 0.02
"""Interval at which the server checks whether to stop. Chosen by hand: a longer one slows tests."""


@contextmanager
def serving(app: Any, port: int) -> Iterator[None]:
    """Serves the application at this port of 127.0.0.1 while the context lasts."""
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
