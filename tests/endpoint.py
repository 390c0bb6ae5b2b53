"""A small HTTP server that tests put where a function, or SAM2, would be."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedIOBase
from typing import Any


@dataclass(frozen=True)
class Asked:
    """One POST: when it came, its headers, and its JSON body."""

    when: float
    headers: dict[str, str]
    body: Any


Answer = Callable[[Asked], tuple[int, Any]]
Stream = Callable[[BufferedIOBase], None]


class Endpoint(ThreadingHTTPServer):
    """Answers every POST with what `answer` makes of it, and remembers all of them.

    With `stream` the answer is whatever that writes to the connection, headers included; the
    connection is closed when it returns. `headers` go with every other answer. A GET is answered
    with `description`, or 404.
    """

    daemon_threads = True

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.asked: list[Asked] = []
        self.answer: Answer = lambda _: (204, None)
        self.stream: Stream | None = None
        self.headers: dict[str, str] = {}
        self.description: Any = None
        self.arrived = threading.Condition()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"

    def wait_for(self, count: int) -> None:
        """Until so many have been answered."""
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.asked) >= count, timeout=60)


class _Handler(BaseHTTPRequestHandler):
    server: Endpoint

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        asked = Asked(time.monotonic(), dict(self.headers), body)
        with self.server.arrived:
            self.server.asked.append(asked)
            self.server.arrived.notify_all()
        with suppress(ConnectionError):  # whoever asked may be tired of waiting
            self._reply(asked)

    def do_GET(self) -> None:
        described = self.server.description is not None
        self._send(200 if described else 404, self.server.description)

    def _reply(self, asked: Asked) -> None:
        if self.server.stream:
            self.close_connection = True
            self.server.stream(self.wfile)
            return
        self._send(*self.server.answer(asked))

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
    """An endpoint for as long as the context lasts; on any free port unless one is given."""
    endpoint = Endpoint(port)
    thread = threading.Thread(target=endpoint.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield endpoint
    finally:
        endpoint.shutdown()
        thread.join()
        endpoint.server_close()
