"""Serving a WSGI application on loopback."""

from pathlib import Path
from typing import Any

from cheroot import wsgi
from cheroot.ssl.builtin import BuiltinSSLAdapter

_THREADS = 16


def server(app: Any, port: int, certificate: tuple[Path, Path] | None = None) -> wsgi.Server:
    """A threaded server on 127.0.0.1; over TLS where a certificate and its key are given."""
    made = wsgi.Server(("127.0.0.1", port), app, numthreads=_THREADS, request_queue_size=128)
    if certificate:
        made.ssl_adapter = BuiltinSSLAdapter(*map(str, certificate))
    return made
