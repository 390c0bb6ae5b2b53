"""Serves WSGI applications, and runs servers of the standard library, from a thread."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import BaseServer
from typing import Any, TypeVar

from local import serving as wsgi

_STOPPING_SECONDS = 0.02
"""Interval at which the server checks whether to stop. Chosen by hand: a longer one slows tests."""


S = TypeVar("S", bound=BaseServer)


@contextmanager
def serving(app: Any, port: int) -> Iterator[None]:
    """Serves the application at this port of 127.0.0.1 while the context lasts."""
    server = wsgi.server(app, port)
    server.expiration_interval = _STOPPING_SECONDS
    server.prepare()
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        yield
    finally:
        server.stop()
        thread.join()


@contextmanager
def running(server: S) -> Iterator[S]:
    """Runs a server of the standard library in a thread while the context lasts."""
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": _STOPPING_SECONDS}
    )
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
