"""Results of uploads that overtake one another."""

from collections.abc import Callable, Iterator
from itertools import islice

import pytest
from google.cloud import storage as gcs

from shared.gcp.gcs import ObjectToWrite, Storage, WriteOutcome
from shared.gcp.provenance import Provenance
from shared.schemas import object_names
from shared.schemas.documents import (
    ResultDocument,
    Status,
)
from shared.schemas.errors import ReasonCode, Rejected, Superseded, Transient
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

GONE = Superseded("it is gone")
REJECTION = Rejected(ReasonCode.UNSUPPORTED_NAME, "No.")


def test_a_newer_result_replaces_an_older_one_whole(bucket: gcs.Bucket) -> None:
    write(bucket, OLD, 2)
    assert write(bucket, NEW, 1) is WriteOutcome.REPLACED
    assert state(bucket) == whole(NEW, 1)


def test_an_older_result_that_comes_late_leaves_nothing(bucket: gcs.Bucket) -> None:
    write(bucket, NEW, 0)
    assert write(bucket, OLD, 3) is WriteOutcome.OUTRANKED
    assert state(bucket) == whole(NEW, 0)


def test_an_older_result_that_is_overtaken_clears_what_it_had_written(bucket: gcs.Bucket) -> None:
    document = document_of(OLD, 1)
    items = objects_of(document)
    Storage().write_all(bucket.name, items[:2], Provenance(OLD, CONFIG, document.content_digest))
    write(bucket, NEW, 0)
    Storage().write_all(bucket.name, items[3:], Provenance(OLD, CONFIG, document.content_digest))
    assert write(bucket, OLD, 1) is WriteOutcome.OUTRANKED
    assert state(bucket) == whole(NEW, 0)


def test_an_overtaken_upload_is_not_drawn_any_further(bucket: gcs.Bucket) -> None:
    """Nothing but its first picture is drawn: that one is enough to know."""
    write(bucket, NEW, 0)
    document = document_of(OLD, 1)

    def files() -> Iterator[ImageFile]:
        yield files_of(document)[0]
        raise AssertionError("the second file is drawn")

    assert store_of(bucket).write(document, files) is WriteOutcome.OUTRANKED


def test_a_worker_that_died_half_way_is_finished_by_the_next(bucket: gcs.Bucket) -> None:
    write(bucket, OLD, 1)
    bucket.blob("cat.png/result.json").delete()
    assert write(bucket, OLD, 1) is WriteOutcome.CREATED
    assert state(bucket) == whole(OLD, 1)


def test_what_a_dead_worker_left_of_an_older_upload_is_cleared_away(bucket: gcs.Bucket) -> None:
    write(bucket, OLD, 3)
    bucket.blob("cat.png/result.json").delete()
    write(bucket, NEW, 1)
    assert state(bucket) == whole(NEW, 1)


def test_what_a_dead_worker_drew_from_other_masks_is_drawn_anew(bucket: gcs.Bucket) -> None:
    """It had the fallback's masks of two faces, say, and the next one has SAM2's of one."""
    write(bucket, NEW, 2)
    bucket.blob("cat.png/result.json").delete()
    assert write(bucket, NEW, 1) is WriteOutcome.CREATED
    assert state(bucket) == whole(NEW, 1)
    stamps = {Provenance.of(blob) for blob in bucket.list_blobs()}
    assert len(stamps) == 1


def test_a_finished_result_with_other_masks_of_the_same_settings_stays(
    bucket: gcs.Bucket,
) -> None:
    """SAM2 gave two workers different masks. A worker that is killed while it replaces files of a
    finished result would leave a mixture, which no delivery repairs."""
    write(bucket, NEW, 1)
    before = {blob.name: blob.generation for blob in bucket.list_blobs()}
    document = document_of(NEW, 2)

    def files() -> Iterator[ImageFile]:
        yield files_of(document)[0]
        raise AssertionError("the second file is drawn")

    assert store_of(bucket).write(document, files) is WriteOutcome.KEPT
    assert {blob.name: blob.generation for blob in bucket.list_blobs()} == before


def test_a_duplicate_changes_nothing(bucket: gcs.Bucket) -> None:
    write(bucket, NEW, 1)
    before = {blob.name: blob.generation for blob in bucket.list_blobs()}
    assert write(bucket, NEW, 1) is WriteOutcome.SAME
    assert {blob.name: blob.generation for blob in bucket.list_blobs()} == before


def test_new_settings_replace_the_result_of_the_same_upload(bucket: gcs.Bucket) -> None:
    write(bucket, NEW, 2)
    assert write(bucket, NEW, 1, config="ba9876543210") is WriteOutcome.REPLACED
    assert state(bucket) == whole(NEW, 1)
    assert bucket.blob("cat.png/mask.png").download_as_bytes().endswith(b"ba9876543210")


def _damaged(
    bucket: gcs.Bucket, document: ResultDocument, other: str, times: int = 9
) -> Callable[[], Iterator[ImageFile]]:
    """The document's files; before the last one, a worker with `other` settings draws over one."""
    late = document_of(document.source.generation, 1, config=other)
    provenance = Provenance(late.source.generation, other, late.content_digest)
    damage = iter([ObjectToWrite("cat.png/mask.png", "image/png", b"late")] * times)

    def files() -> Iterator[ImageFile]:
        *others, last = files_of(document)
        yield from others
        for item in islice(damage, 1):
            Storage().write(bucket.name, item, provenance)
        yield last

    return files


def test_a_result_that_another_worker_damaged_meanwhile_is_not_acknowledged(
    bucket: gcs.Bucket,
) -> None:
    """Old settings' late duplicate draws over a picture after the new ones' worker has."""
    write(bucket, NEW, 1)
    document = document_of(NEW, 1, config="ba9876543210")
    with pytest.raises(Transient):
        store_of(bucket).write(document, _damaged(bucket, document, CONFIG))
    assert write(bucket, NEW, 1, config="ba9876543210") is WriteOutcome.SAME
    assert len({Provenance.of(blob) for blob in bucket.list_blobs()}) == 1


def test_a_repeated_result_that_another_worker_damages_is_not_acknowledged(
    bucket: gcs.Bucket,
) -> None:
    """All its writes find what they would write, as after responses that were lost."""
    write(bucket, NEW, 1)
    document = document_of(NEW, 1)
    with pytest.raises(Transient):
        store_of(bucket).write(document, _damaged(bucket, document, "ba9876543210"))
    assert write(bucket, NEW, 1) is WriteOutcome.SAME
    assert state(bucket) == whole(NEW, 1)


def test_a_worker_mends_what_another_one_damaged_without_a_redelivery(bucket: gcs.Bucket) -> None:
    """The other one may have acknowledged the message that both got."""
    write(bucket, NEW, 1)
    document = document_of(NEW, 1)
    store_of(bucket).write(document, _damaged(bucket, document, "ba9876543210", times=1))
    assert state(bucket) == whole(NEW, 1)
    assert len({Provenance.of(blob) for blob in bucket.list_blobs()}) == 1


def test_a_finished_result_is_known_by_its_settings_and_pictures(bucket: gcs.Bucket) -> None:
    results, ref = store_of(bucket), source_of(NEW)

    def is_current(result: ResultDocument) -> bool:
        return result.config == CONFIG

    assert not results.is_finished(ref, 0, is_current)
    write(bucket, NEW, 1)
    assert results.is_finished(ref, 0, is_current)
    assert not results.is_finished(ref, 0, lambda result: not is_current(result))
    assert not results.is_finished(source_of(OLD), 0, is_current)
    bucket.blob("cat.png/face-1/mask.png").delete()
    assert not results.is_finished(ref, 0, is_current)


def test_a_result_that_is_not_understood_is_not_finished(bucket: gcs.Bucket) -> None:
    write(bucket, NEW, 1)
    blob = bucket.get_blob("cat.png/result.json")
    blob.upload_from_string(b'{"schema": "toonmask/result/9"}')
    blob.metadata = {"source-generation": str(NEW)}
    blob.patch()
    ref = source_of(NEW)
    assert not store_of(bucket).is_finished(ref, 0, lambda _: True)


def test_a_failure_says_why_and_clears_what_is_older(bucket: gcs.Bucket) -> None:
    write(bucket, OLD, 1)
    ref = upload(bucket)
    store_of(bucket).fail(ref, REASON)
    assert state(bucket) == {"result.json": ref.generation}
    blob = bucket.get_blob("cat.png/result.json")
    assert blob.metadata["status"] == "failed"
    written = ResultDocument.model_validate_json(blob.download_as_bytes())
    assert (written.status, written.reason) == (Status.FAILED, REASON)


@pytest.mark.parametrize("newer", [0, 1])
def test_a_failure_takes_nothing_from_an_upload_that_has_a_result(
    bucket: gcs.Bucket, newer: int
) -> None:
    ref = upload(bucket)
    write(bucket, ref.generation + newer, 1)
    store_of(bucket).fail(ref, REASON)
    assert state(bucket) == whole(ref.generation + newer, 1)
    assert bucket.get_blob("cat.png/result.json").metadata["status"] == "segmented"


def test_a_failure_gives_way_to_the_result_that_comes_after_all(bucket: gcs.Bucket) -> None:
    ref = upload(bucket)
    store_of(bucket).fail(ref, REASON)
    assert write(bucket, ref.generation, 1) is WriteOutcome.REPLACED
    assert state(bucket) == whole(ref.generation, 1)


@pytest.mark.parametrize("generation", [1, 9 * 10**18])
def test_an_upload_that_is_not_there_neither_fails_nor_is_rejected(
    bucket: gcs.Bucket, generation: int
) -> None:
    """A forged message names one to come: nothing that is uploaded would ever be newer."""
    ref = upload(bucket).model_copy(update={"generation": generation})
    store_of(bucket).fail(ref, REASON)
    store_of(bucket).reject(ref, REJECTION, CONFIG, {})
    assert state(bucket) == {}
    real = upload(bucket)
    assert write(bucket, real.generation, 1) is WriteOutcome.CREATED


def test_a_failure_of_what_was_overwritten_clears_what_it_left(bucket: gcs.Bucket) -> None:
    old, new = upload(bucket), upload(bucket)
    write(bucket, new.generation, 0)
    stray = ObjectToWrite("cat.png/face-1/mask.png", "image/png", b"")
    Storage().write(bucket.name, stray, Provenance(old.generation, CONFIG))
    store_of(bucket).fail(old, REASON)
    assert state(bucket) == whole(new.generation, 0)


def test_a_superseded_upload_is_cleared_once_its_successor_has_a_result(
    bucket: gcs.Bucket,
) -> None:
    old = source_of(OLD)
    stray = ObjectToWrite("cat.png/prompts.json", "application/json", b"{}")
    Storage().write(bucket.name, stray, Provenance(OLD, CONFIG))
    store_of(bucket).clear_superseded(old, GONE)
    assert state(bucket) == {"prompts.json": OLD}, "its successor's worker will find it"
    write(bucket, NEW, 0)
    Storage().write(bucket.name, stray, Provenance(OLD, CONFIG))
    store_of(bucket).clear_superseded(old, GONE)
    assert state(bucket) == whole(NEW, 0)


def test_results_of_an_upload_that_was_deleted_stay(bucket: gcs.Bucket) -> None:
    write(bucket, NEW, 1)
    store_of(bucket).clear_superseded(source_of(NEW), GONE)
    assert state(bucket) == whole(NEW, 1)


def test_an_upload_that_is_called_like_another_ones_face_touches_none_of_its_pictures(
    bucket: gcs.Bucket,
) -> None:
    write(bucket, OLD, 1)
    rejected = upload(bucket, "cat.png/face-1")
    for config in (CONFIG, "ba9876543210"):
        store_of(bucket).reject(rejected, REJECTION, config, {})
    failed = upload(bucket, "cat.png/face-1")
    store_of(bucket).fail(failed, REASON)
    own = object_names.folder("cat.png/face-1").removeprefix("cat.png/")
    assert state(bucket) == {**whole(OLD, 1), f"{own}result.json": failed.generation}
