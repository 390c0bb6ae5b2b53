"""A local server with the part of huggingface.co's API that downloads a model."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from tools.support.servers import running

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub(ThreadingHTTPServer):
    """Has the files of `folder` in every model at every revision.

    Records the paths of requests about models. With `refusal`, all requests get this status. The
    next `broken` downloads of weights end in the middle.
    """

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.folder = folder
        self.paths: list[str] = []
        self.refusal: int | None = None
        self.broken = 0

    @property
    def environment(self) -> dict[str, str]:
        """The settings of huggingface_hub that make it use this server."""
        return {
            "HF_ENDPOINT": f"http://127.0.0.1:{self.server_address[1]}",
            "HF_HUB_OFFLINE": "0",
            "HF_HUB_DISABLE_XET": "1",
        }


class _Handler(BaseHTTPRequestHandler):
    server: Hub

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path.startswith("/api/models/") or "/resolve/" in path:
            self.server.paths.append(path)
        if self.server.refusal:
            self.send_error(self.server.refusal)
            return
        match path.strip("/").split("/"):
            case ["api", "models", _, _, "tree", _]:
                self._send(json.dumps([*map(_entry, self.server.folder.iterdir())]).encode())
            case [_, _, "resolve", commit, name]:
                content = (self.server.folder / name).read_bytes()
                self._send(content, {"ETag": f'"{_digest(content)}"', "X-Repo-Commit": commit})
            case _:
                self.send_error(404)

    def do_HEAD(self) -> None:
        self.do_GET()

    def _send(self, content: bytes, headers: dict[str, str] | None = None) -> None:
        start = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-"))
        self.send_response(206 if start else 200)
        named = {"Content-Length": str(len(content) - start), **(headers or {})}
        if start:
            named["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        for name, value in named.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content[start : self._end(start, len(content))])

    def _end(self, start: int, size: int) -> int:
        if not self.server.broken or not self.path.endswith(".safetensors"):
            return size
        self.server.broken -= 1
        self.close_connection = True
        return (start + size) // 2

    def log_message(self, *_: object) -> None:
        pass


def _entry(file: Path) -> dict[str, object]:
    content = file.read_bytes()
    return {"type": "file", "path": file.name, "size": len(content), "oid": _digest(content)}


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@contextmanager
def serving(folder: Path) -> Iterator[Hub]:
    """Runs a hub with the files of `folder` while the context lasts."""
    with running(Hub(folder)) as hub:
        yield hub
