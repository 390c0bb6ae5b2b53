"""Notifications of the local storage, as a subscriber on either broker sees them."""

import json
import time
import uuid
from typing import Any

import pytest
from google.cloud import storage as gcs
from google.pubsub_v1 import types

from local.stack import PROJECT, Stack, subscription_path, topic_path


@pytest.fixture
def watched(system: Stack) -> tuple[gcs.Bucket, str]:
    """A bucket that announces all it does, and a subscription that hears it."""
    name = f"watched-{uuid.uuid4().hex[:8]}"
    system.publisher.create_topic(name=topic_path(name))
    subscription = subscription_path(name)
    system.subscriber.create_subscription(
        request=types.Subscription(name=subscription, topic=topic_path(name))
    )
    bucket = system.storage.create_bucket(name)
    bucket.notification(
        topic_name=name,
        topic_project=PROJECT,
        payload_format="JSON_API_V1",
        custom_attributes={"team": "masks"},
    ).create()
    return bucket, subscription


def _heard(system: Stack, subscription: str, count: int) -> list[tuple[dict[str, str], Any]]:
    heard: list[tuple[dict[str, str], Any]] = []
    deadline = time.monotonic() + 30
    while len(heard) < count and time.monotonic() < deadline:
        answer = system.subscriber.pull(subscription=subscription, max_messages=10, timeout=30)
        for received in answer.received_messages:
            message = received.message
            heard.append((dict(message.attributes), json.loads(message.data)))
            system.subscriber.acknowledge(subscription=subscription, ack_ids=[received.ack_id])
    return sorted(heard, key=lambda pair: pair[0]["eventTime"] + pair[0]["eventType"])


def test_an_upload_is_announced_as_gcs_does(system: Stack, watched: tuple[gcs.Bucket, str]) -> None:
    bucket, subscription = watched
    blob = bucket.blob("album/cat é.png")
    blob.upload_from_string(b"meow", content_type="image/png")
    ((attributes, payload),) = _heard(system, subscription, 1)
    assert attributes["eventType"] == "OBJECT_FINALIZE"
    assert attributes["payloadFormat"] == "JSON_API_V1"
    assert attributes["bucketId"] == bucket.name
    assert attributes["objectId"] == "album/cat é.png"
    assert attributes["objectGeneration"] == str(blob.generation)
    assert attributes["notificationConfig"].startswith(f"projects/_/buckets/{bucket.name}/")
    assert attributes["team"] == "masks"
    assert "overwroteGeneration" not in attributes
    assert payload["generation"] == str(blob.generation)
    assert (payload["size"], payload["contentType"]) == ("4", "image/png")


def test_overwriting_and_deleting_are_announced_with_what_they_did(
    system: Stack, watched: tuple[gcs.Bucket, str]
) -> None:
    bucket, subscription = watched
    generations = []
    for content in (b"1", b"2"):
        blob = bucket.blob("a")
        blob.upload_from_string(content)
        generations.append(str(blob.generation))
    bucket.blob("a").delete()
    heard = [attributes for attributes, _ in _heard(system, subscription, 4)]
    finalized = [one for one in heard if one["eventType"] == "OBJECT_FINALIZE"]
    deleted = [one for one in heard if one["eventType"] == "OBJECT_DELETE"]
    assert {one.get("overwroteGeneration") for one in finalized} == {None, generations[0]}
    assert {one.get("overwrittenByGeneration") for one in deleted} == {None, generations[1]}
