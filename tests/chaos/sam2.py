"""A SAM2 server that fails in every way, in front of one that does not."""

import json
import random
import sys
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import requests

from tests.chaos.mix import Mix

_GARBAGE = (
    b"<html>Bad gateway</html>",
    b'{"masks": [[1, 2], [3]]}',
    b'{"masks": "what?"}',
    b"\xff",
)


class Server(ThreadingHTTPServer):
    """Says nothing of clients that were killed while they asked."""

    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class FaultySam2(Server):
    """Hands calls on to `target`, or answers 500, 429, garbage, or nothing for too long."""

    def __init__(self, mix: Mix, patience: float) -> None:
        """`patience`: seconds after which whoever calls gives up."""
        super().__init__(("127.0.0.1", 0), _Handler)
        self.target = ""
        self.injected: Counter[str] = Counter()
        self.mix = mix
        self.patience = patience
        self.over = threading.Event()
        self._dice = random.Random(mix.seed)
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1/segment"

    def fate(self) -> str:
        """What becomes of the next call; once it is `over`, all are answered."""
        if self.over.is_set():
            return "answered"
        mix = self.mix
        rates = {"500": mix.errors, "429": mix.limits, "hang": mix.hangs, "garbage": mix.garbage}
        with self._lock:
            (fate,) = self._dice.choices(
                [*rates, "answered"], [*rates.values(), 1 - sum(rates.values())]
            )
            self.injected[fate] += 1
        return fate


class _Handler(BaseHTTPRequestHandler):
    server: FaultySam2
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        match self.server.fate():
            case "500":
                self._answer(500, b"out of memory")
            case "429":
                self._answer(429, b"too many requests", {"Retry-After": "1"})
            case "garbage":
                self._answer(200, _GARBAGE[self.server.injected["garbage"] % len(_GARBAGE)])
            case "hang":
                self.server.over.wait(1.5 * self.server.patience)
                self.close_connection = True
            case _:
                self._hand_on(body)

    def _hand_on(self, body: bytes) -> None:
        kind = {"Content-Type": self.headers["Content-Type"]}
        try:
            answer = requests.post(self.server.target, data=body, headers=kind, timeout=60)
        except requests.RequestException as error:  # it may have been killed just now
            self._answer(503, json.dumps({"error": str(error)}).encode())
        else:
            self._answer(answer.status_code, answer.content)

    def _answer(self, status: int, content: bytes, headers: dict[str, str] | None = None) -> None:
        try:
            self.send_response(status)
            for name, value in {**(headers or {}), "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)
        except ConnectionError:  # whoever asked is tired of waiting, or dead
            self.close_connection = True

    def log_message(self, *_: Any) -> None:
        pass
