"""Routes of uploads: media, multipart and resumable."""

import re
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, make_response, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import RequestEntityTooLarge

from local.storage.errors import ApiError, error_response, invalid
from local.storage.route_helpers import base, resource
from local.storage.store import Store
from local.storage.uploads import Plan, Session, Sessions, parse_json, split_multipart

_SIZE = re.compile(r"[0-9]{1,19}")
_METHODS = ["POST", "PUT", "DELETE", "OPTIONS"]
_RESUME_INCOMPLETE = 308
_CLIENT_CLOSED_REQUEST = 499
"""Status codes for an incomplete and for a cancelled upload:
https://cloud.google.com/storage/docs/performing-resumable-uploads."""


class Uploads:
    """The routes of uploads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._sessions = Sessions()

    def register(self, app: Flask) -> None:
        """Adds the routes."""
        for prefix in ("/upload", "/resumable/upload"):
            path = f"{prefix}/storage/v1/b/<bucket>/o"
            app.add_url_rule(path, prefix, self._upload, methods=_METHODS)

    def _upload(self, bucket: str) -> ResponseReturnValue:
        upload_id = request.args.get("upload_id")
        if upload_id:
            session = self._sessions.get(upload_id)
            try:
                response = self._resume(upload_id, session)
            except ApiError as error:  # so that the page that began the upload may read the error
                response = error_response(error)
            return _allow(session.origin, response)
        body = request.get_data()
        content_type = request.headers.get("Content-Type", "")
        match request.args.get("uploadType"):
            case "media":
                plan = Plan.of(bucket, request.args, {}, content_type)
                return self._store_all(plan, body)
            case "multipart":
                fields, content, part_type = split_multipart(body, content_type)
                return self._store_all(Plan.of(bucket, request.args, fields, part_type), content)
            case "resumable":
                self._store.require_bucket(bucket)
                declared = request.headers.get("X-Upload-Content-Type", "")
                plan = Plan.of(bucket, request.args, parse_json(body), declared)
                origin = request.headers.get("Origin")
                upload_id = self._sessions.begin(Session(plan, origin, _declared_size()))
                location = f"{base()}{request.path}?uploadType=resumable&upload_id={upload_id}"
                return "", HTTPStatus.OK, {"Location": location, "X-GUploader-UploadID": upload_id}
            case other:
                raise invalid(f"uploadType must be media, multipart or resumable, not {other!r}.")

    def _resume(self, upload_id: str, session: Session) -> ResponseReturnValue:
        if request.method == "OPTIONS":
            return "", HTTPStatus.NO_CONTENT
        if request.method == "DELETE":
            self._sessions.end(upload_id)
            return "", _CLIENT_CLOSED_REQUEST
        if session.size is not None:  # one more byte shows that a chunked body is too long
            request.max_content_length = session.size + 1
        try:
            body = request.get_data()
        except RequestEntityTooLarge as error:
            raise invalid(f"The upload was declared with {session.size} bytes.") from error
        if not session.accept(body, request.headers.get("Content-Range")):
            return "", _RESUME_INCOMPLETE, session.range_header
        response = self._store_all(session.plan, bytes(session.content))
        self._sessions.end(upload_id)
        return response

    def _store_all(self, plan: Plan, content: bytes) -> dict[str, Any]:
        return resource(
            self._store.put(plan.bucket, plan.name, content, plan.fields, plan.conditions)
        )


def _declared_size() -> int | None:
    """Returns the size in bytes that the client declares for a resumable upload, if any."""
    size = request.headers.get("X-Upload-Content-Length")
    if size is None:
        return None
    if not _SIZE.fullmatch(size):
        raise invalid(f"X-Upload-Content-Length must be a number, not {size!r}.")
    return int(size)


def _allow(origin: str | None, content: ResponseReturnValue) -> Response:
    """Lets only pages of the origin that began an upload send its content.

    In the JSON API the origin of the first request decides:
    https://cloud.google.com/storage/docs/cross-origin.
    """
    response = make_response(content)
    if origin:
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Allow-Methods"] = ", ".join(_METHODS)
        response.headers["Access-Control-Allow-Headers"] = "Content-Type, Content-Range"
    return response
