"""The functions on Google's storage-testbench.

No package registry has it. TOONMASK_STORAGE_TESTBENCH is the command that starts it; {port} in the
command is replaced by the port.
"""

import json
import os
import random
import shlex
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
import requests
from google.pubsub_v1 import types

from local.processes import ProcessTree, free_ports
from local.stack import (
    INPUT_BUCKET,
    LEAN,
    OUTPUT_BUCKET,
    Stack,
    function_command,
    subscription_path,
    topic_path,
)
from tools.chaos.audit import audit
from tools.chaos.versions import Version
from tools.support.examples import ROOT
from tools.support.pushes import pushed

UPLOADS, OVERWRITTEN, MESSAGES = 40, 10, 70
KINDS = ("face", "nothing", "two faces", "cut off", "no image")
MOST_DELIVERIES = 5
COMMAND = "TOONMASK_STORAGE_TESTBENCH"

Body = tuple[bytes, dict[str, str]]


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    """Both functions without SAM2, with Google's storage server and our broker."""
    if COMMAND not in os.environ:
        pytest.skip(
            f"{COMMAND} is not set: get github.com/googleapis/storage-testbench and give the "
            "command that starts it on {port} to run the functions on Google's own storage server"
        )
    storage, broker, landmarks, segmentation = free_ports(4)
    with ProcessTree(tmp_path / "logs") as processes:
        made = Stack(
            processes=processes,
            broker="embedded",
            storage_port=storage,
            storage_tls_port=0,
            broker_port=broker,
            metadata_port=9,
            buckets=tmp_path,
            logs=tmp_path / "logs",
        )
        environment = {
            **made.environment,
            **LEAN,
            "PYTHONPATH": str(ROOT),
            "WORKERS": "2",
            "THREADS": "2",
            "INPUT_BUCKET": INPUT_BUCKET,
            "OUTPUT_BUCKET": OUTPUT_BUCKET,
        }
        command = os.environ[COMMAND].replace("{port}", str(storage))
        processes.start("storage", shlex.split(command), {}, storage)
        processes.start(
            "broker",
            [sys.executable, "-m", "local.broker", "--port", str(broker)],
            environment,
            broker,
        )
        topic = {"PROMPTS_TOPIC": topic_path("prompts")}
        processes.start(
            "landmarks", function_command("landmarks", landmarks), environment | topic, landmarks
        )
        processes.start(
            "segmentation",
            function_command("segmentation", segmentation),
            environment,
            segmentation,
        )
        processes.await_ready()
        made.publisher.create_topic(name=topic_path("prompts"))
        made.subscriber.create_subscription(
            request=types.Subscription(
                name=subscription_path("prompts"), topic=topic_path("prompts")
            )
        )
        for bucket in (INPUT_BUCKET, OUTPUT_BUCKET):
            made.storage.create_bucket(bucket)
        yield made


def test_every_upload_has_one_whole_result_on_storage_that_is_not_ours(stack: Stack) -> None:
    """Messages arrive in random order and several times, some for overwritten generations."""
    dice = random.Random()
    newest: dict[str, tuple[int, Version]] = {}
    first = [_upload(stack, newest, number, 0) for number in range(UPLOADS)]
    _handle_all(stack, first[: UPLOADS // 2])
    again = [_upload(stack, newest, number, UPLOADS) for number in range(0, 2 * OVERWRITTEN, 2)]
    messages = first + again
    messages += dice.choices(messages, k=MESSAGES - len(messages))
    dice.shuffle(messages)
    _handle_all(stack, messages)
    findings = audit(stack, newest)
    assert findings.wrong == []
    assert sum(findings.states.values()) == UPLOADS


def _upload(
    stack: Stack, newest: dict[str, tuple[int, Version]], number: int, versions_before: int
) -> Body:
    """Uploads an image into the input bucket; returns its notification."""
    kind = KINDS[(number + number // 5 * bool(versions_before)) % len(KINDS)]
    own = number + versions_before
    version = Version(f"album/{number} ü.png", kind, own, 212 + own % 30)
    blob = stack.storage.bucket(INPUT_BUCKET).blob(version.name)
    blob.upload_from_string(version.encoded(), content_type=version.content_type)
    newest[version.name] = (int(blob.generation), version)
    blob.reload()
    return json.dumps(blob._properties).encode(), {"eventType": "OBJECT_FINALIZE"}


def _handle_all(stack: Stack, notifications: list[Body]) -> None:
    """Pushes messages to landmarks, then its messages to segmentation in random order, twice."""
    _deliver_all(stack, "landmarks", notifications)
    prompts = list(_pull_all(stack))
    random.shuffle(prompts)
    _deliver_all(stack, "segmentation", prompts + prompts[: len(prompts) // 4])


def _deliver_all(stack: Stack, function: str, messages: list[Body]) -> None:
    url = f"http://127.0.0.1:{stack.processes.port(function)}/"
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(partial(_deliver, url), messages))


def _deliver(url: str, message: Body) -> None:
    """Pushes a message like Pub/Sub, which retries until a function responds with 200."""
    answers = []
    for attempt in range(1, MOST_DELIVERIES + 1):
        body = pushed(*message) | {"deliveryAttempt": attempt}
        answer = requests.post(url, json=body, timeout=120)
        if answer.status_code == 200:
            assert answer.text == "OK"
            return
        answers.append(f"{answer.status_code} {answer.text}")
    raise AssertionError(f"delivered {MOST_DELIVERIES} times in vain: {answers}")


def _pull_all(stack: Stack) -> Iterator[Body]:
    while True:
        answer = stack.subscriber.pull(
            subscription=subscription_path("prompts"), max_messages=100, return_immediately=True
        )
        if not answer.received_messages:
            return
        ids = [received.ack_id for received in answer.received_messages]
        stack.subscriber.acknowledge(subscription=subscription_path("prompts"), ack_ids=ids)
        for received in answer.received_messages:
            yield received.message.data, dict(received.message.attributes)
