"""Runs both functions as processes with the memory that Terraform gives them."""

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import requests
from google.cloud import pubsub_v1
from google.cloud import storage as gcs
from google.pubsub_v1 import types

from local.processes import ProcessTree, free_ports
from local.stack import function_command
from tools.support.examples import ROOT
from tools.support.pushes import pushed

MEMORY = 2 * 2**30
"""`memory` of both functions in terraform/variables.tf, in bytes."""

THREADS = {"landmarks": 1, "segmentation": 4}
"""`concurrency` of the functions in terraform/variables.tf."""

_TOPIC, _SUBSCRIPTION = "projects/p/topics/prompts", "projects/p/subscriptions/prompts"
_SECONDS = 200


@dataclass(frozen=True)
class Functions:
    """The functions, the buckets between them, and the broker that landmarks publishes to."""

    uploads: gcs.Bucket
    results: gcs.Bucket
    subscriber: pubsub_v1.SubscriberClient
    urls: Mapping[str, str]
    processes: Mapping[str, int]

    def upload(
        self, name: str, content: bytes, content_type: str, encoding: str | None = None
    ) -> gcs.Blob:
        """Uploads a file; returns the new object."""
        blob = self.uploads.blob(name)
        blob.content_encoding = encoding
        blob.upload_from_string(content, content_type=content_type)
        return blob

    def announce(self, blob: gcs.Blob, **changes: Any) -> int:
        """Pushes the notification of an object to landmarks; returns the response's status."""
        attributes = {"eventType": "OBJECT_FINALIZE"}
        resource = {**blob._properties, **changes}
        return self.push("landmarks", json.dumps(resource).encode(), attributes)

    def forward(self) -> int | None:
        """Pushes the next prompts message to segmentation; returns the response's status.

        Returns None if there is no message.
        """
        response = self.subscriber.pull(
            subscription=_SUBSCRIPTION, max_messages=1, return_immediately=True
        )
        for received in response.received_messages:
            self.subscriber.acknowledge(subscription=_SUBSCRIPTION, ack_ids=[received.ack_id])
            message = received.message
            return self.push("segmentation", message.data, dict(message.attributes))
        return None

    def push(self, function: str, data: bytes, attributes: Mapping[str, str]) -> int:
        """Pushes a message to a function; returns the response's status."""
        return self.post(function, pushed(data, attributes))

    def post(self, function: str, body: Any) -> int:
        """Sends a request body to a function; returns the response's status."""
        headers = {"Content-Type": "application/json"}
        return requests.post(
            self.urls[function], json.dumps(body), headers=headers, timeout=_SECONDS
        ).status_code

    def result(self, folder: str) -> dict[str, Any]:
        """Returns the result.json in a folder."""
        found: dict[str, Any] = json.loads(
            self.results.blob(f"{folder}result.json").download_as_bytes()
        )
        return found


@contextmanager
def running(
    logs: Path, changes: Mapping[str, Mapping[str, str]] = MappingProxyType({})
) -> Iterator[Functions]:
    """Runs storage, broker and functions. `changes` update the functions' environments."""
    storage, tls, broker, *ports = free_ports(5)
    environment = {
        "STORAGE_EMULATOR_HOST": f"http://127.0.0.1:{storage}",
        "PUBSUB_EMULATOR_HOST": f"127.0.0.1:{broker}",
        "PYTHONPATH": str(ROOT),
        "INPUT_BUCKET": "in-bucket",
        "OUTPUT_BUCKET": "out-bucket",
        "PROMPTS_TOPIC": _TOPIC,
        "SAM2_URL": "",
    }
    with ProcessTree(logs) as tree:
        _start(tree, "broker", ["local.broker"], broker, environment)
        files = ["--root", str(logs / "buckets"), "--tls-port", str(tls)]
        _start(tree, "storage", ["local.storage", *files], storage, environment)
        for (function, threads), port in zip(THREADS.items(), ports, strict=True):
            limit = [sys.executable, "-m", "tests.hostile.limited", str(MEMORY)]
            own = {**environment, "WORKERS": "1", "THREADS": str(threads)}
            own |= changes.get(function, {})
            tree.start(function, [*limit, *function_command(function, port)], own, port)
        tree.await_ready()
        os.environ.update(environment)
        client = gcs.Client(project="p")
        pubsub_v1.PublisherClient().create_topic(name=_TOPIC)
        subscriber = pubsub_v1.SubscriberClient()
        subscriber.create_subscription(request=types.Subscription(name=_SUBSCRIPTION, topic=_TOPIC))
        buckets = [client.create_bucket(name) for name in ("in-bucket", "out-bucket")]
        urls = {name: f"http://127.0.0.1:{tree.port(name)}/" for name in THREADS}
        processes = {name: tree.group(name) for name in THREADS}
        yield Functions(buckets[0], buckets[1], subscriber, urls, processes)


def _start(
    tree: ProcessTree, name: str, module: Sequence[str], port: int, environment: Mapping[str, str]
) -> None:
    command = [sys.executable, "-W", "ignore", "-m", *module, "--port", str(port)]
    tree.start(name, command, environment, port)
