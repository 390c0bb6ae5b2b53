"""The web page's files, with headers that let it load nothing from anywhere else."""

import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path

from flask import Flask, Response, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

_INDEX = "index.html"


@dataclass(frozen=True, slots=True)
class _File:
    content: bytes
    kind: str
    digest: str


class Page:
    """Serves a folder's files from memory.

    Their ETags are digests: deployments give all files the same date, so date and size may be those
    of another version.
    """

    def __init__(self, folder: Path, connects_to: tuple[str, ...]) -> None:
        self._files = {
            file.relative_to(folder).as_posix(): _read(file)
            for file in folder.rglob("*")
            if file.is_file()
        }
        self._policy = policy(connects_to)

    def register(self, app: Flask) -> None:
        """Adds the routes."""
        app.get("/")(self._index)
        app.get("/page/<path:name>")(self._file)
        app.after_request(self._add_headers)

    def _index(self) -> ResponseReturnValue:
        return self._file(_INDEX)

    def _file(self, name: str) -> ResponseReturnValue:
        file = self._files.get(name)
        if file is None:
            raise NotFound(f"There is no {request.path}.")
        answer = Response(file.content, mimetype=file.kind)
        answer.set_etag(file.digest)
        answer.cache_control.no_cache = True
        return answer.make_conditional(request)

    def _add_headers(self, answer: Response) -> Response:
        answer.headers["Content-Security-Policy"] = self._policy
        answer.headers["X-Content-Type-Options"] = "nosniff"
        answer.headers["Referrer-Policy"] = "no-referrer"
        answer.headers["Cross-Origin-Opener-Policy"] = "same-origin"
        answer.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        return answer


def policy(connects_to: tuple[str, ...]) -> str:
    """A Content-Security-Policy: our own files, pictures made in the page, and these origins."""
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' blob:",
            " ".join(("connect-src 'self'", *connects_to)),
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
        )
    )


def _read(file: Path) -> _File:
    content = file.read_bytes()
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    return _File(content, kind, hashlib.sha256(content).hexdigest()[:16])
