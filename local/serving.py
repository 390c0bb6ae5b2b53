"""Serving a WSGI application on loopback, to what runs on this machine."""

from pathlib import Path

from cheroot import wsgi
from cheroot.ssl.builtin import BuiltinSSLAdapter

from local.foreign_pages import WsgiApp, refused

_THREADS = 16


def server(app: WsgiApp, port: int, certificate: tuple[Path, Path] | None = None) -> wsgi.Server:
    """A threaded server on 127.0.0.1; over TLS where a certificate and its key are given.

    It answers no pages of others.
    """
    address = ("127.0.0.1", port)
    made = wsgi.Server(address, refused(app), numthreads=_THREADS, request_queue_size=128)
    if certificate:
        made.ssl_adapter = BuiltinSSLAdapter(*map(str, certificate))
    return made
