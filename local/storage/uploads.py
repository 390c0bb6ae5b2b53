"""Parses uploads: media, multipart and resumable."""

import json
import re
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from typing import Any

from cachetools import TTLCache

from local.storage.errors import invalid, not_found
from local.storage.preconditions import Preconditions

_RANGE = re.compile(r"bytes (?:(\d{1,19})-(\d{1,19})|\*)/(\d{1,19}|\*)")

_MOST_SESSIONS = 1000
"""Limit for resumable uploads in progress. Chosen by hand: their content is in memory."""

_SESSION_SECONDS = 7 * 24 * 3600
"""Lifetime of a resumable upload, a week:
https://cloud.google.com/storage/docs/resumable-uploads#session-uris."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The object that an upload creates when its content is complete."""

    bucket: str
    name: str
    fields: Mapping[str, Any]
    conditions: Preconditions

    @classmethod
    def of(
        cls, bucket: str, arguments: Mapping[str, str], fields: Mapping[str, Any], content_type: str
    ) -> "Plan":
        """Returns the plan by the query, the resource that was sent, and the content's type.

        Raises:
            ApiError: the object has no name, or a precondition is invalid.
        """
        name = arguments.get("name") or fields.get("name")
        if not name:
            raise invalid("Required parameter: name")
        typed = {"contentType": content_type, **fields} if content_type else fields
        encoding = arguments.get("contentEncoding")
        encoded = {**typed, "contentEncoding": encoding} if encoding else typed
        return cls(bucket, str(name), encoded, Preconditions.of(arguments))


def parse_json(body: bytes) -> dict[str, Any]:
    """Parses a resource in a request's body. An empty body is an empty resource.

    Raises:
        ApiError: the body is not a JSON object.
    """
    if not body.strip():
        return {}
    try:
        value = json.loads(body)
    except ValueError as error:
        raise invalid("Parse Error: the body is not JSON.") from error
    if not isinstance(value, dict):
        raise invalid("The body is not a JSON object.")
    return value


def split_multipart(body: bytes, content_type: str) -> tuple[dict[str, Any], bytes, str]:
    """Returns the resource, the content, and the content's type of a multipart/related body.

    Line ends may be CRLF or LF, and the boundary may have single quotes; gsutil sends LF and
    quotes. The content may contain lines that look like the boundary: only the last one ends it.

    Raises:
        ApiError: the body is malformed.
    """
    header = Message()
    header["Content-Type"] = content_type
    if header.get_content_type() != "multipart/related":  # a page's form cannot have this type
        raise invalid(f"Send multipart/related, not {content_type!r}.")
    boundary = header.get_param("boundary")
    if not isinstance(boundary, str) or not boundary:
        raise invalid("multipart/related needs a boundary.")
    delimiter = b"--" + boundary.strip("'").encode()
    line_end = b"\r\n" if body[body.find(delimiter) + len(delimiter) :][:2] == b"\r\n" else b"\n"
    start = body.find(delimiter)
    end = body.rfind(line_end + delimiter + b"--")
    middle = body.find(line_end + delimiter + line_end, start)
    if not 0 <= start < middle < end:
        raise invalid("The multipart body is malformed: it must have two parts.")
    first = body[start + len(delimiter) + len(line_end) : middle]
    second = body[middle + 2 * len(line_end) + len(delimiter) : end]
    resource = _headers_and_content(first, line_end)[1]
    headers, content = _headers_and_content(second, line_end)
    return parse_json(resource), content, headers.get("content-type", "")


def _headers_and_content(part: bytes, line_end: bytes) -> tuple[dict[str, str], bytes]:
    if part.startswith(line_end):
        return {}, part[len(line_end) :]
    head, separator, content = part.partition(line_end * 2)
    if not separator:
        raise invalid("The multipart body is malformed: the headers of a part have no end.")
    pairs = (line.partition(b":") for line in head.split(line_end))
    headers = {key.decode().strip().lower(): value.decode().strip() for key, _, value in pairs}
    return headers, content


@dataclass(slots=True)
class Session:
    """A resumable upload in progress.

    `origin` is the origin of the page that began it, or None for a program. `size` is the declared
    size in bytes, or None.
    """

    plan: Plan
    origin: str | None = None
    size: int | None = None
    content: bytearray = field(default_factory=bytearray)

    def accept(self, body: bytes, content_range: str | None) -> bool:
        """Adds a chunk; returns whether the content is complete.

        Bytes that were sent before are accepted again. Protocol:
        https://cloud.google.com/storage/docs/performing-resumable-uploads.

        Raises:
            ApiError: the chunk leaves a gap, has more bytes than declared, or declares another
                size.
        """
        if content_range is None:
            self._take(0, body, self.size)
            return True
        match = _RANGE.fullmatch(content_range)
        if not match:
            raise invalid(f"Malformed Content-Range: {content_range}")
        first, last, total = match.groups()
        size = self.size if total == "*" else int(total)
        if self.size not in (None, size):
            raise invalid(f"X-Upload-Content-Length was {self.size}, the Content-Range has {size}.")
        if first is not None:
            if int(first) > len(self.content):
                raise invalid(
                    f"The chunk starts at {first}, but only {len(self.content)} bytes were sent."
                )
            self._take(int(first), body, int(last) + 1, size)
        return total != "*" and len(self.content) >= int(total)

    def _take(self, first: int, body: bytes, *ends: int | None) -> None:
        end = min((end for end in ends if end is not None), default=None)
        if end is not None and first + len(body) > end:
            raise invalid(f"{end} bytes were declared, but {first + len(body)} were sent.")
        self.content[first:] = body

    @property
    def range_header(self) -> dict[str, str]:
        """The header that says which bytes have arrived."""
        return {"Range": f"bytes=0-{len(self.content) - 1}"} if self.content else {}


class Sessions:
    """Resumable uploads by ID. If there are too many, the least recently used ones are removed.

    They are in memory, so clients must start again after a restart.
    """

    def __init__(self, timer: Callable[[], float] = time.monotonic) -> None:
        self._lock = threading.Lock()
        self._sessions: TTLCache[str, Session] = TTLCache(_MOST_SESSIONS, _SESSION_SECONDS, timer)

    def begin(self, session: Session) -> str:
        """Adds an upload; returns its ID."""
        upload_id = secrets.token_urlsafe(24)
        with self._lock:
            self._sessions[upload_id] = session
        return upload_id

    def get(self, upload_id: str) -> Session:
        """Returns an upload.

        Raises:
            ApiError: 404 if it is not in progress.
        """
        with self._lock:
            session = self._sessions.get(upload_id)
        if session is None:
            raise not_found(f"upload {upload_id}")
        return session

    def end(self, upload_id: str) -> None:
        """Removes an upload."""
        with self._lock:
            self._sessions.pop(upload_id, None)
