"""What tests of the smoke test share: the folder of `make up`, and a project in the cloud."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from google.pubsub_v1 import types

from local.operations import deployment
from local.operations.deployment import Target
from local.stack import HOPS, INPUT_BUCKET, OUTPUT_BUCKET, Stack


@pytest.fixture
def root(system: Stack, tmp_path: Path) -> Iterator[Path]:
    """The folder of `make up`. The buckets must be the same after the test."""
    root = tmp_path / "up"
    root.mkdir()
    (root / "running.json").write_text(json.dumps(system.environment))
    (root / "logs").symlink_to(system.logs)
    before = _objects(system)
    yield root
    assert _objects(system) == before


def _objects(system: Stack) -> set[tuple[str, str, int]]:
    return {
        (bucket, blob.name, blob.generation)
        for bucket in (INPUT_BUCKET, OUTPUT_BUCKET)
        for blob in system.storage.list_blobs(bucket)
    }


@pytest.fixture
def cloud(system: Stack) -> Iterator[Target]:
    """A project in which uploads are not announced."""
    project = "my-project"
    target = replace(
        deployment.local_target(system),
        project=project,
        prefix="toonmask-",
        input_bucket=f"toonmask-input-{project}",
        output_bucket=f"toonmask-output-{project}",
    )
    buckets = [
        system.storage.create_bucket(name) for name in (target.input_bucket, target.output_bucket)
    ]
    for hop in HOPS:
        topic = target.topic(f"{hop}-dead")
        system.publisher.create_topic(name=topic)
        system.subscriber.create_subscription(
            request=types.Subscription(name=target.dead_letters(hop), topic=topic)
        )
    yield target
    for bucket in buckets:
        bucket.delete()  # refused if anything is left in it
    for hop in HOPS:
        system.subscriber.delete_subscription(subscription=target.dead_letters(hop))
        system.publisher.delete_topic(topic=target.topic(f"{hop}-dead"))
