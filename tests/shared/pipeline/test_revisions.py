"""Results of corrected prompts beside those of the prompts before them."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from google.cloud import storage as gcs

from shared.gcp.gcs import ObjectToWrite, Storage, WriteOutcome
from shared.gcp.provenance import Provenance
from shared.schemas.documents import NO_SETTINGS, Reason, ResultDocument
from shared.schemas.errors import ReasonCode, Superseded
from shared.schemas.image_file import ImageFile
from tests.shared.pipeline.results import (
    CONFIG,
    NEW,
    OLD,
    REASON,
    document_of,
    files_of,
    objects_of,
    source_of,
    state,
    store_of,
    upload,
    whole,
    write,
)

CRASH = Reason(code=ReasonCode.GAVE_UP, message="Out of memory.")


def _editions(bucket: gcs.Bucket) -> dict[str, tuple[int, int]]:
    return {
        blob.name.removeprefix("cat.png/"): Provenance.of(blob).edition
        for blob in bucket.list_blobs(prefix="cat.png/")
    }


def _whole(edition: tuple[int, int], faces: int) -> dict[str, tuple[int, int]]:
    return dict.fromkeys(whole(edition[0], faces), edition)


def _result(bucket: gcs.Bucket) -> ResultDocument:
    return ResultDocument.model_validate_json(
        bucket.blob("cat.png/result.json").download_as_bytes()
    )


def _prompts(bucket: gcs.Bucket, generation: int, revision: int) -> None:
    item = ObjectToWrite("cat.png/prompts.json", "application/json", b"{}")
    Storage().write(bucket.name, item, Provenance(generation, CONFIG, revision=revision))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (Provenance(1, CONFIG), Provenance(1, CONFIG, revision=1)),
        (Provenance(1, CONFIG, revision=2), Provenance(1, CONFIG, revision=10)),
        (Provenance(1, CONFIG, revision=9), Provenance(2, CONFIG)),
        (Provenance(1, NO_SETTINGS), Provenance(1, NO_SETTINGS, revision=1)),
        (Provenance(1, NO_SETTINGS, revision=9), Provenance(1, CONFIG)),
        (Provenance(1, CONFIG), Provenance(2, NO_SETTINGS)),
    ],
)
def test_the_newest_upload_then_any_result_then_the_newest_revision_stays(
    first: Provenance, second: Provenance
) -> None:
    assert first.is_outranked_by(second)
    assert not second.is_outranked_by(first)
    assert not first.is_outranked_by(first)


@pytest.mark.parametrize("text", ["", "-1", "x", "1" * 30, "9999999"])
def test_what_is_no_revision_counts_as_none(bucket: gcs.Bucket, text: str) -> None:
    blob = bucket.blob("a")
    blob.metadata = {**Provenance(1, CONFIG).metadata, "revision": text}
    assert Provenance.of(blob) == Provenance(1, CONFIG)


def test_without_a_correction_metadata_are_as_before(bucket: gcs.Bucket) -> None:
    write(bucket, NEW, 1)
    metadata = bucket.get_blob("cat.png/result.json").metadata
    assert metadata.keys() == {"source-generation", "config", "shown", "status", "review"}


def test_a_correction_replaces_the_result_before_it_whole(bucket: gcs.Bucket) -> None:
    write(bucket, NEW, 2)
    assert write(bucket, NEW, 1, revision=1) is WriteOutcome.REPLACED
    assert _editions(bucket) == _whole((NEW, 1), 1)


def test_an_older_revision_that_comes_late_leaves_nothing(bucket: gcs.Bucket) -> None:
    _prompts(bucket, NEW, 2)
    write(bucket, NEW, 1, revision=2)
    for revision in (0, 1):
        document = document_of(NEW, 3, revision=revision)

        def files(document: ResultDocument = document) -> Iterator[ImageFile]:
            yield files_of(document)[0]
            raise AssertionError("the second file is drawn")

        assert store_of(bucket).write(document, files) is WriteOutcome.OUTRANKED
    assert _editions(bucket) == {**_whole((NEW, 2), 1), "prompts.json": (NEW, 2)}


def test_an_older_revision_that_is_overtaken_clears_what_it_had_written(
    bucket: gcs.Bucket,
) -> None:
    document = document_of(NEW, 2)
    items = objects_of(document)
    provenance = Provenance(NEW, CONFIG, document.content_digest)
    Storage().write_all(bucket.name, items[:2], provenance)
    write(bucket, NEW, 1, revision=1)
    Storage().write_all(bucket.name, items[5:], provenance)
    assert "face-2/mask.png" in _editions(bucket)
    assert write(bucket, NEW, 2) is WriteOutcome.OUTRANKED
    assert _editions(bucket) == _whole((NEW, 1), 1)


def test_a_newer_upload_wins_over_any_correction(bucket: gcs.Bucket) -> None:
    write(bucket, NEW, 0)
    assert write(bucket, OLD, 2, revision=7) is WriteOutcome.OUTRANKED
    assert _editions(bucket) == _whole((NEW, 0), 0)
    bucket.delete_blobs(list(bucket.list_blobs()))
    _prompts(bucket, OLD, 7)
    write(bucket, OLD, 2, revision=7)
    assert write(bucket, NEW, 0) is WriteOutcome.REPLACED
    assert _editions(bucket) == _whole((NEW, 0), 0)


def test_a_finished_result_is_that_of_one_revision(bucket: gcs.Bucket) -> None:
    write(bucket, NEW, 1, revision=1)
    ref = source_of(NEW)
    finished = [
        store_of(bucket).is_finished(ref, revision, lambda _: True) for revision in range(3)
    ]
    assert finished == [False, True, False]


def test_a_correction_with_the_same_settings_is_not_taken_for_the_result_before(
    bucket: gcs.Bucket,
) -> None:
    """Of one revision, the first result with the same settings stays, even if its masks differ."""
    write(bucket, NEW, 1)
    assert write(bucket, NEW, 2, revision=1) is WriteOutcome.REPLACED
    assert write(bucket, NEW, 1, revision=1) is WriteOutcome.KEPT


def test_a_correction_that_fails_leaves_the_result_before_it_with_a_reason_to_look(
    bucket: gcs.Bucket,
) -> None:
    ref = upload(bucket)
    write(bucket, ref.generation, 1)
    before = _result(bucket)
    store_of(bucket).fail(ref, CRASH, 1)
    assert _editions(bucket) == _whole((ref.generation, 0), 1)
    after = _result(bucket)
    (note,) = after.review
    assert (note.code, note.message) == ("correction-failed", "Correction 1 failed: Out of memory.")
    assert after.model_copy(update={"review": ()}) == before
    assert bucket.get_blob("cat.png/result.json").metadata["review"] == "1"


def test_the_first_note_of_a_failure_stays_and_the_next_correction_replaces_it(
    bucket: gcs.Bucket, caplog: pytest.LogCaptureFixture
) -> None:
    ref = upload(bucket)
    write(bucket, ref.generation, 1)
    caplog.clear()
    with caplog.at_level("INFO"):
        store_of(bucket).fail(ref, CRASH, 1)
        store_of(bucket).fail(ref, REASON, 1)
    assert [record.__dict__["state"] for record in caplog.records] == ["failed", "failed"]
    assert [one.message for one in _result(bucket).review] == [
        "Correction 1 failed: Out of memory."
    ]
    store_of(bucket).fail(ref, REASON, 2)
    assert [one.message for one in _result(bucket).review] == ["Correction 2 failed: Given up."]
    write(bucket, ref.generation, 1, revision=3)
    assert _result(bucket).review == ()


def test_a_failure_says_nothing_about_a_result_of_the_same_or_a_newer_revision(
    bucket: gcs.Bucket,
) -> None:
    ref = upload(bucket)
    write(bucket, ref.generation, 1, revision=2)
    before = bucket.get_blob("cat.png/result.json").generation
    for revision in (0, 1, 2):
        store_of(bucket).fail(ref, REASON, revision)
    assert bucket.get_blob("cat.png/result.json").generation == before
    newer = upload(bucket)
    write(bucket, newer.generation, 1)
    store_of(bucket).fail(ref, REASON, 9)
    assert _result(bucket).review == ()


def test_a_correction_that_fails_where_nothing_was_before_ends_as_failed(
    bucket: gcs.Bucket,
) -> None:
    ref = upload(bucket)
    store_of(bucket).fail(ref, REASON)
    store_of(bucket).fail(ref, CRASH, 1)
    found = _result(bucket)
    assert (found.status, found.revision, found.reason) == ("failed", 1, CRASH)
    assert write(bucket, ref.generation, 1) is WriteOutcome.REPLACED, "any result is better"


def test_a_note_is_not_written_over_a_result_that_comes_at_the_same_moment(
    bucket: gcs.Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    ref = upload(bucket)
    write(bucket, ref.generation, 1)
    upload_now = Storage._upload

    def late(self: Storage, *arguments: Any) -> None:
        monkeypatch.setattr(Storage, "_upload", upload_now)
        write(bucket, ref.generation, 2, revision=2)
        upload_now(self, *arguments)

    original = Storage.update

    def update(self: Storage, *arguments: Any) -> bool:
        monkeypatch.setattr(Storage, "_upload", late)
        return original(self, *arguments)

    monkeypatch.setattr(Storage, "update", update)
    store_of(bucket).fail(ref, CRASH, 1)
    assert _editions(bucket) == _whole((ref.generation, 2), 2)
    assert _result(bucket).review == ()


def test_a_result_of_another_version_gets_no_note(bucket: gcs.Bucket) -> None:
    ref = upload(bucket)
    item = ObjectToWrite("cat.png/result.json", "application/json", b'{"schema": "result/9"}')
    Storage().write(bucket.name, item, Provenance(ref.generation, CONFIG))
    store_of(bucket).fail(ref, CRASH, 1)
    assert bucket.blob("cat.png/result.json").download_as_bytes() == item.content


def test_a_superseded_upload_is_cleared_with_its_corrections(bucket: gcs.Bucket) -> None:
    old = source_of(OLD)
    write(bucket, NEW, 0)
    _prompts(bucket, OLD, 3)
    store_of(bucket).clear_superseded(old, Superseded("it is gone"))
    assert state(bucket) == whole(NEW, 0)


@pytest.mark.parametrize(("generation", "left"), [(OLD, {}), (NEW, {"prompts.json": (NEW, 1)})])
def test_what_is_replaced_while_it_is_deleted_is_judged_again(
    bucket: gcs.Bucket,
    monkeypatch: pytest.MonkeyPatch,
    generation: int,
    left: dict[str, tuple[int, int]],
) -> None:
    """A person saves a correction of an upload whose successor has just been rejected."""
    _prompts(bucket, OLD, 0)
    delete = gcs.Blob.delete

    def late(self: gcs.Blob, **options: Any) -> None:
        monkeypatch.setattr(gcs.Blob, "delete", delete)
        _replace(bucket, Provenance(generation, CONFIG, revision=1))
        delete(self, **options)

    monkeypatch.setattr(gcs.Blob, "delete", late)
    Storage().delete_stale(bucket.name, "cat.png/", lambda _, found: found.generation == OLD)
    assert _editions(bucket) == left


def _replace(bucket: gcs.Bucket, provenance: Provenance) -> None:
    item = ObjectToWrite("cat.png/prompts.json", "application/json", b"{}")
    Storage().update(bucket.name, item.name, lambda _: (replace(item, content=b"1"), provenance))
