"""Sending an answer: how long it may take, and whose memory it is meanwhile."""

import socket
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from typing import Any

from flask import Response

from shared.api.cancellation import connection_of
from shared.runtime.deadline import Deadline


def sent_in_turn(
    answer: Response, environ: Mapping[str, Any], turn: ExitStack, seconds: float
) -> None:
    """Ends the turn once the answer is sent, its client has gone, or the seconds are over.

    A client that reads slowly, or nothing, would keep others from their turn.
    """
    answer.call_on_close(turn.close)
    connection = connection_of(environ)
    deadline = Deadline.after(seconds)
    if connection is not None:
        answer.response = _until(deadline, answer.iter_encoded(), connection)


def sent_in_time(answer: Response, environ: Mapping[str, Any], seconds: float) -> Response:
    """Hangs up on a client that takes longer to read the answer: a thread sends it meanwhile."""
    connection = connection_of(environ)
    if connection is not None:
        connection.settimeout(seconds)
        answer.call_on_close(lambda: connection.settimeout(None))
    return answer


def _until(
    deadline: Deadline, parts: Iterable[bytes], connection: socket.socket
) -> Iterator[bytes]:
    """The parts, each with the time that is left for all of them."""
    for part in parts:
        left = deadline.left  # once: 0 would mean not to wait at all
        if not left:
            raise TimeoutError("the client reads too slowly")
        connection.settimeout(left)
        yield part
