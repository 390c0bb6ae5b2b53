"""The HTTP face: https://cloud.google.com/storage/docs/json_api/v1."""

import re
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from flask import Flask, Response, jsonify, request
from flask.typing import ResponseReturnValue

from local.storage import resources
from local.storage.errors import ApiError, invalid, not_found
from local.storage.index import Entry
from local.storage.preconditions import Preconditions
from local.storage.store import Store
from local.storage.uploads import Plan, Sessions, parse_json, split_multipart

_CHUNK = 1 << 20
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_RESUME_INCOMPLETE = 308
_CLIENT_CLOSED_REQUEST = 499

WsgiApp = Callable[[dict[str, Any], Any], Iterable[bytes]]


def create_app(store: Store) -> Flask:
    """The server over a store."""
    app = Flask(__name__)
    app.url_map.merge_slashes = False
    app.wsgi_app = _keep_encoded(app.wsgi_app)  # type: ignore[method-assign, assignment]  # how Flask documents middleware
    app.register_error_handler(ApiError, _answer_error)
    _Buckets(store).register(app)
    _Objects(store).register(app)
    _Uploads(store).register(app)
    return app


def _keep_encoded(app: WsgiApp) -> WsgiApp:
    """Routes by the path as it was sent: a decoded object name may hold slashes of its own."""

    def with_raw_path(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        environ["PATH_INFO"] = environ["REQUEST_URI"].partition("?")[0]
        return app(environ, start_response)

    return with_raw_path


class _Buckets:
    """Buckets and their notification configurations."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def register(self, app: Flask) -> None:
        app.get("/storage/v1/b")(self.list_buckets)
        app.post("/storage/v1/b")(self.create_bucket)
        app.get("/storage/v1/b/<bucket>")(self.get_bucket)
        app.delete("/storage/v1/b/<bucket>")(self.delete_bucket)
        app.get("/storage/v1/b/<bucket>/notificationConfigs")(self.list_notifications)
        app.post("/storage/v1/b/<bucket>/notificationConfigs")(self.create_notification)
        app.delete("/storage/v1/b/<bucket>/notificationConfigs/<int:number>")(
            self.delete_notification
        )

    def list_buckets(self) -> ResponseReturnValue:
        prefix = request.args.get("prefix", "")
        found = self._store.index.buckets().items()
        items = [
            resources.bucket_resource(name, created, _base())
            for name, created in found
            if name.startswith(prefix)
        ]
        return {"kind": "storage#buckets", "items": items}

    def create_bucket(self) -> ResponseReturnValue:
        name = str(parse_json(request.get_data()).get("name", ""))
        if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]", name):
            raise invalid(f"Invalid bucket name: {name!r}")
        return resources.bucket_resource(name, self._store.create_bucket(name), _base())

    def get_bucket(self, bucket: str) -> ResponseReturnValue:
        return resources.bucket_resource(bucket, self._store.require_bucket(bucket), _base())

    def delete_bucket(self, bucket: str) -> ResponseReturnValue:
        self._store.delete_bucket(bucket)
        return "", HTTPStatus.NO_CONTENT

    def list_notifications(self, bucket: str) -> ResponseReturnValue:
        self._store.require_bucket(bucket)
        found = self._store.index.notifications(bucket)
        items = [_notification(bucket, number, config) for number, config in found.items()]
        return {"kind": "storage#notifications", "items": items}

    def create_notification(self, bucket: str) -> ResponseReturnValue:
        self._store.require_bucket(bucket)
        config = parse_json(request.get_data())
        if not re.fullmatch(
            r"//pubsub\.googleapis\.com/projects/[^/]+/topics/[^/]+", str(config.get("topic"))
        ):
            raise invalid("topic must be //pubsub.googleapis.com/projects/PROJECT/topics/TOPIC.")
        number = self._store.index.add_notification(bucket, config)
        return _notification(bucket, number, config)

    def delete_notification(self, bucket: str, number: int) -> ResponseReturnValue:
        if not self._store.index.remove_notification(bucket, number):
            raise not_found(f"notification {number} of {bucket}")
        return "", HTTPStatus.NO_CONTENT


class _Objects:
    """Reading, listing, changing, copying and deleting objects."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def register(self, app: Flask) -> None:
        one = "/storage/v1/b/<bucket>/o/<name>"
        app.get("/storage/v1/b/<bucket>/o")(self.list_objects)
        app.get(one)(self.get_object)
        app.get("/download/storage/v1/b/<bucket>/o/<name>")(self.download)
        app.patch(one)(self.patch)
        app.put(one)(self.patch)
        app.delete(one)(self.delete)
        for verb in ("copyTo", "rewriteTo"):
            app.post(f"{one}/{verb}/b/<to_bucket>/o/<to_name>", endpoint=verb)(self.copy)

    def list_objects(self, bucket: str) -> ResponseReturnValue:
        page = self._store.list(bucket, resources.ListQuery.of(request.args))
        answer: dict[str, Any] = {"kind": "storage#objects"}
        if page.entries:
            answer["items"] = [_resource(entry) for entry in page.entries]
        if page.prefixes:
            answer["prefixes"] = page.prefixes
        if page.next_start is not None:
            answer["nextPageToken"] = resources.page_token(page.next_start)
        return answer

    def get_object(self, bucket: str, name: str) -> ResponseReturnValue:
        if request.args.get("alt") == "media":
            return self.download(bucket, name)
        entry = self._store.get(
            bucket, _decoded(name), _generation(), Preconditions.of(request.args)
        )
        return _resource(entry)

    def download(self, bucket: str, name: str) -> ResponseReturnValue:
        entry, content = self._store.open(bucket, _decoded(name), _generation())
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

    def patch(self, bucket: str, name: str) -> ResponseReturnValue:
        changes = parse_json(request.get_data())
        conditions = Preconditions.of(request.args)
        return _resource(self._store.patch(bucket, _decoded(name), changes, conditions))

    def delete(self, bucket: str, name: str) -> ResponseReturnValue:
        conditions = Preconditions.of(request.args)
        self._store.delete(bucket, _decoded(name), _generation(), conditions)
        return "", HTTPStatus.NO_CONTENT

    def copy(self, bucket: str, name: str, to_bucket: str, to_name: str) -> ResponseReturnValue:
        source, content = self._store.open(bucket, _decoded(name), _generation("sourceGeneration"))
        with content:
            Preconditions.of(request.args, "ifSource").check(
                source.generation, source.metageneration
            )
            data = content.read()
        fields = {**source.fields, **parse_json(request.get_data())}
        entry = self._store.put(
            to_bucket, _decoded(to_name), data, fields, Preconditions.of(request.args)
        )
        if "/copyTo/" in request.path:
            return _resource(entry)
        size = str(entry.size)
        return {
            "kind": "storage#rewriteResponse",
            "totalBytesRewritten": size,
            "objectSize": size,
            "done": True,
            "resource": _resource(entry),
        }


class _Uploads:
    """Uploads in their three forms."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._sessions = Sessions()

    def register(self, app: Flask) -> None:
        for prefix in ("/upload", "/resumable/upload"):
            path = f"{prefix}/storage/v1/b/<bucket>/o"
            app.add_url_rule(path, prefix, self.upload, methods=["POST", "PUT", "DELETE"])

    def upload(self, bucket: str) -> ResponseReturnValue:
        upload_id = request.args.get("upload_id")
        if upload_id:
            return self._resume(upload_id)
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
                upload_id = self._sessions.begin(
                    Plan.of(bucket, request.args, parse_json(body), declared)
                )
                place = f"{_base()}{request.path}?uploadType=resumable&upload_id={upload_id}"
                return "", HTTPStatus.OK, {"Location": place, "X-GUploader-UploadID": upload_id}
            case other:
                raise invalid(f"uploadType must be media, multipart or resumable, not {other!r}.")

    def _resume(self, upload_id: str) -> ResponseReturnValue:
        session = self._sessions.get(upload_id)
        if request.method == "DELETE":
            self._sessions.end(upload_id)
            return "", _CLIENT_CLOSED_REQUEST
        if not session.accept(request.get_data(), request.headers.get("Content-Range")):
            return "", _RESUME_INCOMPLETE, session.range_header
        answer = self._store_all(session.plan, bytes(session.content))
        self._sessions.end(upload_id)
        return answer

    def _store_all(self, plan: Plan, content: bytes) -> dict[str, Any]:
        return _resource(
            self._store.put(plan.bucket, plan.name, content, plan.fields, plan.conditions)
        )


def _answer_error(error: ApiError) -> Response:
    if error.status is HTTPStatus.NOT_MODIFIED:
        return Response(status=error.status)
    details = {"domain": "global", "reason": error.reason, "message": str(error)}
    answer = jsonify(error={"code": error.status, "message": str(error), "errors": [details]})
    answer.status_code = error.status
    return answer


def _base() -> str:
    return request.host_url.rstrip("/")


def _resource(entry: Entry) -> dict[str, Any]:
    return resources.object_resource(entry, _base())


def _notification(bucket: str, number: int, config: dict[str, Any]) -> dict[str, Any]:
    link = f"{_base()}/storage/v1/b/{bucket}/notificationConfigs/{number}"
    return {"kind": "storage#notification", "id": str(number), "selfLink": link, **config}


def _decoded(name: str) -> str:
    try:
        return unquote(name, errors="strict")
    except UnicodeDecodeError as error:
        raise invalid("Object names are UTF-8.") from error


def _generation(parameter: str = "generation") -> int | None:
    value = request.args.get(parameter, "")
    if value and not value.isdigit():
        raise invalid(f"{parameter} must be a number, not {value!r}.")
    return int(value) if value else None


def _range(header: str | None, size: int) -> tuple[int, int]:
    """The half-open range of bytes that a Range header asks for."""
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
