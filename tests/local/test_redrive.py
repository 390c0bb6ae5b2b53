"""`make redrive` when each message fails again, and clocks differ."""

import json
import threading
from argparse import Namespace
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Self

import pytest
from google.pubsub_v1 import types

from local.broker import topics
from local.broker.grpc_api import create_server
from local.broker.journal import Journal
from local.operations.deployment import Target, choose_target, running_file
from local.operations.redrive import redrive
from local.processes import free_ports
from local.stack import PROJECT
from tests.pulling import pulling

HOP = "uploads"


@pytest.fixture
def target(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Target]:
    """A hop on a broker whose clock is wrong by some hours."""

    class Off(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return super().now(tz) + timedelta(hours=request.param)

    monkeypatch.setattr(topics, "datetime", Off)
    (port,) = free_ports(1)
    environment = {
        "PUBSUB_EMULATOR_HOST": f"127.0.0.1:{port}",
        "STORAGE_EMULATOR_HOST": "http://127.0.0.1:9",
        "GOOGLE_CLOUD_PROJECT": PROJECT,
    }
    for name in environment:  # `chosen` sets them: to be undone
        monkeypatch.setenv(name, "")
    running_file(tmp_path).write_text(json.dumps(environment))
    server = create_server(topics.Broker(Journal()), ThreadPoolExecutor(4), port)
    server.start()
    found = replace(choose_target(Namespace(project="", root=tmp_path)), prefix="a-")
    for topic, subscription in (
        (found.topic(HOP), _worked(found)),
        (found.topic(f"{HOP}-dead"), found.dead_letters(HOP)),
    ):
        found.publisher.create_topic(name=topic)
        found.subscriber.create_subscription(
            request=types.Subscription(name=subscription, topic=topic, ack_deadline_seconds=60)
        )
    yield found
    server.stop(None).wait()


def _worked(target: Target) -> str:
    return target.topic(HOP).replace("/topics/", "/subscriptions/")


@pytest.fixture
def sent(target: Target) -> Iterator[list[str]]:
    """The messages that were sent to the hop. Each becomes a dead letter at once."""
    seen: list[str] = []

    def fail(messages: Sequence[types.PubsubMessage]) -> None:
        _bury(target, messages)
        seen.extend(message.data.decode() for message in messages)

    with pulling(target.subscriber, _worked(target), fail):
        yield seen


def _bury(target: Target, messages: Iterable[types.PubsubMessage]) -> None:
    topic = target.topic(f"{HOP}-dead")
    buried = [target.publisher.publish(topic, one.data, **one.attributes) for one in messages]
    for future in buried:
        future.result()


@pytest.mark.parametrize("target", [-1, 0, 1], indirect=True, ids=lambda hours: f"{hours} hours")
@pytest.mark.timeout(60)
def test_each_run_sends_each_dead_letter_once(target: Target, sent: list[str]) -> None:
    """150 letters are more than one pull returns."""
    letters = [f"{number:03}" for number in range(150)]
    _bury(target, [types.PubsubMessage(data=letter.encode()) for letter in letters])
    for run in (1, 2):
        assert redrive(target, HOP) == 150
        while len(sent) < 150 * run:
            threading.Event().wait(0.02)
        assert sorted(sent) == sorted(letters * run)
