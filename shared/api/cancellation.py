"""Whoever asked may hang up: then nobody waits for the answer, and others do for the turn.

A client that closes its own side alone, as `nc -N` does, looks the same, and is taken for gone. One
that has sent more meanwhile cannot be seen to go.
"""

import socket
from collections.abc import Mapping
from typing import Any

from shared.runtime.deadline import Check
from shared.schemas.errors import Cancelled

_SOCKET = "gunicorn.socket"
"""Where gunicorn leaves the connection: https://docs.gunicorn.org/en/stable/faq.html names it."""


def connection_of(environ: Mapping[str, Any]) -> socket.socket | None:
    """The connection that a request came over; None where another server than gunicorn works."""
    connection = environ.get(_SOCKET)
    return connection if isinstance(connection, socket.socket) else None


def check_of(environ: Mapping[str, Any]) -> Check:
    """What raises Cancelled once the client of a request, whose body has been read, is gone."""
    connection = connection_of(environ)

    def check() -> None:
        if connection is not None and _is_gone(connection):
            raise Cancelled("whoever asked has hung up")

    return check


def _is_gone(connection: socket.socket) -> bool:
    try:
        return not connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return False
    except OSError:
        return True
