"""Serves a WSGI application on loopback."""

from pathlib import Path

from cheroot import wsgi
from cheroot.ssl.builtin import BuiltinSSLAdapter

from local.foreign_pages import WsgiApp, refuse_foreign_pages

_THREADS = 16
_QUEUE = 128
"""Threads of a server, and connections that may wait for one. Chosen by hand: with fewer, requests
wait or are refused while all functions work."""


def server(app: WsgiApp, port: int, certificate: tuple[Path, Path] | None = None) -> wsgi.Server:
    """Returns a threaded server on 127.0.0.1; with a certificate and its key it uses TLS.

    It refuses requests of other websites' pages.
    """
    application = refuse_foreign_pages(app)
    created = wsgi.Server(
        ("127.0.0.1", port), application, numthreads=_THREADS, request_queue_size=_QUEUE
    )
    if certificate:
        created.ssl_adapter = BuiltinSSLAdapter(*map(str, certificate))
    return created
