"""A person's correction of prompts: what is stored, what is published, and what is refused."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from google.cloud import pubsub_v1
from google.cloud import storage as gcs

from shared.corrections.refusals import CorrectionRefused
from shared.corrections.saving import Corrections
from shared.gcp.events import REPEATED, Identity, parse_identity, parse_prompts
from shared.gcp.gcs import ObjectRef, ObjectToWrite, Storage
from shared.gcp.provenance import Provenance
from shared.gcp.publisher import Publisher
from shared.schemas.box import Box
from shared.schemas.documents import (
    MOST_INSTANCES,
    MOST_REVISION,
    Missed,
    PromptsDocument,
    Source,
)
from shared.schemas.errors import Transient
from shared.schemas.prompt import Prompt
from tests.shared.segmentation_runs import HEIGHT, WIDTH, output, upload
from tests.topics import TOPIC, Topic, serving_topic
from tools.support.shapes import ellipse, prompt_for

WHOLE = Box(0, 0, WIDTH, HEIGHT)
FOUND = prompt_for(ellipse(150, 100, 40, 50), WHOLE)
ADDED = prompt_for(ellipse(60, 60, 20, 25), WHOLE).model_copy(update={"id": "face-2"})
CONFIG = "0123456789ab"


@pytest.fixture
def topic() -> Iterator[Topic]:
    with serving_topic() as served:
        yield served


@pytest.fixture
def ref(bucket: gcs.Bucket) -> ObjectRef:
    return ObjectRef(bucket.name, "cat.png", upload(bucket))


def _corrections(bucket: gcs.Bucket, topic: str = TOPIC) -> Corrections:
    return Corrections(Storage(), Publisher(), output(bucket).name, topic)


def _detected(bucket: gcs.Bucket, ref: ObjectRef, *prompts: Prompt, **fields: Any) -> None:
    """Writes what landmarks found."""
    source = Source(
        bucket=ref.bucket, name=ref.name, generation=ref.generation, width=WIDTH, height=HEIGHT
    )
    document = PromptsDocument(
        source=source,
        config=CONFIG,
        instances=prompts,
        missed=Missed(near=2),
        versions={"mediapipe": "1"},
        **fields,
    )
    item = ObjectToWrite.document(f"{ref.name}/prompts.json", document)
    Storage().write(output(bucket).name, item, Provenance(ref.generation, CONFIG))


def _stored(bucket: gcs.Bucket) -> PromptsDocument:
    content = output(bucket).blob("cat.png/prompts.json").download_as_bytes()
    return PromptsDocument.model_validate_json(content)


def _refused(
    bucket: gcs.Bucket, ref: ObjectRef, base: int, *prompts: Prompt, topic: Topic
) -> tuple[str, str]:
    """Returns code and sentence of a refusal, which must change and publish nothing."""
    before = {blob.name: blob.generation for blob in output(bucket).list_blobs()}
    with pytest.raises(CorrectionRefused) as refused:
        _corrections(bucket).save(ref, base, prompts)
    assert {blob.name: blob.generation for blob in output(bucket).list_blobs()} == before
    assert not list(topic.messages())
    return refused.value.code, str(refused.value)


def test_a_correction_is_stored_as_the_next_revision_and_published(
    bucket: gcs.Bucket, topic: Topic, ref: ObjectRef
) -> None:
    _detected(bucket, ref, FOUND)
    assert _corrections(bucket).save(ref, 0, [FOUND, ADDED]) == 1
    stored = _stored(bucket)
    assert (stored.revision, stored.instances) == (1, (FOUND, ADDED))
    assert stored.missed == Missed(), "the person has looked at the image"
    assert (stored.versions, stored.config) == ({"mediapipe": "1"}, CONFIG)
    blob = output(bucket).get_blob("cat.png/prompts.json")
    assert Provenance.of(blob) == Provenance(ref.generation, CONFIG, revision=1)
    (message,) = topic.messages()
    assert parse_prompts(message) == stored
    assert parse_identity(message) == Identity(ref.source, 1)
    assert REPEATED not in message.attributes
    assert _corrections(bucket).save(ref, 1, []) == 2
    assert _stored(bucket).instances == ()


def test_where_nothing_was_found_a_face_can_be_added(
    bucket: gcs.Bucket, topic: Topic, ref: ObjectRef
) -> None:
    _detected(bucket, ref)
    assert _corrections(bucket).save(ref, 0, [ADDED]) == 1
    assert len(list(topic.messages())) == 1


def test_the_same_saved_again_is_published_again_and_changes_nothing(
    bucket: gcs.Bucket, topic: Topic, ref: ObjectRef
) -> None:
    _detected(bucket, ref, FOUND)
    for _ in range(2):
        assert _corrections(bucket).save(ref, 0, [ADDED]) == 1
    first, second = topic.messages()
    assert first.data == second.data
    assert second.attributes[REPEATED] == "true"


def test_what_could_not_be_published_is_published_when_saved_again(
    bucket: gcs.Bucket, topic: Topic, ref: ObjectRef
) -> None:
    _detected(bucket, ref, FOUND)
    with pytest.raises(Transient, match=r"Correction 1 is stored.*NotFound.*Save it again"):
        _corrections(bucket, "projects/p/topics/none").save(ref, 0, [ADDED])
    assert _stored(bucket).revision == 1
    assert _corrections(bucket).save(ref, 0, [ADDED]) == 1
    (message,) = topic.messages()
    assert parse_prompts(message).instances == (ADDED,)


def test_of_two_people_the_second_is_told_to_load_again(
    bucket: gcs.Bucket, topic: Topic, ref: ObjectRef
) -> None:
    _detected(bucket, ref, FOUND)
    _corrections(bucket).save(ref, 0, [ADDED])
    list(topic.messages())
    code, sentence = _refused(bucket, ref, 0, FOUND, ADDED, topic=topic)
    assert code == "newer-correction"
    assert "correction of revision 0, but the prompts have revision 1 now" in sentence
    assert _refused(bucket, ref, 7, FOUND, topic=topic)[0] == "newer-correction"


def test_an_upload_that_was_replaced_is_corrected_no_more(
    bucket: gcs.Bucket, topic: Topic, ref: ObjectRef
) -> None:
    _detected(bucket, ref, FOUND)
    newer = replace(ref, generation=upload(bucket))
    assert _refused(bucket, ref, 0, ADDED, topic=topic)[0] == "newer-upload"
    assert _refused(bucket, newer, 0, ADDED, topic=topic)[0] == "no-prompts"
    _detected(bucket, newer, FOUND)
    assert _refused(bucket, ref, 0, ADDED, topic=topic)[0] == "newer-upload"
    assert _corrections(bucket).save(newer, 0, [ADDED]) == 1


def test_only_an_upload_with_prompts_is_corrected(
    bucket: gcs.Bucket, topic: Topic, ref: ObjectRef
) -> None:
    code, sentence = _refused(bucket, ref, 0, ADDED, topic=topic)
    assert code == "no-prompts"
    assert str(ref) in sentence
    _detected(bucket, ref, FOUND)
    to_come = replace(ref, generation=ref.generation + 1)
    assert _refused(bucket, to_come, 0, ADDED, topic=topic)[0] == "no-such-upload"
    bucket.blob("cat.png").delete()
    assert _refused(bucket, ref, 0, ADDED, topic=topic)[0] == "no-such-upload"


def test_prompts_of_another_version_are_not_replaced(
    bucket: gcs.Bucket, topic: Topic, ref: ObjectRef
) -> None:
    item = ObjectToWrite("cat.png/prompts.json", "application/json", b'{"schema": "prompts/9"}')
    Storage().write(output(bucket).name, item, Provenance(ref.generation, CONFIG))
    assert _refused(bucket, ref, 0, ADDED, topic=topic)[0] == "unreadable-prompts"


@pytest.mark.parametrize(
    ("prompts", "why"),
    [
        ((FOUND, FOUND), "two prompts have the same id"),
        ((FOUND.model_copy(update={"crop": Box(0, 0, WIDTH + 1, 9)}),), "face-1: the box"),
        ((FOUND,) * (MOST_INSTANCES + 1), "These are 101 instances. The limit is 100."),
    ],
)
def test_invalid_prompts_are_refused(
    bucket: gcs.Bucket, topic: Topic, ref: ObjectRef, prompts: tuple[Prompt, ...], why: str
) -> None:
    _detected(bucket, ref, FOUND)
    code, sentence = _refused(bucket, ref, 0, *prompts, topic=topic)
    assert code == "bad-prompts"
    assert why in sentence


def test_the_number_and_the_size_of_corrections_are_limited(
    bucket: gcs.Bucket, topic: Topic, ref: ObjectRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    _detected(bucket, ref, FOUND)
    code, sentence = _refused(bucket, ref, MOST_REVISION, ADDED, topic=topic)
    assert code == "too-many-corrections"
    assert "Upload it again" in sentence
    monkeypatch.setattr("shared.corrections.saving.MOST_PROMPTS", 1000)
    code, sentence = _refused(bucket, ref, 0, ADDED, topic=topic)
    assert code == "bad-prompts"
    assert "The limit is 1,000." in sentence


@pytest.mark.usefixtures("topic")
def test_two_saves_at_the_same_moment_leave_one(
    bucket: gcs.Bucket, ref: ObjectRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second one has read the prompts before the first one writes."""
    _detected(bucket, ref, FOUND)
    upload_now, other = Storage._upload, _corrections(bucket)

    def slow(self: Storage, *arguments: Any) -> None:
        monkeypatch.setattr(Storage, "_upload", upload_now)
        assert other.save(ref, 0, [ADDED]) == 1
        upload_now(self, *arguments)

    monkeypatch.setattr(Storage, "_upload", slow)
    with pytest.raises(CorrectionRefused, match="revision 1 now"):
        _corrections(bucket).save(ref, 0, [])
    assert _stored(bucket).instances == (ADDED,)


def test_the_embedded_broker_is_the_one_of_the_client(topic: Topic) -> None:
    """Otherwise the tests above would prove nothing."""
    pubsub_v1.PublisherClient().publish(TOPIC, b"x").result()
    assert [message.data for message in topic.messages()] == [b"x"]
