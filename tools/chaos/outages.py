"""Outages of storage, and of the metadata server, which refuses, is slow, or has a wrong clock."""

import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import unquote

from local import metadata
from local.metadata import Issuer
from local.stack import PROJECT, Stack, issuer_key
from tools.chaos.sam2 import FaultySam2, Server
from tools.support import servers
from tools.support.servers import running

_CLOCK_ERROR = 3660
"""Error of the metadata server's clock, in seconds: a minute more than the lifetime of tokens."""

_LEAST_REQUESTS = 4
"""The outage of the metadata server ends after this many requests, one for each fault, if SAM2 has
also refused a token."""

_MOST_SECONDS = 20.0
"""Limit for the outage of the metadata server. Chosen by hand."""

_SLOW_SECONDS = 4.0
"""Delay of a slow response. google-auth's first timeout is 3 seconds; later ones are longer."""

_POLL_SECONDS = 1.0
"""Interval between images while the metadata server is out. Chosen by hand: fewer images may
request too few tokens."""


def refuse_storage(stack: Stack, seconds: float) -> int:
    """Makes storage respond with 503 for a time; returns the number of refused requests."""
    stack.processes.halt("storage")
    with running(_Refusing(("127.0.0.1", stack.storage_port), _Refusal)) as refusing:
        time.sleep(seconds)
    stack.processes.resume("storage")
    return refusing.count


class _Refusing(Server):
    count = 0


class _Refusal(BaseHTTPRequestHandler):
    server: _Refusing

    def _refuse(self) -> None:
        self.server.count += 1
        self.close_connection = True
        with suppress(ConnectionError):
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(503)
            self.send_header("Content-Length", "0")
            self.end_headers()

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = _refuse  # noqa: N815 - http.server's names

    def log_message(self, *_: Any) -> None:
        pass


class Metadata:
    """Replaces the stack's metadata server, for a time, by one whose tokens for SAM2 fail."""

    def __init__(self, stack: Stack, sam2: FaultySam2, make_work: Callable[[], None]) -> None:
        """`make_work` uploads an image whose masks need a token."""
        self._stack = stack
        self._sam2 = sam2
        self._make_work = make_work

    def break_down(self, forget_tokens: Callable[[], None]) -> Counter[str]:
        """Injects all faults of the metadata server; returns their numbers.

        `forget_tokens` makes the functions request new tokens.
        """
        injected: Counter[str] = Counter()
        self._stack.processes.halt("metadata")
        with servers.serving(self._app(injected), self._stack.metadata_port):
            forget_tokens()
            deadline = time.monotonic() + _MOST_SECONDS
            while time.monotonic() < deadline and (
                injected.total() < _LEAST_REQUESTS or not self._sam2.injected["tokens refused"]
            ):
                self._make_work()  # a worker that has no work requests no token
                time.sleep(_POLL_SECONDS)
        self._stack.processes.resume("metadata")
        forget_tokens()  # SAM2 may refuse the tokens of this outage for hours
        return injected

    def _app(self, injected: Counter[str]) -> Any:
        healthy = self._server(0)
        faults = {
            "refused": _refused,
            "an hour behind": self._server(-_CLOCK_ERROR),
            "slow": healthy,
            "an hour ahead": self._server(_CLOCK_ERROR),
        }

        def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            if self._sam2.origin not in unquote(environ["QUERY_STRING"]):
                # Pub/Sub's pushes have tokens of their own. Without them no message would arrive.
                return healthy(environ, start_response)
            fault = list(faults)[injected.total() % len(faults)]
            injected[f"metadata server {fault}"] += 1
            if fault == "slow":
                time.sleep(_SLOW_SECONDS)
            return faults[fault](environ, start_response)

        return app

    def _server(self, clock_error: float) -> Any:
        key = issuer_key(self._stack.buckets.parent)
        return metadata.create_app(PROJECT, Issuer(key, lambda: time.time() + clock_error))


def _refused(_: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("503 Service Unavailable", [("Content-Length", "0")])
    return [b""]
