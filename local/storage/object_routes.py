"""Routes that read, list, change, copy and delete objects."""

import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, request
from flask.typing import ResponseReturnValue

from local.storage import resources
from local.storage.errors import ApiError
from local.storage.index import Entry
from local.storage.preconditions import Preconditions
from local.storage.route_helpers import decoded, requested_generation, resource
from local.storage.store import Store
from local.storage.uploads import parse_json

_CHUNK = 1 << 20
"""Bytes of a download that are read at once. Chosen by hand: more need more memory, fewer more
system calls."""

_RANGE = re.compile(r"bytes=(\d{0,19})-(\d{0,19})")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\xa0-\xff]*")
"""A valid header value: https://www.rfc-editor.org/rfc/rfc9110#section-5.5, decoded as Latin-1."""


class Objects:
    """The routes of objects."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def register(self, app: Flask) -> None:
        """Adds the routes."""
        path = "/storage/v1/b/<bucket>/o/<name>"
        app.get("/storage/v1/b/<bucket>/o")(self._list_objects)
        app.get(path)(self._get_object)
        app.get("/download/storage/v1/b/<bucket>/o/<name>")(self._download)
        app.patch(path)(self._patch)
        app.put(path)(self._patch)
        app.delete(path)(self._delete)
        for verb in ("copyTo", "rewriteTo"):
            app.post(f"{path}/{verb}/b/<to_bucket>/o/<to_name>", endpoint=verb)(self._copy)

    def _list_objects(self, bucket: str) -> ResponseReturnValue:
        page = self._store.list(bucket, resources.ListQuery.of(request.args))
        listing: dict[str, Any] = {"kind": "storage#objects"}
        if page.entries:
            listing["items"] = [resource(entry) for entry in page.entries]
        if page.prefixes:
            listing["prefixes"] = page.prefixes
        if page.next_start is not None:
            listing["nextPageToken"] = resources.page_token(page.next_start)
        return listing

    def _get_object(self, bucket: str, name: str) -> ResponseReturnValue:
        if request.args.get("alt") == "media":
            return self._download(bucket, name)
        entry = self._store.get(
            bucket, decoded(name), requested_generation(), Preconditions.of(request.args)
        )
        return resource(entry)

    def _download(self, bucket: str, name: str) -> ResponseReturnValue:
        entry, content = self._store.open(bucket, decoded(name), requested_generation())
        try:
            Preconditions.of(request.args).check(
                entry.generation, entry.metageneration, reading=True
            )
            start, end = _range(request.headers.get("Range"), entry.size)
        except ApiError:
            content.close()
            raise
        headers = {
            "Content-Type": str(entry.fields.get("contentType", "application/octet-stream")),
            "Content-Disposition": _disposition(entry),
            "Content-Length": str(end - start),
            "ETag": resources.etag(entry),
            "X-Goog-Generation": str(entry.generation),
            "X-Goog-Metageneration": str(entry.metageneration),
            "X-Goog-Hash": f"crc32c={entry.crc32c},md5={entry.md5}",
            "X-Goog-Stored-Content-Length": str(entry.size),
        }
        if encoding := entry.fields.get("contentEncoding"):
            headers["Content-Encoding"] = headers["X-Goog-Stored-Content-Encoding"] = str(encoding)
        status = HTTPStatus.OK
        if "Range" in request.headers and entry.size:
            status = HTTPStatus.PARTIAL_CONTENT
            headers["Content-Range"] = f"bytes {start}-{end - 1}/{entry.size}"

        def chunks() -> Iterable[bytes]:
            with content:
                content.seek(start)
                left = end - start
                while left and (chunk := content.read(min(left, _CHUNK))):
                    left -= len(chunk)
                    yield chunk

        return Response(chunks(), status, headers)

    def _patch(self, bucket: str, name: str) -> ResponseReturnValue:
        changes = parse_json(request.get_data())
        conditions = Preconditions.of(request.args)
        return resource(self._store.patch(bucket, decoded(name), changes, conditions))

    def _delete(self, bucket: str, name: str) -> ResponseReturnValue:
        conditions = Preconditions.of(request.args)
        self._store.delete(bucket, decoded(name), requested_generation(), conditions)
        return "", HTTPStatus.NO_CONTENT

    def _copy(self, bucket: str, name: str, to_bucket: str, to_name: str) -> ResponseReturnValue:
        source, content = self._store.open(
            bucket, decoded(name), requested_generation("sourceGeneration")
        )
        with content:
            Preconditions.of(request.args, "ifSource").check(
                source.generation, source.metageneration
            )
            data = content.read()
        fields = {**source.fields, **parse_json(request.get_data())}
        entry = self._store.put(
            to_bucket, decoded(to_name), data, fields, Preconditions.of(request.args)
        )
        if "/copyTo/" in request.path:
            return resource(entry)
        size = str(entry.size)
        return {
            "kind": "storage#rewriteResponse",
            "totalBytesRewritten": size,
            "objectSize": size,
            "done": True,
            "resource": resource(entry),
        }


def _disposition(entry: Entry) -> str:
    """Returns the object's content disposition if it is a valid header value, else `attachment`.

    Browsers save attachments. Objects that they show have no scripts (`api._disable_scripts`).
    """
    disposition = str(entry.fields.get("contentDisposition") or "attachment")
    return disposition if _HEADER_VALUE.fullmatch(disposition) else "attachment"


def _range(header: str | None, size: int) -> tuple[int, int]:
    """Returns the half-open range of bytes that a Range header requests, or the complete range.

    Raises:
        ApiError: the range starts after the object's end.
    """
    match = _RANGE.fullmatch(header) if header else None
    if not match or match.groups() == ("", ""):
        return 0, size
    first, last = match.groups()
    if not first:
        return max(0, size - int(last)), size
    start = int(first)
    if start >= size and not (start == 0 and size == 0):
        raise ApiError(
            HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
            "requestedRangeNotSatisfiable",
            f"The object has {size} bytes.",
        )
    return start, min(int(last) + 1, size) if last else size
