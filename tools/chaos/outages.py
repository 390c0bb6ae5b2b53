"""Servers that refuse, are slow, or tell another time: storage, and the metadata server."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from typing import Any

from local import metadata
from local.metadata import Issuer
from local.stack import PROJECT, Stack, issuer_key
from tools.chaos.sam2 import FaultySam2, Server
from tools.support import servers

_HOUR = 3660
"""And a minute: tokens last for an hour."""

_ASKED = 4
"""Requests after which, and after a refused token, the metadata server is well again."""

_MOST_SECONDS = 20.0
_SLOW_SECONDS = 4.0
"""google-auth waits for 3 at first, and then for longer."""

_POLL_SECONDS = 0.1


def refuse_storage(stack: Stack, seconds: float) -> int:
    """Storage answers 503 for a while; how often."""
    stack.processes.halt("storage")
    refusing = _Refusing(("127.0.0.1", stack.storage_port), _Refusal)
    thread = threading.Thread(target=refusing.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    time.sleep(seconds)
    refusing.shutdown()
    thread.join()
    refusing.server_close()
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
    """The stack's metadata server, replaced for a while by one that cannot be relied on."""

    def __init__(self, stack: Stack, sam2: FaultySam2) -> None:
        self._stack = stack
        self._sam2 = sam2

    def trouble(self, need_tokens: Callable[[], None]) -> Counter[str]:
        """Fails in every way while those ask that `need_tokens` has made do so; how often."""
        happened: Counter[str] = Counter()
        self._stack.processes.halt("metadata")
        with servers.serving(self._app(happened), self._stack.metadata_port):
            need_tokens()
            deadline = time.monotonic() + _MOST_SECONDS
            while time.monotonic() < deadline and (
                happened.total() < _ASKED or not self._sam2.injected["tokens refused"]
            ):
                time.sleep(_POLL_SECONDS)
        self._stack.processes.resume("metadata")
        need_tokens()  # those that were had here may be refused for hours
        return happened

    def _app(self, happened: Counter[str]) -> Any:
        well = self._server(0)
        faults = {
            "refused": _refused,
            "an hour behind": self._server(-_HOUR),
            "slow": well,
            "an hour ahead": self._server(_HOUR),
        }

        def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            if "identity" not in environ["PATH_INFO"]:  # it only looks whether anybody is there
                return well(environ, start_response)
            fault = list(faults)[happened.total() % len(faults)]
            happened[f"metadata server {fault}"] += 1
            if fault == "slow":
                time.sleep(_SLOW_SECONDS)
            return faults[fault](environ, start_response)

        return app

    def _server(self, off: float) -> Any:
        key = issuer_key(self._stack.buckets.parent)
        return metadata.create_app(PROJECT, Issuer(key, lambda: time.time() + off))


def _refused(_: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("503 Service Unavailable", [("Content-Length", "0")])
    return [b""]
