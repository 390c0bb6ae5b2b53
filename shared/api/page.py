"""Serves the web page, with headers that allow it to load nothing from other sites."""

import base64
import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path

from flask import Flask, Response, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

_INDEX = "index.html"

_MODULE = ".js"

_BASE64 = ".base64"
"""Suffix of files that are stored as base64 text, because Terraform's archive_file takes only text.
They are served decoded, under the name without the suffix."""

_DIGEST_CHARACTERS = 16
"""Length of a digest: 64 bits of a SHA-256, so that no two versions of a file have the same."""


_COMPRESSED = ("text/", "image/svg+xml")
"""Beginnings of the media types that are compressed. Other pictures are compressed already."""


@dataclass(frozen=True, slots=True)
class _File:
    """A file of the page. `gzipped` is its content with gzip; None if that does not pay."""

    content: bytes
    gzipped: bytes | None
    media_type: str
    digest: str


class Page:
    """Serves the files of a folder from memory, compressed if the client can read that.

    ETags are digests of the content. Deployments set the same date for all files, so date and size
    do not tell two versions apart. Browsers ask each time whether a file has changed.

    The response with the page names all its modules, so that a browser does not have to read one
    module to learn of the next.
    """

    def __init__(self, folder: Path, upload_origins: tuple[str, ...]) -> None:
        self._files = {
            file.relative_to(folder).as_posix().removesuffix(_BASE64): _read(file)
            for file in folder.rglob("*")
            if file.is_file()
        }
        self._policy = policy(upload_origins)
        modules = sorted(name for name in self._files if name.endswith(_MODULE))
        self._preload = ", ".join(f"<page/{name}>; rel=modulepreload" for name in modules)

    def register(self, app: Flask) -> None:
        """Adds the routes to the app."""
        app.get("/")(self._index)
        app.get("/page/<path:name>")(self._file)
        app.after_request(self._add_headers)

    def _index(self) -> ResponseReturnValue:
        response = self._response(_INDEX)
        response.headers["Link"] = self._preload
        return response.make_conditional(request)

    def _file(self, name: str) -> ResponseReturnValue:
        return self._response(name).make_conditional(request)

    def _response(self, name: str) -> Response:
        file = self._files.get(name)
        if file is None:
            raise NotFound(f"There is no {request.path}.")
        response = Response(file.content, mimetype=file.media_type)
        response.set_etag(file.digest)
        response.cache_control.no_cache = True
        if file.gzipped is not None:
            response.vary.add("Accept-Encoding")
            if request.accept_encodings.quality("gzip") > 0:
                response.set_data(file.gzipped)
                response.content_encoding = "gzip"
                response.set_etag(f"{file.digest}-gzip")
        return response

    def _add_headers(self, response: Response) -> Response:
        response.headers["Content-Security-Policy"] = self._policy
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
        response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        return response


def policy(upload_origins: tuple[str, ...]) -> str:
    """Returns a Content-Security-Policy.

    It allows files of this site, images that the page creates, and requests to these origins.
    """
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' blob:",
            " ".join(("connect-src 'self'", *upload_origins)),
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
        )
    )


def _read(file: Path) -> _File:
    content = file.read_bytes()
    if file.suffix == _BASE64:
        content = base64.b64decode(content)
    media_type = mimetypes.guess_type(file.name.removesuffix(_BASE64))[0]
    media_type = media_type or "application/octet-stream"
    gzipped = gzip.compress(content, mtime=0) if media_type.startswith(_COMPRESSED) else None
    digest = hashlib.sha256(content).hexdigest()[:_DIGEST_CHARACTERS]
    return _File(content, gzipped, media_type, digest)
