"""Sending an answer: how long it may take, and whose memory it is meanwhile."""

import socket
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from typing import Any

from flask import Response

_SOCKET = "gunicorn.socket"
"""Where gunicorn leaves the connection: https://docs.gunicorn.org/en/stable/faq.html names it."""


def sent_in_turn(
    answer: Response, environ: Mapping[str, Any], turn: ExitStack, seconds: float
) -> None:
    """Ends the turn once the answer is sent, its client has gone, or the seconds are over.

    A client that reads slowly, or nothing, would keep others from their turn.
    """
    connection = environ.get(_SOCKET)
    if isinstance(connection, socket.socket):
        # of one part of the answer, where nothing is read at all
        connection.settimeout(seconds)
        turn.callback(connection.settimeout, None)
    answer.response = _until(time.monotonic() + seconds, answer.iter_encoded())
    answer.call_on_close(turn.close)


def _until(deadline: float, parts: Iterable[bytes]) -> Iterator[bytes]:
    for part in parts:
        if time.monotonic() > deadline:
            raise TimeoutError("the client reads too slowly")
        yield part
