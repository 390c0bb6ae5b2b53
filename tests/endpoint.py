"""A small HTTP server that replaces a function or a SAM2 server in tests."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedIOBase
from typing import Any

from tools.support.servers import running


@dataclass(frozen=True)
class ReceivedRequest:
    """A POST request: the time of its arrival, its headers, and its JSON body."""

    when: float
    headers: dict[str, str]
    body: Any


Answer = Callable[[ReceivedRequest], tuple[int, Any]]
Stream = Callable[[BufferedIOBase], None]


class Endpoint(ThreadingHTTPServer):
    """Responds to each POST with the result of `answer`, and records all requests.

    If `stream` is set, it writes the complete response with its headers, and the connection is
    closed when it returns. Other responses have `headers`. The response to a GET is `description`,
    or 404.
    """

    daemon_threads = True

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.requests: list[ReceivedRequest] = []
        self.answer: Answer = lambda _: (204, None)
        self.stream: Stream | None = None
        self.headers: dict[str, str] = {}
        self.description: Any = None
        self.arrived = threading.Condition()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"

    def wait_for(self, count: int) -> None:
        """Waits until `count` requests have arrived."""
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.requests) >= count, timeout=60)


class _Handler(BaseHTTPRequestHandler):
    server: Endpoint

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        request = ReceivedRequest(time.monotonic(), dict(self.headers), body)
        with self.server.arrived:
            self.server.requests.append(request)
            self.server.arrived.notify_all()
        with suppress(ConnectionError):  # the client may have timed out
            self._reply(request)

    def do_GET(self) -> None:
        described = self.server.description is not None
        self._send(200 if described else 404, self.server.description)

    def _reply(self, request: ReceivedRequest) -> None:
        if self.server.stream:
            self.close_connection = True
            self.server.stream(self.wfile)
            return
        self._send(*self.server.answer(request))

    def _send(self, status: int, answer: Any) -> None:
        content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        content = b"" if answer is None else content
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **self.server.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(port: int = 0) -> Iterator[Endpoint]:
    """Runs an endpoint while the context lasts, on a free port unless `port` is given."""
    with running(Endpoint(port)) as endpoint:
        yield endpoint
