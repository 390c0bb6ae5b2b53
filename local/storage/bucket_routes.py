"""Routes of buckets and their notification configurations."""

import re
from http import HTTPStatus
from typing import Any

from flask import Flask, request
from flask.typing import ResponseReturnValue

from local.storage import resources
from local.storage.errors import invalid, not_found
from local.storage.route_helpers import base
from local.storage.store import Store
from local.storage.uploads import parse_json


class Buckets:
    """The routes of buckets and their notification configurations."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def register(self, app: Flask) -> None:
        """Adds the routes."""
        app.get("/storage/v1/b")(self._list_buckets)
        app.post("/storage/v1/b")(self._create_bucket)
        app.get("/storage/v1/b/<bucket>")(self._get_bucket)
        app.delete("/storage/v1/b/<bucket>")(self._delete_bucket)
        app.get("/storage/v1/b/<bucket>/notificationConfigs")(self._list_notifications)
        app.post("/storage/v1/b/<bucket>/notificationConfigs")(self._create_notification)
        app.delete("/storage/v1/b/<bucket>/notificationConfigs/<int:number>")(
            self._delete_notification
        )

    def _list_buckets(self) -> ResponseReturnValue:
        prefix = request.args.get("prefix", "")
        found = self._store.index.buckets().items()
        items = [
            resources.bucket_resource(name, created, base())
            for name, created in found
            if name.startswith(prefix)
        ]
        return {"kind": "storage#buckets", "items": items}

    def _create_bucket(self) -> ResponseReturnValue:
        name = str(parse_json(request.get_data()).get("name", ""))
        if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]", name):
            raise invalid(f"Invalid bucket name: {name!r}")
        return resources.bucket_resource(name, self._store.create_bucket(name), base())

    def _get_bucket(self, bucket: str) -> ResponseReturnValue:
        return resources.bucket_resource(bucket, self._store.require_bucket(bucket), base())

    def _delete_bucket(self, bucket: str) -> ResponseReturnValue:
        self._store.delete_bucket(bucket)
        return "", HTTPStatus.NO_CONTENT

    def _list_notifications(self, bucket: str) -> ResponseReturnValue:
        self._store.require_bucket(bucket)
        found = self._store.index.notifications(bucket)
        items = [_notification(bucket, number, config) for number, config in found.items()]
        return {"kind": "storage#notifications", "items": items}

    def _create_notification(self, bucket: str) -> ResponseReturnValue:
        self._store.require_bucket(bucket)
        config = parse_json(request.get_data())
        if not re.fullmatch(
            r"//pubsub\.googleapis\.com/projects/[^/]+/topics/[^/]+", str(config.get("topic"))
        ):
            raise invalid("topic must be //pubsub.googleapis.com/projects/PROJECT/topics/TOPIC.")
        number = self._store.index.add_notification(bucket, config)
        return _notification(bucket, number, config)

    def _delete_notification(self, bucket: str, number: int) -> ResponseReturnValue:
        if not self._store.index.remove_notification(bucket, number):
            raise not_found(f"notification {number} of {bucket}")
        return "", HTTPStatus.NO_CONTENT


def _notification(bucket: str, number: int, config: dict[str, Any]) -> dict[str, Any]:
    link = f"{base()}/storage/v1/b/{bucket}/notificationConfigs/{number}"
    return {"kind": "storage#notification", "id": str(number), "selfLink": link, **config}
