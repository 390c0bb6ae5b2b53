"""Uploads that failed after all retries."""

import json

import pytest
from google.cloud import storage as gcs

from shared.gcp.events import Message
from shared.gcp.gcs import ObjectToWrite, Storage
from shared.gcp.provenance import Provenance
from shared.pipeline.drain import Drain
from shared.schemas.documents import ResultDocument, Status
from shared.schemas.errors import ForeignMessage
from shared.schemas.settings import BucketSettings
from tests.shared.segmentation_runs import output

DEAD = {
    "bucketId": "a-bucket",
    "objectId": "album/cat.png",
    "objectGeneration": "7",
    "CloudPubSubDeadLetterSourceSubscription": "toonmask-prompts",
    "CloudPubSubDeadLetterSourceDeliveryCount": "10",
}


def _drain(bucket: gcs.Bucket, **changes: str) -> None:
    settings = BucketSettings(input_bucket=bucket.name, output_bucket=output(bucket).name)
    Drain(settings).handle(Message(b"not to be read", {**DEAD, **changes}))


def _uploaded(bucket: gcs.Bucket) -> int:
    """Its generation."""
    blob = bucket.blob(DEAD["objectId"])
    blob.upload_from_string(b"a picture")
    return int(blob.generation)


def test_a_dead_letter_ends_as_failed_and_names_the_hop(bucket: gcs.Bucket) -> None:
    generation = _uploaded(bucket)
    for _ in range(2):
        _drain(bucket, objectGeneration=str(generation))
    (blob,) = output(bucket).list_blobs()
    written = json.loads(blob.download_as_bytes())
    assert (blob.name, blob.metageneration) == ("album/cat.png/result.json", 1)
    assert (written["status"], written["reason"]["code"]) == ("failed", "gave-up")
    assert (
        "toonmask-prompts failed after all retries (10 deliveries)" in written["reason"]["message"]
    )
    assert written["source"]["generation"] == generation


@pytest.mark.parametrize("generation", ["7", str(9 * 10**18)])
def test_a_dead_letter_about_no_upload_leaves_nothing(bucket: gcs.Bucket, generation: str) -> None:
    """A forged one, or one about what was deleted or overwritten meanwhile."""
    _uploaded(bucket)
    _drain(bucket, objectGeneration=generation)
    assert not list(output(bucket).list_blobs())


@pytest.mark.parametrize(
    "change",
    [
        {"bucketId": "another"},
        {"bucketId": ""},
        {"objectGeneration": "x"},
        {"objectGeneration": str(2**63)},
        {"objectId": ""},
    ],
)
def test_a_dead_letter_that_is_not_ours_is_foreign(
    bucket: gcs.Bucket, change: dict[str, str]
) -> None:
    with pytest.raises(ForeignMessage):
        _drain(bucket, **change)
    assert not list(output(bucket).list_blobs())


def _written(bucket: gcs.Bucket) -> ResultDocument:
    content = output(bucket).blob("album/cat.png/result.json").download_as_bytes()
    return ResultDocument.model_validate_json(content)


def test_a_dead_letter_about_a_correction_leaves_the_result_before_it(bucket: gcs.Bucket) -> None:
    generation = str(_uploaded(bucket))
    _drain(bucket, objectGeneration=generation)
    before = _written(bucket)
    segmented = before.model_copy(update={"status": Status.EMPTY, "config": "0123456789ab"})
    item = ObjectToWrite.document("album/cat.png/result.json", segmented)
    Storage().write(output(bucket).name, item, Provenance(int(generation), segmented.config))
    _drain(bucket, objectGeneration=generation, revision="2")
    after = _written(bucket)
    assert (after.status, after.revision) == ("empty", 0)
    assert "Correction 2 failed: toonmask-prompts failed" in after.review[0].message
