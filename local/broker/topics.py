"""The embedded broker's state: topics, subscriptions, and messages on their way."""

import base64
import heapq
import itertools
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from google.pubsub_v1 import types

_DEFAULT_ACK_SECONDS = 10
_DEFAULT_MIN_BACKOFF = 0.1
_DEFAULT_MAX_BACKOFF = 60.0


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
class Delivery:
    """A message handed out once; `attempt` counts from 1."""

    ack_id: str
    message: Message
    attempt: int


@dataclass(slots=True)
class _Lease:
    message: Message
    attempt: int
    until: float


@dataclass
class Subscription:
    """One subscription's backlog: what waits, and what is handed out and not yet acknowledged.

    Every method expects the broker's lock to be held.
    """

    config: types.Subscription
    _waiting: list[tuple[float, int, Message, int]] = field(default_factory=list)
    _leased: dict[str, _Lease] = field(default_factory=dict)
    _counter: "itertools.count[int]" = field(default_factory=itertools.count)

    @property
    def ack_seconds(self) -> float:
        """How long a delivery may stay unacknowledged."""
        return self.config.ack_deadline_seconds or _DEFAULT_ACK_SECONDS

    def add(self, message: Message, attempt: int = 1, delay: float = 0) -> None:
        """Queues a message for its next attempt."""
        heapq.heappush(
            self._waiting, (time.monotonic() + delay, next(self._counter), message, attempt)
        )

    def take(self) -> Delivery | None:
        """Hands out the message that has been due longest, if one is due."""
        if not self._waiting or self._waiting[0][0] > time.monotonic():
            return None
        _, number, message, attempt = heapq.heappop(self._waiting)
        ack_id = f"{number}-{message.id}-{attempt}"
        self._leased[ack_id] = _Lease(message, attempt, time.monotonic() + self.ack_seconds)
        return Delivery(ack_id, message, attempt)

    def acknowledge(self, ack_id: str) -> None:
        """Forgets a delivery; one that ran out already is queued again and stays so."""
        self._leased.pop(ack_id, None)

    def extend(self, ack_id: str, seconds: float) -> None:
        """Gives a delivery more time."""
        if ack_id in self._leased:
            self._leased[ack_id].until = time.monotonic() + seconds

    def fail(self, ack_id: str) -> tuple[Message, int] | None:
        """Queues a failed delivery again, or returns it with its attempts if they are used up."""
        lease = self._leased.pop(ack_id, None)
        if lease is None:
            return None
        policy = self.config.dead_letter_policy
        if policy.dead_letter_topic and lease.attempt >= policy.max_delivery_attempts:
            return lease.message, lease.attempt
        self.add(lease.message, lease.attempt + 1, self._backoff(lease.attempt))
        return None

    def expired(self) -> list[str]:
        """Deliveries whose time is up."""
        now = time.monotonic()
        return [ack_id for ack_id, lease in self._leased.items() if lease.until <= now]

    @property
    def in_flight(self) -> int:
        """Deliveries handed out and not yet acknowledged."""
        return len(self._leased)

    def _backoff(self, attempt: int) -> float:
        """Seconds until the next attempt: doubled each time, within the retry policy."""
        policy = self.config.retry_policy
        least = _seconds(policy.minimum_backoff) or _DEFAULT_MIN_BACKOFF
        most = _seconds(policy.maximum_backoff) or _DEFAULT_MAX_BACKOFF
        return min(least * 2 ** (attempt - 1), most)


class Broker:
    """All topics and subscriptions. Safe to share between threads.

    `changed` is notified whenever something may have become deliverable.
    """

    def __init__(self) -> None:
        self.changed = threading.Condition(threading.RLock())
        self.topics: set[str] = set()
        self.subscriptions: dict[str, Subscription] = {}
        self._ids = itertools.count(1)

    def publish(
        self, topic: str, data: bytes, attributes: Mapping[str, str], ordering_key: str = ""
    ) -> str:
        """Queues a message on every subscription of the topic; its id."""
        with self.changed:
            message = Message(
                str(next(self._ids)), data, dict(attributes), ordering_key, datetime.now(UTC)
            )
            for subscription in self.subscriptions.values():
                if subscription.config.topic == topic:
                    subscription.add(message)
            self.changed.notify_all()
            return message.id

    def fail(self, name: str, ack_id: str) -> None:
        """A delivery was not acknowledged: it is retried later, or becomes a dead letter."""
        with self.changed:
            subscription = self.subscriptions.get(name)
            dead = subscription.fail(ack_id) if subscription else None
            if subscription and dead:
                message, attempts = dead
                self.publish(
                    subscription.config.dead_letter_policy.dead_letter_topic,
                    message.data,
                    {**message.attributes, **_provenance(name, message, attempts)},
                )
            self.changed.notify_all()

    def expire(self) -> None:
        """Fails every delivery whose acknowledgement deadline has passed."""
        with self.changed:
            for name, subscription in self.subscriptions.items():
                for ack_id in subscription.expired():
                    self.fail(name, ack_id)


def _seconds(duration: Any) -> float:
    """Proto-plus hands out a timedelta where its stubs say Duration."""
    return float(duration.total_seconds())


def _provenance(subscription: str, message: Message, attempts: int) -> dict[str, str]:
    """The attributes that Pub/Sub adds to a dead letter."""
    _, project, _, name = subscription.split("/")
    return {
        "CloudPubSubDeadLetterSourceSubscription": name,
        "CloudPubSubDeadLetterSourceSubscriptionProject": project,
        "CloudPubSubDeadLetterSourceDeliveryCount": str(attempts),
        "CloudPubSubDeadLetterSourceTopicPublishTime": message.published.isoformat(),
    }
