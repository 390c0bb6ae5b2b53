"""What the embedded broker carries."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from google.pubsub_v1 import types


@dataclass(frozen=True, slots=True)
class Message:
    """A published message."""

    id: str
    data: bytes
    attributes: Mapping[str, str]
    ordering_key: str
    published: datetime

    def to_push_json(self) -> dict[str, Any]:
        """As the body of a push request shows it, in both spellings that Pub/Sub sends."""
        time_text = self.published.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        message: dict[str, Any] = {
            "attributes": dict(self.attributes),
            "messageId": self.id,
            "message_id": self.id,
            "publishTime": time_text,
            "publish_time": time_text,
        }
        if self.data:
            message["data"] = base64.b64encode(self.data).decode()
        if self.ordering_key:
            message["orderingKey"] = self.ordering_key
        return message

    def to_proto(self) -> types.PubsubMessage:
        """As a pull shows it."""
        return types.PubsubMessage(
            data=self.data,
            attributes=dict(self.attributes),
            message_id=self.id,
            publish_time=self.published,
            ordering_key=self.ordering_key,
        )


@dataclass(frozen=True, slots=True)
class Queued:
    """A message in one subscription's backlog: its next, or running, attempt counts from 1.

    `key` is unique in the whole broker and orders messages that are due at the same time; `due` is
    in seconds since 1970, so that it outlives the process.
    """

    due: float
    key: int
    message: Message
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message handed out once."""

    ack_id: str
    message: Message
    attempt: int
