"""Limits the size of headers, and the time for headers and bodies.

functions-framework starts gunicorn's ThreadWorker. There, a request occupies a thread from its
first byte, without a timeout. Here, a request gets a thread only when its header is complete. The
thread that handles a request still reads its body, so slow bodies can occupy all threads, for at
most BODY_SECONDS.

functions-framework has no option for this, so this module depends on internals of
functions-framework and gunicorn. tests/functions/test_bounded_worker.py fails if they change.
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
"""Limit for a request line, in bytes: gunicorn's own limit, which functions-framework removes. The
parser's time grows with the square of the line's length."""

MOST_HEADER = 32 * 2**10
"""Limit for a complete header, in bytes. Google's front end accepts no larger ones."""

HEADER_SECONDS = 10
BODY_SECONDS = 120
IDLE_SECONDS = 20
"""Timeouts for a header, for a body, and for a pause within a body. Chosen by hand: shorter ones
disconnect clients on slow networks, longer ones let slow clients occupy threads."""

MOST_WAITING = 500
"""Limit for connections with an incomplete header; above it, the oldest is closed. Chosen by hand:
each one holds a file descriptor."""

_CHECK_SECONDS = 0.05
"""Interval between checks of incomplete headers. Chosen by hand: a shorter one costs processor
time, a longer one delays requests whose header comes in parts."""

_MINIMUM_SECONDS = 0.001
"""A timeout of 0 would make the socket non-blocking."""

_HEADER_ENDS = (b"\n\n", b"\n\r\n")
"""Ends of a header. Bare line feeds are included; gunicorn rejects them at once. A regular
expression is fifty times slower, and incomplete headers are searched repeatedly."""

_LOAD_CONFIG: Any = GunicornApplication.load_config


def bound_requests() -> None:
    """Makes functions-framework start its server with BoundedWorker."""
    GunicornApplication.load_config = _load_config  # type: ignore[method-assign]  # there is no option


def _load_config(application: Any) -> None:
    _LOAD_CONFIG(application)
    application.cfg.set("limit_request_line", MOST_URL)
    application.cfg.set("worker_class", BoundedWorker)


class BoundedWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """Holds connections until their header is complete.

    `handle` runs in a worker thread, all other methods in the main thread.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._waiting: dict[TConn, Deadline] = {}
        self._incomplete: set[TConn] = set()
        self._last_check = 0.0

    def enqueue_req(self, conn: TConn) -> None:
        """Accepts a connection that is new, or has data to read."""
        self._waiting[conn] = Deadline.after(HEADER_SECONDS)
        conn.sock.setblocking(False)
        self._check_header(conn)

    def handle(self, conn: TConn) -> Any:
        """Reads a request with a complete header, and responds. Runs in a worker thread."""
        conn.data_ready = True
        conn.init()
        unreader = conn.parser.unreader
        if not isinstance(unreader.sock, PacedSocket):
            unreader.sock = PacedSocket(conn.sock)
        unreader.sock.begin()
        return super().handle(conn)

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        """Runs gunicorn's method, then checks incomplete headers and closes overdue connections.

        Sockets with an incomplete header stay readable, so the poller cannot watch them.
        """
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
        """Stops watching a connection."""
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
    """The socket that gunicorn's parser reads. Closes the connection if a body is too slow."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self.gettimeout, self.settimeout = sock.gettimeout, sock.settimeout
        self.begin()

    def begin(self) -> None:
        """Starts the timeout for the next request's body."""
        self._deadline = Deadline.after(BODY_SECONDS)

    def recv(self, size: int) -> bytes:
        """Returns received bytes; waits at most IDLE_SECONDS, and not beyond BODY_SECONDS.

        Raises:
            ConnectionResetError: the body came too slowly; 408 was sent.
            TimeoutError: gunicorn's own timeout was shorter and has passed.
        """
        before = self.gettimeout()
        own_timeout = min(IDLE_SECONDS, self._deadline.left)
        gunicorn_timeout = math.inf if before is None else before
        self.settimeout(min(own_timeout, gunicorn_timeout) or _MINIMUM_SECONDS)
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
    """Sends an error response, if the client accepts it without waiting."""
    with suppress(OSError):
        util.write_error(sock, status.value, status.phrase, status.description)
