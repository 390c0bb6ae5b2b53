"""What functions-framework's server leaves without bounds: headers, and bodies that never end.

It starts gunicorn's ThreadWorker, in which a request has a thread from its first byte on, and waits
for the rest of it without end. Here it has none before its header is complete. A body is still
read by the thread that works on it, so so many slow ones as there are threads make others wait, for
as long as BODY_SECONDS says.

functions-framework has no option for any of it; tests/functions/test_bounded_worker.py fails when
another version of it, or of gunicorn, has other insides.
"""

import errno
import math
import socket
import time
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from selectors import EVENT_READ
from typing import Any

from functions_framework._http.gunicorn import GunicornApplication
from gunicorn import util
from gunicorn.workers.gthread import TConn, ThreadWorker

from shared.runtime.deadline import Deadline

MOST_URL = 8190
"""Bytes of a request line: gunicorn's own limit, which functions-framework lifts. Its parser's work
grows with the square of a line's length."""

MOST_HEADER = 32 * 2**10
"""Bytes of a whole header; Google's front end lets through no more."""

HEADER_SECONDS = 10
BODY_SECONDS = 120
IDLE_SECONDS = 20
"""How long a header may take, and a body, and how long nothing may come of one."""

MOST_WAITING = 500
"""Connections whose header is not complete; the oldest makes room for one more."""

_CHECK_SECONDS = 0.05
_MINIMUM_SECONDS = 0.001
_HEADER_ENDS = (b"\n\n", b"\n\r\n")
"""Of a header: bare line feeds too, which gunicorn refuses at once. No regular expression: that is
fifty times slower, and every header that is incomplete is searched again and again."""

_LOAD_CONFIG: Any = GunicornApplication.load_config


def bound_requests() -> None:
    """Makes the server that functions-framework is going to start a BoundedWorker's."""
    GunicornApplication.load_config = _load_config  # type: ignore[method-assign]  # there is no option


def _load_config(application: Any) -> None:
    _LOAD_CONFIG(application)
    application.cfg.set("limit_request_line", MOST_URL)
    application.cfg.set("worker_class", BoundedWorker)


class BoundedWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """Puts connections aside until a header has come; all but `handle` runs in the main thread."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._waiting: dict[TConn, Deadline] = {}
        self._incomplete: set[TConn] = set()
        self._last_check = 0.0

    def enqueue_req(self, conn: TConn) -> None:
        """Takes a connection that is new, or has something to read."""
        self._waiting[conn] = Deadline.after(HEADER_SECONDS)
        conn.sock.setblocking(False)
        self._check_header(conn)

    def handle(self, conn: TConn) -> Any:
        """In a thread: reads a request, whose header is there, and answers it."""
        conn.data_ready = True
        conn.init()
        unreader = conn.parser.unreader
        if not isinstance(unreader.sock, PacedSocket):
            unreader.sock = PacedSocket(conn.sock)
        unreader.sock.begin()
        return super().handle(conn)

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        """As gunicorn's; then looks again at what has come in part, which stays readable."""
        super().wait_for_and_dispatch_events(_CHECK_SECONDS if self._incomplete else timeout)
        now = time.monotonic()
        if now - self._last_check >= _CHECK_SECONDS:
            self._last_check = now
            for conn in tuple(self._incomplete):
                self._check_header(conn)
        while self._waiting:
            conn, deadline = next(iter(self._waiting.items()))
            if deadline.left and len(self._waiting) <= MOST_WAITING and self.alive:
                break
            self._refuse(conn, HTTPStatus.REQUEST_TIMEOUT)

    def _check_header(self, conn: TConn, _: object = None) -> None:
        self._unwatch(conn)
        read_ahead = conn.parser.unreader.buf.getvalue() if conn.parser else b""
        try:
            received = conn.sock.recv(MOST_HEADER, socket.MSG_PEEK)
        except BlockingIOError:
            received = None
        except OSError:
            received = b""
        header = read_ahead + (received or b"")
        if any(end in header for end in _HEADER_ENDS):
            del self._waiting[conn]
            super().enqueue_req(conn)
        elif len(header) >= MOST_HEADER:
            self._refuse(conn, HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        elif received is None:
            self.poller.register(conn.sock, EVENT_READ, partial(self._check_header, conn))
        elif received:
            self._incomplete.add(conn)
        else:
            self._drop(conn)

    def _unwatch(self, conn: TConn) -> None:
        """No longer watches a connection."""
        self._incomplete.discard(conn)
        with suppress(KeyError):
            self.poller.unregister(conn.sock)

    def _refuse(self, conn: TConn, status: HTTPStatus) -> None:
        self._unwatch(conn)
        _send_error(conn.sock, status)
        self._drop(conn)

    def _drop(self, conn: TConn) -> None:
        del self._waiting[conn]
        self.nr_conns -= 1
        conn.close()


class PacedSocket:
    """What gunicorn's parser reads from. Hangs up on a client whose body comes too slowly."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self.gettimeout, self.settimeout = sock.gettimeout, sock.settimeout
        self.begin()

    def begin(self) -> None:
        """Another request is going to be read."""
        self._deadline = Deadline.after(BODY_SECONDS)

    def recv(self, size: int) -> bytes:
        """What has come; waits for something no longer than a body may take."""
        before = self.gettimeout()
        own_timeout = min(IDLE_SECONDS, self._deadline.left)
        gunicorn_timeout = math.inf if before is None else before
        self.settimeout(
            min(own_timeout, gunicorn_timeout) or _MINIMUM_SECONDS
        )  # 0 would mean not to wait
        try:
            return self._sock.recv(size)
        except TimeoutError:
            if gunicorn_timeout <= own_timeout:
                raise
            _send_error(self._sock, HTTPStatus.REQUEST_TIMEOUT)
            self._sock.shutdown(socket.SHUT_RDWR)
            raise ConnectionResetError(errno.ECONNRESET, "the body came too slowly") from None
        finally:
            self.settimeout(before)


def _send_error(sock: socket.socket, status: HTTPStatus) -> None:
    """Answers a request that no function will see, if the client takes it at once."""
    with suppress(OSError):
        util.write_error(sock, status.value, status.phrase, status.description)
