"""The embedded broker's state: topics, subscriptions and their messages."""

import heapq
import itertools
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from google.pubsub_v1 import types

from local.broker.journal import Journal
from local.broker.messages import Delivery, Message, Queued

_DEFAULT_ACK_SECONDS = 10
"""Acknowledgement deadline of a subscription that declares none, as in Pub/Sub:
https://cloud.google.com/pubsub/docs/subscription-properties."""

_DEFAULT_MIN_BACKOFF = 0.1
_DEFAULT_MAX_BACKOFF = 60.0
"""Limits for the seconds between deliveries without a retry policy, as in Pub/Sub's push
backoff: https://cloud.google.com/pubsub/docs/push#push_backoff."""


@dataclass(slots=True)
class _Lease:
    queued: Queued
    until: float


class Subscription:
    """The backlog of one subscription: waiting messages, and deliveries without acknowledgement.

    Callers of its methods hold the broker's lock.
    """

    def __init__(self, config: types.Subscription, journal: Journal) -> None:
        """Loads the backlog from the journal."""
        self.config = config
        self._journal = journal
        self._waiting = [(item.due, item.key, item) for item in journal.backlog(config.name)]
        heapq.heapify(self._waiting)
        self._leased: dict[str, _Lease] = {}

    @property
    def ack_seconds(self) -> float:
        """The acknowledgement deadline, in seconds."""
        return self.config.ack_deadline_seconds or _DEFAULT_ACK_SECONDS

    def add(self, queued: Queued) -> None:
        """Queues a message for its next delivery."""
        self._journal.put(self.config.name, queued)
        heapq.heappush(self._waiting, (queued.due, queued.key, queued))

    def take(self) -> Delivery | None:
        """Starts a delivery of the message that was due first; returns None if none is due."""
        if not self._waiting or self._waiting[0][0] > time.time():
            return None
        _, key, queued = heapq.heappop(self._waiting)
        ack_id = f"{key}-{queued.attempt}"
        self._leased[ack_id] = _Lease(queued, time.monotonic() + self.ack_seconds)
        return Delivery(ack_id, queued.message, queued.attempt)

    def acknowledge(self, ack_id: str) -> None:
        """Removes a delivered message. After its deadline, this has no effect: it was requeued."""
        lease = self._leased.pop(ack_id, None)
        if lease:
            self._journal.remove(lease.queued.key)

    def extend(self, ack_id: str, seconds: float) -> None:
        """Sets a delivery's deadline to `seconds` from now."""
        if ack_id in self._leased:
            self._leased[ack_id].until = time.monotonic() + seconds

    def fail(self, ack_id: str) -> Queued | None:
        """Requeues the message of a failed delivery; returns it if it becomes a dead letter."""
        lease = self._leased.pop(ack_id, None)
        if lease is None:
            return None
        queued, policy = lease.queued, self.config.dead_letter_policy
        if policy.dead_letter_topic and queued.attempt >= policy.max_delivery_attempts:
            return queued
        due = time.time() + self._backoff(queued.attempt)
        self.add(replace(queued, due=due, attempt=queued.attempt + 1))
        return None

    def expired(self) -> list[str]:
        """Returns the IDs of deliveries after their deadline."""
        now = time.monotonic()
        return [ack_id for ack_id, lease in self._leased.items() if lease.until <= now]

    @property
    def in_flight(self) -> int:
        """Number of deliveries that are not acknowledged."""
        return len(self._leased)

    def _backoff(self, attempt: int) -> float:
        """Returns the seconds until the next delivery: doubled each time, within the retry policy.

        Without a retry policy, a message of a pull subscription is available again at once.
        """
        policy = self.config.retry_policy
        if not policy and not self.config.push_config.push_endpoint:
            return 0
        least = _seconds(policy.minimum_backoff) or _DEFAULT_MIN_BACKOFF
        most = _seconds(policy.maximum_backoff) or _DEFAULT_MAX_BACKOFF
        return min(least * 2 ** (attempt - 1), most)


class Broker:
    """All topics and subscriptions. Safe to share between threads.

    `changed` is notified when a message may have become deliverable.
    """

    def __init__(self, journal: Journal) -> None:
        """Loads topics and subscriptions from the journal."""
        self.changed = threading.Condition(threading.RLock())
        self._journal = journal
        self.topics = journal.topics()
        self.subscriptions = {
            config.name: Subscription(config, journal) for config in journal.subscriptions()
        }
        self._keys = itertools.count(max(journal.last_key(), time.time_ns() // 1000) + 1)

    def create_topic(self, name: str) -> bool:
        """Creates a topic; returns False if it already exists."""
        with self.changed:
            if name in self.topics:
                return False
            self.topics.add(name)
            self._journal.add_topic(name)
            return True

    def delete_topic(self, name: str) -> None:
        """Deletes a topic. Its subscriptions stay, as in Pub/Sub."""
        with self.changed:
            self.topics.discard(name)
            self._journal.remove_topic(name)

    def create_subscription(self, config: types.Subscription) -> bool:
        """Creates a subscription; returns False if it already exists."""
        with self.changed:
            if config.name in self.subscriptions:
                return False
            self._journal.put_subscription(config)
            self.subscriptions[config.name] = Subscription(config, self._journal)
            return True

    def delete_subscription(self, name: str) -> None:
        """Deletes a subscription with its backlog."""
        with self.changed:
            self.subscriptions.pop(name, None)
            self._journal.remove_subscription(name)

    def modify_push(self, subscription: Subscription, push: types.PushConfig) -> None:
        """Changes the endpoint of a subscription."""
        with self.changed:
            subscription.config.push_config = push
            self._journal.put_subscription(subscription.config)
            self.changed.notify_all()

    def publish(
        self, topic: str, data: bytes, attributes: Mapping[str, str], ordering_key: str = ""
    ) -> str:
        """Queues a message in every subscription of the topic; returns its ID."""
        with self.changed:
            number = str(next(self._keys))
            message = Message(number, data, dict(attributes), ordering_key, datetime.now(UTC))
            for subscription in self.subscriptions.values():
                if subscription.config.topic == topic:
                    subscription.add(Queued(time.time(), next(self._keys), message))
            self.changed.notify_all()
            return message.id

    def fail(self, name: str, ack_id: str) -> None:
        """Retries the message of a failed delivery later, or makes it a dead letter."""
        with self.changed:
            subscription = self.subscriptions.get(name)
            dead = subscription.fail(ack_id) if subscription else None
            if subscription and dead:
                self.publish(
                    subscription.config.dead_letter_policy.dead_letter_topic,
                    dead.message.data,
                    {**dead.message.attributes, **_dead_letter_attributes(name, dead)},
                )
                self._journal.remove(dead.key)
            self.changed.notify_all()

    def expire(self) -> None:
        """Fails all deliveries whose acknowledgement deadline has passed."""
        with self.changed:
            for name, subscription in self.subscriptions.items():
                for ack_id in subscription.expired():
                    self.fail(name, ack_id)


def _seconds(duration: Any) -> float:
    """Returns the seconds of a duration. proto-plus returns a timedelta, unlike its stubs."""
    return float(duration.total_seconds())


def _dead_letter_attributes(subscription: str, dead: Queued) -> dict[str, str]:
    """Returns the attributes that Pub/Sub adds to a dead letter."""
    _, project, _, name = subscription.split("/")
    return {
        "CloudPubSubDeadLetterSourceSubscription": name,
        "CloudPubSubDeadLetterSourceSubscriptionProject": project,
        "CloudPubSubDeadLetterSourceDeliveryCount": str(dead.attempt),
        "CloudPubSubDeadLetterSourceTopicPublishTime": dead.message.published.isoformat(),
    }
