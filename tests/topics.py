"""An embedded broker in this process, with one topic whose messages a test reads."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from unittest import mock

from google.pubsub_v1 import types

from local.broker.grpc_api import create_server
from local.broker.journal import Journal
from local.broker.topics import Broker
from local.processes import free_ports
from shared.gcp.events import Message

TOPIC = "projects/p/topics/prompts"


class Topic:
    """The topic TOPIC."""

    def __init__(self, broker: Broker) -> None:
        broker.create_topic(TOPIC)
        broker.create_subscription(types.Subscription(name="test", topic=TOPIC))
        self._subscription = broker.subscriptions["test"]

    def messages(self) -> Iterator[Message]:
        """Yields the messages that were published since the last call."""
        while delivery := self._subscription.take():
            self._subscription.acknowledge(delivery.ack_id)
            yield Message(delivery.message.data, delivery.message.attributes)


@contextmanager
def serving_topic() -> Iterator[Topic]:
    """Serves the topic to Google's client library, as long as the context is open."""
    (port,) = free_ports(1)
    broker = Broker(Journal())
    topic = Topic(broker)
    server = create_server(broker, ThreadPoolExecutor(4), port)
    server.start()
    try:
        with mock.patch.dict("os.environ", PUBSUB_EMULATOR_HOST=f"127.0.0.1:{port}"):
            yield topic
    finally:
        server.stop(None)
