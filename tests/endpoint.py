"""A small HTTP server that tests put where a function, or SAM2, would be."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Asked:
    """One POST: when it came, its headers, and its JSON body."""

    when: float
    headers: dict[str, str]
    body: Any


Answer = Callable[[Asked], tuple[int, Any]]


class Endpoint(ThreadingHTTPServer):
    """Answers every POST with what `answer` makes of it, and remembers all of them."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[Asked] = []
        self.answer: Answer = lambda _: (204, None)
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
        status, answer = self.server.answer(asked)
        content = b"" if answer is None else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        with self.server.arrived:
            self.server.asked.append(asked)
            self.server.arrived.notify_all()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving() -> Iterator[Endpoint]:
    """An endpoint for as long as the context lasts."""
    endpoint = Endpoint()
    thread = threading.Thread(target=endpoint.serve_forever)
    thread.start()
    try:
        yield endpoint
    finally:
        endpoint.shutdown()
        thread.join()
        endpoint.server_close()
