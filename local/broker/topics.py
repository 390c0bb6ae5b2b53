"""The embedded broker's state: topics, subscriptions, and messages on their way."""

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
_DEFAULT_MIN_BACKOFF = 0.1
_DEFAULT_MAX_BACKOFF = 60.0


@dataclass(slots=True)
class _Lease:
    queued: Queued
    until: float


class Subscription:
    """One subscription's backlog: what waits, and what is handed out and not yet acknowledged.

    Every method expects the broker's lock to be held.
    """

    def __init__(self, config: types.Subscription, journal: Journal) -> None:
        """With the backlog that the journal has."""
        self.config = config
        self._journal = journal
        self._waiting = [(one.due, one.key, one) for one in journal.backlog(config.name)]
        heapq.heapify(self._waiting)
        self._leased: dict[str, _Lease] = {}

    @property
    def ack_seconds(self) -> float:
        """How long a delivery may stay unacknowledged."""
        return self.config.ack_deadline_seconds or _DEFAULT_ACK_SECONDS

    def add(self, queued: Queued) -> None:
        """Queues a message for its next attempt."""
        self._journal.put(self.config.name, queued)
        heapq.heappush(self._waiting, (queued.due, queued.key, queued))

    def take(self) -> Delivery | None:
        """Hands out the message that has been due longest, if one is due."""
        if not self._waiting or self._waiting[0][0] > time.time():
            return None
        _, key, queued = heapq.heappop(self._waiting)
        ack_id = f"{key}-{queued.attempt}"
        self._leased[ack_id] = _Lease(queued, time.monotonic() + self.ack_seconds)
        return Delivery(ack_id, queued.message, queued.attempt)

    def acknowledge(self, ack_id: str) -> None:
        """Forgets a delivery; one that ran out already is queued again and stays so."""
        lease = self._leased.pop(ack_id, None)
        if lease:
            self._journal.remove(lease.queued.key)

    def extend(self, ack_id: str, seconds: float) -> None:
        """Gives a delivery more time."""
        if ack_id in self._leased:
            self._leased[ack_id].until = time.monotonic() + seconds

    def fail(self, ack_id: str) -> Queued | None:
        """Queues a failed delivery again, or returns it if its attempts are used up."""
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
        """Deliveries whose time is up."""
        now = time.monotonic()
        return [ack_id for ack_id, lease in self._leased.items() if lease.until <= now]

    @property
    def in_flight(self) -> int:
        """Deliveries handed out and not yet acknowledged."""
        return len(self._leased)

    def _backoff(self, attempt: int) -> float:
        """Seconds until the next attempt: doubled each time, within the retry policy.

        What a puller gives back is there again at once, unless there is such a policy.
        """
        policy = self.config.retry_policy
        if not policy and not self.config.push_config.push_endpoint:
            return 0
        least = _seconds(policy.minimum_backoff) or _DEFAULT_MIN_BACKOFF
        most = _seconds(policy.maximum_backoff) or _DEFAULT_MAX_BACKOFF
        return min(least * 2 ** (attempt - 1), most)


class Broker:
    """All topics and subscriptions. Safe to share between threads.

    `changed` is notified whenever something may have become deliverable.
    """

    def __init__(self, journal: Journal) -> None:
        """As the journal left it."""
        self.changed = threading.Condition(threading.RLock())
        self._journal = journal
        self.topics = journal.topics()
        self.subscriptions = {
            config.name: Subscription(config, journal) for config in journal.subscriptions()
        }
        self._keys = itertools.count(max(journal.last_key(), time.time_ns() // 1000) + 1)

    def create_topic(self, name: str) -> bool:
        """False where it is there already."""
        with self.changed:
            if name in self.topics:
                return False
            self.topics.add(name)
            self._journal.add_topic(name)
            return True

    def delete_topic(self, name: str) -> None:
        """Its subscriptions stay, as Pub/Sub keeps them."""
        with self.changed:
            self.topics.discard(name)
            self._journal.remove_topic(name)

    def create_subscription(self, config: types.Subscription) -> bool:
        """False where it is there already."""
        with self.changed:
            if config.name in self.subscriptions:
                return False
            self._journal.put_subscription(config)
            self.subscriptions[config.name] = Subscription(config, self._journal)
            return True

    def delete_subscription(self, name: str) -> None:
        """With its backlog."""
        with self.changed:
            self.subscriptions.pop(name, None)
            self._journal.remove_subscription(name)

    def modify_push(self, subscription: Subscription, push: types.PushConfig) -> None:
        """From now on its messages go there."""
        with self.changed:
            subscription.config.push_config = push
            self._journal.put_subscription(subscription.config)
            self.changed.notify_all()

    def publish(
        self, topic: str, data: bytes, attributes: Mapping[str, str], ordering_key: str = ""
    ) -> str:
        """Queues a message on every subscription of the topic; its id."""
        with self.changed:
            number = str(next(self._keys))
            message = Message(number, data, dict(attributes), ordering_key, datetime.now(UTC))
            for subscription in self.subscriptions.values():
                if subscription.config.topic == topic:
                    subscription.add(Queued(time.time(), next(self._keys), message))
            self.changed.notify_all()
            return message.id

    def fail(self, name: str, ack_id: str) -> None:
        """A delivery was not acknowledged: it is retried later, or becomes a dead letter."""
        with self.changed:
            subscription = self.subscriptions.get(name)
            dead = subscription.fail(ack_id) if subscription else None
            if subscription and dead:
                self.publish(
                    subscription.config.dead_letter_policy.dead_letter_topic,
                    dead.message.data,
                    {**dead.message.attributes, **_provenance(name, dead)},
                )
                self._journal.remove(dead.key)
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


def _provenance(subscription: str, dead: Queued) -> dict[str, str]:
    """The attributes that Pub/Sub adds to a dead letter."""
    _, project, _, name = subscription.split("/")
    return {
        "CloudPubSubDeadLetterSourceSubscription": name,
        "CloudPubSubDeadLetterSourceSubscriptionProject": project,
        "CloudPubSubDeadLetterSourceDeliveryCount": str(dead.attempt),
        "CloudPubSubDeadLetterSourceTopicPublishTime": dead.message.published.isoformat(),
    }
