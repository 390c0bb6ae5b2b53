"""Detects clients that disconnect before they get a response, so that work for them stops.

A client that closes only its sending side, as `nc -N` does, is treated as disconnected: the two
cases look the same. A disconnect is not detected while unread data of the client is in the buffer.
"""

import socket
from collections.abc import Mapping
from typing import Any

from shared.runtime.deadline import Check
from shared.schemas.errors import Cancelled

_SOCKET = "gunicorn.socket"
"""The key in the WSGI environment under which gunicorn passes the client's socket:
https://docs.gunicorn.org/en/stable/faq.html."""


def connection_of(environ: Mapping[str, Any]) -> socket.socket | None:
    """Returns the socket of a request, or None if the server is not gunicorn."""
    connection = environ.get(_SOCKET)
    return connection if isinstance(connection, socket.socket) else None


def check_of(environ: Mapping[str, Any]) -> Check:
    """Returns a function that raises Cancelled if the client has disconnected.

    The request's body must have been read before the function is called.
    """
    connection = connection_of(environ)

    def check() -> None:
        if connection is not None and _is_gone(connection):
            raise Cancelled("the client has disconnected")

    return check


def _is_gone(connection: socket.socket) -> bool:
    try:
        return not connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return False
    except OSError:
        return True
