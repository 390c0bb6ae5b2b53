"""Pulls the messages of a subscription in a thread."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from google.cloud import pubsub_v1
from google.pubsub_v1 import types

_PAUSE = 0.02


@contextmanager
def pulling(
    subscriber: pubsub_v1.SubscriberClient,
    subscription: str,
    take: Callable[[Sequence[types.PubsubMessage]], None],
) -> Iterator[None]:
    """Passes messages to `take` while the context lasts, then acknowledges them."""
    over = threading.Event()

    def pull() -> None:
        while not over.is_set():
            response = subscriber.pull(
                subscription=subscription, max_messages=100, return_immediately=True
            )
            if response.received_messages:
                take([received.message for received in response.received_messages])
                ids = [received.ack_id for received in response.received_messages]
                subscriber.acknowledge(subscription=subscription, ack_ids=ids)
            over.wait(_PAUSE)

    thread = threading.Thread(target=pull)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
