"""Time limits for sending a response, and resources that are held until it is sent."""

import socket
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from typing import Any

from flask import Response

from shared.api.cancellation import connection_of
from shared.runtime.deadline import Deadline


def hold_until_sent(
    response: Response, environ: Mapping[str, Any], resources: ExitStack, seconds: float
) -> None:
    """Closes `resources` once the response is sent, the client has disconnected, or time is up.

    Without the limit of `seconds`, a client that reads slowly would block other requests.
    """
    response.call_on_close(resources.close)
    connection = connection_of(environ)
    deadline = Deadline.after(seconds)
    if connection is not None:
        response.response = _until(deadline, response.iter_encoded(), connection)


def limit_send_time(response: Response, environ: Mapping[str, Any], seconds: float) -> Response:
    """Disconnects a client that takes more than `seconds` to read a chunk.

    A thread sends the response, and waits for the client.
    """
    connection = connection_of(environ)
    if connection is not None:
        connection.settimeout(seconds)
        response.call_on_close(lambda: connection.settimeout(None))
    return response


def _until(
    deadline: Deadline, chunks: Iterable[bytes], connection: socket.socket
) -> Iterator[bytes]:
    """Returns the chunks. The socket's timeout for each is the time that is left for all of them.

    Raises:
        TimeoutError: the deadline has passed.
    """
    for chunk in chunks:
        left = deadline.left  # read once: a timeout of 0 would make the socket non-blocking
        if not left:
            raise TimeoutError("the client reads too slowly")
        connection.settimeout(left)
        yield chunk
