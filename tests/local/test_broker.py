"""Push delivery with retries and dead letters, on the embedded broker and on the official one."""

import sys
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from google.api_core import exceptions
from google.cloud import pubsub_v1
from google.pubsub_v1 import types

from local.metadata import ACCOUNT
from local.processes import ProcessTree, free_ports
from local.stack import Stack, subscription_path, topic_path
from tests.endpoint import Endpoint, ReceivedRequest, serving


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with serving() as made:
        yield made


@pytest.fixture
def topic(system: Stack, endpoint: Endpoint) -> str:
    """Creates a topic that pushes to the endpoint: backoff 0.2 to 0.4 s, 5 attempts, NAME-dead."""
    name = f"topic-{uuid.uuid4().hex[:8]}"
    for one in (name, f"{name}-dead"):
        system.publisher.create_topic(name=topic_path(one))
    dead = topic_path(f"{name}-dead")
    system.subscriber.create_subscription(
        request=types.Subscription(name=subscription_path(f"{name}-dead"), topic=dead)
    )
    system.subscriber.create_subscription(
        request=types.Subscription(
            name=subscription_path(name),
            topic=topic_path(name),
            push_config=types.PushConfig(
                push_endpoint=endpoint.url,
                oidc_token=types.PushConfig.OidcToken(
                    service_account_email=ACCOUNT, audience=endpoint.url
                ),
            ),
            retry_policy=types.RetryPolicy(
                minimum_backoff=timedelta(seconds=0.2), maximum_backoff=timedelta(seconds=0.4)
            ),
            dead_letter_policy=types.DeadLetterPolicy(
                dead_letter_topic=dead, max_delivery_attempts=5
            ),
        )
    )
    return name


def test_a_message_is_pushed_once_in_pubsubs_wrapper(
    system: Stack, endpoint: Endpoint, topic: str
) -> None:
    future = system.publisher.publish(topic_path(topic), b"hello", name="a", more="b")
    endpoint.wait_for(1)
    # A redelivery of the first message would come before the second message's last attempt.
    failures = [500, 500]
    endpoint.answer = lambda _: (failures.pop() if failures else 204, None)
    system.publisher.publish(topic_path(topic), b"later", name="b")
    endpoint.wait_for(4)
    push, *later = endpoint.requests
    assert [_name(one) for one in later] == ["b", "b", "b"]
    body = push.body
    assert body["subscription"] == subscription_path(topic)
    assert body["message"]["data"] == "aGVsbG8="
    assert body["message"]["attributes"] == {"name": "a", "more": "b"}
    assert body["message"]["messageId"] == body["message"]["message_id"] == future.result()
    assert push.headers["Content-Type"] == "application/json"


def test_a_failed_push_is_repeated_after_its_backoff(
    system: Stack, endpoint: Endpoint, topic: str
) -> None:
    answers = [500, 429, 204]
    endpoint.answer = lambda _: (answers.pop(0), None)
    system.publisher.publish(topic_path(topic), b"hello", name="a")
    endpoint.wait_for(3)
    times = [push.when for push in endpoint.requests]
    assert times[1] - times[0] >= 0.18
    assert times[2] - times[1] >= 0.18


def test_a_message_that_always_fails_ends_as_a_dead_letter_and_stops_none_of_the_others(
    system: Stack, endpoint: Endpoint, topic: str
) -> None:
    endpoint.answer = lambda push: (500 if _name(push) == "bad" else 204, None)
    system.publisher.publish(topic_path(topic), b"bad one", name="bad")
    for number in range(20):
        system.publisher.publish(topic_path(topic), b"fine", name=f"good-{number}")
    endpoint.wait_for(25)
    subscription = subscription_path(f"{topic}-dead")
    answer = system.subscriber.pull(subscription=subscription, max_messages=5, timeout=30)
    (dead,) = answer.received_messages
    assert dead.message.data == b"bad one"
    assert dead.message.attributes["name"] == "bad"
    assert dead.message.attributes["CloudPubSubDeadLetterSourceSubscription"] == topic
    assert dead.message.attributes["CloudPubSubDeadLetterSourceDeliveryCount"] == "5"
    names = [_name(push) for push in endpoint.requests]
    assert names.count("bad") == 5
    assert len(set(names)) == 21
    if system.broker == "embedded":  # the official emulator does not count for the endpoint
        bad = [push for push in endpoint.requests if _name(push) == "bad"]
        attempts = [push.body["deliveryAttempt"] for push in bad]
        assert attempts == [1, 2, 3, 4, 5]


def test_a_pulled_message_comes_back_until_it_is_acknowledged(system: Stack) -> None:
    name = f"pull-{uuid.uuid4().hex[:8]}"
    system.publisher.create_topic(name=topic_path(name))
    subscription = subscription_path(name)
    system.subscriber.create_subscription(
        request=types.Subscription(name=subscription, topic=topic_path(name))
    )
    system.publisher.publish(topic_path(name), b"hello").result()
    for acknowledging in (False, True):
        answer = system.subscriber.pull(subscription=subscription, max_messages=1, timeout=30)
        (received,) = answer.received_messages
        assert received.message.data == b"hello"
        ids = [received.ack_id]
        if acknowledging:
            system.subscriber.acknowledge(subscription=subscription, ack_ids=ids)
        else:
            system.subscriber.modify_ack_deadline(
                subscription=subscription, ack_ids=ids, ack_deadline_seconds=0
            )
    empty = system.subscriber.pull(
        subscription=subscription, max_messages=1, return_immediately=True
    )
    assert not empty.received_messages


def test_topics_and_subscriptions_are_unique_and_must_exist(system: Stack) -> None:
    name = f"unique-{uuid.uuid4().hex[:8]}"
    system.publisher.create_topic(name=topic_path(name))
    assert system.publisher.get_topic(topic=topic_path(name)).name == topic_path(name)
    with pytest.raises(exceptions.AlreadyExists):
        system.publisher.create_topic(name=topic_path(name))
    with pytest.raises(exceptions.NotFound):
        system.publisher.publish(topic_path("no-such-topic"), b"").result()
    with pytest.raises(exceptions.NotFound):
        system.subscriber.pull(subscription=subscription_path("no-such-one"), max_messages=1)


def test_pushes_are_signed_by_the_embedded_broker(
    system: Stack, endpoint: Endpoint, topic: str
) -> None:
    system.publisher.publish(topic_path(topic), b"hello", name="a")
    endpoint.wait_for(1)
    signed = endpoint.requests[0].headers.get("Authorization", "").startswith("Bearer ey")
    assert signed == (system.broker == "embedded"), "the official emulator sends no tokens"


def _name(push: ReceivedRequest) -> str:
    return str(push.body["message"]["attributes"]["name"])


def test_the_embedded_broker_loses_nothing_when_it_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Waiting messages and deliveries without acknowledgement are kept over a restart."""
    (port,) = free_ports(1)
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", f"127.0.0.1:{port}")
    journal = ["--journal", str(tmp_path / "broker.sqlite")]
    command = [sys.executable, "-m", "local.broker", "--port", str(port), *journal]
    topic, subscription = topic_path("kept"), subscription_path("kept")
    with ProcessTree(tmp_path / "logs") as tree:
        tree.start("broker", command, {}, port)
        tree.await_ready()
        publisher, subscriber = pubsub_v1.PublisherClient(), pubsub_v1.SubscriberClient()
        publisher.create_topic(name=topic)
        subscriber.create_subscription(
            request=types.Subscription(name=subscription, topic=topic, ack_deadline_seconds=600)
        )
        for text in (b"acknowledged", b"handed out", b"waiting"):
            publisher.publish(topic, text, colour="red").result()
        pulled = subscriber.pull(subscription=subscription, max_messages=2, timeout=30)
        first, second = pulled.received_messages
        assert (first.message.data, second.message.data) == (b"acknowledged", b"handed out")
        subscriber.acknowledge(subscription=subscription, ack_ids=[first.ack_id])
        tree.halt("broker")
        tree.resume("broker")
        tree.await_ready()
        publisher.publish(topic, b"later", colour="red").result(timeout=60)
        left = subscriber.pull(subscription=subscription, max_messages=9, timeout=30)
    messages = [received.message for received in left.received_messages]
    assert [message.data for message in messages] == [b"handed out", b"waiting", b"later"]
    assert all(message.attributes == {"colour": "red"} for message in messages)
    assert len({message.message_id for message in messages}) == 3


def test_while_nothing_listens_a_delivery_of_the_embedded_broker_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cloud Run also holds requests until an instance runs; this uses no attempt."""
    broker_port, port = free_ports(2)
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", f"127.0.0.1:{broker_port}")
    short = timedelta(seconds=0.1)
    backoff = types.RetryPolicy(minimum_backoff=short, maximum_backoff=short)
    with serving() as refusing, ProcessTree(tmp_path / "logs") as tree:
        refusing.answer = lambda _: (500, None)
        command = [sys.executable, "-m", "local.broker", "--port", str(broker_port)]
        tree.start("broker", command, {}, broker_port)
        tree.await_ready()
        for name in ("t", "t-dead"):
            pubsub_v1.PublisherClient().create_topic(name=topic_path(name))
        push = types.PushConfig(push_endpoint=f"http://127.0.0.1:{port}/")
        dead = types.DeadLetterPolicy(
            dead_letter_topic=topic_path("t-dead"), max_delivery_attempts=5
        )
        pubsub_v1.SubscriberClient().create_subscription(
            request=types.Subscription(
                name=subscription_path("s"), topic=topic_path("t"), push_config=push,
                dead_letter_policy=dead, retry_policy=backoff,
            )
        )  # fmt: skip
        pubsub_v1.SubscriberClient().create_subscription(
            request=types.Subscription(
                name=subscription_path("refusing"), topic=topic_path("t"),
                push_config=types.PushConfig(push_endpoint=refusing.url),
                dead_letter_policy=dead, retry_policy=backoff,
            )
        )  # fmt: skip
        pubsub_v1.PublisherClient().publish(topic_path("t"), b"hello", name="a").result()
        refusing.wait_for(5)  # the time that five attempts take
        with serving(port) as endpoint:
            endpoint.wait_for(1)
            (request,) = endpoint.requests
    assert request.body["deliveryAttempt"] == 1
