"""Pub/Sub notifications like those of Cloud Storage.

Attributes and payload: https://cloud.google.com/storage/docs/pubsub-notifications. The transaction
that changes an object also adds its notification to the outbox, so none is lost. A thread sends the
messages in the outbox.
"""

import json
import logging
import threading
from collections.abc import Mapping
from typing import Any

from google.api_core.exceptions import GoogleAPICallError
from google.cloud import pubsub_v1

from local.storage.index import Entry, Index
from local.storage.resources import object_resource

_log = logging.getLogger(__name__)

_SERVICE = "//pubsub.googleapis.com/"
_BASE = "https://www.googleapis.com"
_BATCH = 100
"""Messages that are published together. Chosen by hand: after a failure, all are published
again."""

_PAUSE = 0.02
_PAUSE_AFTER_FAILURE = 1.0
"""Seconds between checks of the outbox, if it is empty and after a failure. Chosen by hand: shorter
pauses cost processor time, longer ones delay notifications."""

_PUBLISH_SECONDS = 10
"""Timeout to publish a message. Chosen by hand: a longer one waits longer on a broken
connection."""


def announce_finalized(index: Index, entry: Entry, before: Entry | None) -> None:
    """Announces a new generation."""
    extra = {"overwroteGeneration": str(before.generation)} if before else {}
    _announce(index, "OBJECT_FINALIZE", entry, extra)


def announce_overwritten(index: Index, before: Entry, after: Entry) -> None:
    """Announces that a new generation has replaced an old one."""
    _announce(index, "OBJECT_DELETE", before, {"overwrittenByGeneration": str(after.generation)})


def announce_deleted(index: Index, entry: Entry) -> None:
    """Announces that an object was deleted."""
    _announce(index, "OBJECT_DELETE", entry, {})


def announce_metadata_update(index: Index, entry: Entry) -> None:
    """Announces that an object's metadata was changed."""
    _announce(index, "OBJECT_METADATA_UPDATE", entry, {})


def _announce(index: Index, event: str, entry: Entry, extra: Mapping[str, str]) -> None:
    for number, config in index.notifications(entry.bucket).items():
        if not _is_wanted(config, event, entry.name):
            continue
        payload_format = str(config.get("payload_format", "JSON_API_V1"))
        attributes = {
            "notificationConfig": f"projects/_/buckets/{entry.bucket}/notificationConfigs/{number}",
            "eventType": event,
            "payloadFormat": payload_format,
            "bucketId": entry.bucket,
            "objectId": entry.name,
            "objectGeneration": str(entry.generation),
            "eventTime": entry.updated,
            **extra,
            **_custom(config),
        }
        resource = json.dumps(object_resource(entry, _BASE), indent=2).encode()
        data = resource if payload_format == "JSON_API_V1" else b""
        index.post(str(config["topic"]).removeprefix(_SERVICE), attributes, data)


def _is_wanted(config: Mapping[str, Any], event: str, name: str) -> bool:
    events = config.get("event_types")
    return (not events or event in events) and name.startswith(config.get("object_name_prefix", ""))


def _custom(config: Mapping[str, Any]) -> Mapping[str, str]:
    return config.get("custom_attributes") or {}


class Sender(threading.Thread):
    """Publishes the messages in the outbox, oldest first; retries until it succeeds."""

    def __init__(self, index: Index) -> None:
        super().__init__(daemon=True, name="notifications")
        self._index = index
        self._publisher = pubsub_v1.PublisherClient()

    def run(self) -> None:
        """Publishes messages forever."""
        pause = threading.Event()
        while True:
            try:
                sent = self._send()
            except (GoogleAPICallError, TimeoutError):
                _log.exception("the broker accepts no notifications; they are sent later")
                pause.wait(_PAUSE_AFTER_FAILURE)
            else:
                if not sent:
                    pause.wait(_PAUSE)

    def _send(self) -> int:
        batch = self._index.outbox(_BATCH)
        futures = [
            (number, self._publisher.publish(topic, data, timeout=_PUBLISH_SECONDS, **attributes))
            for number, topic, attributes, data in batch
        ]
        for number, future in futures:
            future.result(timeout=2 * _PUBLISH_SECONDS)
            self._index.sent(number)
        return len(batch)
