"""Uploads that were given up on."""

import json

import pytest
from google.cloud import storage as gcs

from shared.draining import Drain
from shared.errors import ForeignMessage
from shared.messages import Message
from shared.settings import BucketSettings

DEAD = {
    "bucketId": "in-bucket",
    "objectId": "album/cat.png",
    "objectGeneration": "7",
    "CloudPubSubDeadLetterSourceSubscription": "toonmask-prompts",
    "CloudPubSubDeadLetterSourceDeliveryCount": "10",
}


def _drain(bucket: gcs.Bucket) -> Drain:
    return Drain(BucketSettings(input_bucket="in-bucket", output_bucket=bucket.name))


def test_a_dead_letter_ends_as_failed_and_names_the_hop(bucket: gcs.Bucket) -> None:
    for _ in range(2):
        _drain(bucket).handle(Message(b"not to be read", DEAD))
    (blob,) = bucket.list_blobs()
    written = json.loads(blob.download_as_bytes())
    assert (blob.name, blob.metageneration) == ("album/cat.png/result.json", 1)
    assert (written["status"], written["reason"]["code"]) == ("failed", "gave-up")
    assert "toonmask-prompts after 10 deliveries" in written["reason"]["message"]
    assert written["source"]["generation"] == 7


@pytest.mark.parametrize(
    "change",
    [{"bucketId": "another"}, {"bucketId": ""}, {"objectGeneration": "x"}, {"objectId": ""}],
)
def test_a_dead_letter_that_is_not_ours_is_foreign(
    bucket: gcs.Bucket, change: dict[str, str]
) -> None:
    with pytest.raises(ForeignMessage):
        _drain(bucket).handle(Message(b"", {**DEAD, **change}))
    assert not list(bucket.list_blobs())
