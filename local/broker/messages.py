"""The messages of the embedded broker, and their states."""

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
        """Returns the message for a push request's body. Like Pub/Sub, it has both spellings."""
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
        """Returns the message for the response to a pull."""
        return types.PubsubMessage(
            data=self.data,
            attributes=dict(self.attributes),
            message_id=self.id,
            publish_time=self.published,
            ordering_key=self.ordering_key,
        )


@dataclass(frozen=True, slots=True)
class Queued:
    """A message in the backlog of a subscription.

    `due` is in seconds since 1970, because it must stay valid over a restart. `key` is unique in
    the broker and orders messages that are due at the same time. `attempt` is the number of the
    next or current delivery, from 1.
    """

    due: float
    key: int
    message: Message
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery of a message. `attempt` counts from 1."""

    ack_id: str
    message: Message
    attempt: int
