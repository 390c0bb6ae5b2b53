"""Results of uploads that overtake one another."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from google.cloud import storage as gcs

from shared.gcp.gcs import ObjectRef, ObjectToWrite, Storage, WriteOutcome
from shared.gcp.provenance import Provenance
from shared.pipeline.result_store import ResultStore
from shared.schemas import object_names
from shared.schemas.box import Box
from shared.schemas.documents import (
    Instance,
    InstanceFiles,
    Outputs,
    Reason,
    ResultDocument,
    RleModel,
    Source,
    Status,
)
from shared.schemas.errors import ReasonCode, Rejected, Superseded, Transient
from shared.schemas.image_file import ImageFile

OLD, NEW = 100, 200
GONE = Superseded("it is gone")
CONFIG = "0123456789ab"
REJECTION = Rejected(ReasonCode.UNSUPPORTED_NAME, "No.")
REASON = Reason(code=ReasonCode.GAVE_UP, message="Given up.")
PICTURES = ("mask.png", "overlay.png", "cutout.png")


def _document(
    generation: int, faces: int, config: str = CONFIG, name: str = "cat.png"
) -> ResultDocument:
    return ResultDocument(
        status=Status.SEGMENTED if faces else Status.EMPTY,
        reason=None,
        source=Source(bucket="in", name=name, generation=generation),
        config=config,
        instances=tuple(
            Instance(
                id=f"face-{number}", label="face", side=None, score=1, box=Box(0, 0, 1, 1), area=1,
                segmenter="grabcut", quality=1, rle=RleModel(size=(1, 1), counts="01"),
                files=InstanceFiles(
                    mask=f"face-{number}/mask.png", cutout=f"face-{number}/cutout.png"
                ),
            )
            for number in range(1, faces + 1)
        ),
        outputs=Outputs(),
        timing={},
        versions={},
    )  # fmt: skip


def _upload(bucket: gcs.Bucket, name: str = "cat.png") -> ObjectRef:
    """A new upload whose results go to this bucket."""
    uploads = bucket.client.bucket("in-bucket")
    if not uploads.exists():
        uploads.create()
    blob = uploads.blob(name)
    blob.upload_from_string(b"a picture")
    return ObjectRef(uploads.name, name, blob.generation)


def _results(bucket: gcs.Bucket) -> ResultStore:
    return ResultStore(Storage(), bucket.name)


def _files(document: ResultDocument) -> list[ImageFile]:
    data = f"{document.source.generation} {document.config}".encode()
    return [ImageFile(name, data) for name in document.pictures]


def _objects(document: ResultDocument) -> list[ObjectToWrite]:
    folder = object_names.folder(document.source.name)
    return [ObjectToWrite(folder + file.name, "image/png", file.data) for file in _files(document)]


def _write(bucket: gcs.Bucket, generation: int, faces: int, config: str = CONFIG) -> WriteOutcome:
    document = _document(generation, faces, config)
    return _results(bucket).write(document, _files(document))


def _state(bucket: gcs.Bucket) -> dict[str, int]:
    """Names in the upload's folder with the upload that each shows."""
    return {
        blob.name.removeprefix("cat.png/"): Provenance.of(blob).generation
        for blob in bucket.list_blobs(prefix="cat.png/")
    }


def _whole(generation: int, faces: int) -> dict[str, int]:
    names = (*_document(generation, faces).pictures, "result.json")
    return dict.fromkeys(names, generation)


def test_a_newer_result_replaces_an_older_one_whole(bucket: gcs.Bucket) -> None:
    _write(bucket, OLD, 2)
    assert _write(bucket, NEW, 1) is WriteOutcome.REPLACED
    assert _state(bucket) == _whole(NEW, 1)


def test_an_older_result_that_comes_late_leaves_nothing(bucket: gcs.Bucket) -> None:
    _write(bucket, NEW, 0)
    assert _write(bucket, OLD, 3) is WriteOutcome.OUTRANKED
    assert _state(bucket) == _whole(NEW, 0)


def test_an_older_result_that_is_overtaken_clears_what_it_had_written(bucket: gcs.Bucket) -> None:
    document = _document(OLD, 1)
    items = _objects(document)
    Storage().write_all(bucket.name, items[:2], Provenance(OLD, CONFIG, document.content_digest))
    _write(bucket, NEW, 0)
    Storage().write_all(bucket.name, items[3:], Provenance(OLD, CONFIG, document.content_digest))
    assert _write(bucket, OLD, 1) is WriteOutcome.OUTRANKED
    assert _state(bucket) == _whole(NEW, 0)


def test_an_overtaken_upload_is_not_drawn_any_further(bucket: gcs.Bucket) -> None:
    """Nothing but its first picture is drawn: that one is enough to know."""
    _write(bucket, NEW, 0)
    document = _document(OLD, 1)

    def files() -> Iterator[ImageFile]:
        yield _files(document)[0]
        raise AssertionError("the second file is drawn")

    assert _results(bucket).write(document, files()) is WriteOutcome.OUTRANKED


def test_a_worker_that_died_half_way_is_finished_by_the_next(bucket: gcs.Bucket) -> None:
    _write(bucket, OLD, 1)
    bucket.blob("cat.png/result.json").delete()
    assert _write(bucket, OLD, 1) is WriteOutcome.CREATED
    assert _state(bucket) == _whole(OLD, 1)


def test_what_a_dead_worker_left_of_an_older_upload_is_cleared_away(bucket: gcs.Bucket) -> None:
    _write(bucket, OLD, 3)
    bucket.blob("cat.png/result.json").delete()
    _write(bucket, NEW, 1)
    assert _state(bucket) == _whole(NEW, 1)


def test_what_a_dead_worker_drew_from_other_masks_is_drawn_anew(bucket: gcs.Bucket) -> None:
    """It had the fallback's masks of two faces, say, and the next one has SAM2's of one."""
    _write(bucket, NEW, 2)
    bucket.blob("cat.png/result.json").delete()
    assert _write(bucket, NEW, 1) is WriteOutcome.CREATED
    assert _state(bucket) == _whole(NEW, 1)
    stamps = {Provenance.of(blob) for blob in bucket.list_blobs()}
    assert len(stamps) == 1


def test_a_finished_result_with_other_masks_of_the_same_settings_stays(
    bucket: gcs.Bucket,
) -> None:
    """SAM2 gave two workers different masks. A worker that is killed while it replaces files of a
    finished result would leave a mixture, which no delivery repairs."""
    _write(bucket, NEW, 1)
    before = {blob.name: blob.generation for blob in bucket.list_blobs()}
    document = _document(NEW, 2)

    def files() -> Iterator[ImageFile]:
        yield _files(document)[0]
        raise AssertionError("the second file is drawn")

    assert _results(bucket).write(document, files()) is WriteOutcome.KEPT
    assert {blob.name: blob.generation for blob in bucket.list_blobs()} == before


def test_a_duplicate_changes_nothing(bucket: gcs.Bucket) -> None:
    _write(bucket, NEW, 1)
    before = {blob.name: blob.generation for blob in bucket.list_blobs()}
    assert _write(bucket, NEW, 1) is WriteOutcome.SAME
    assert {blob.name: blob.generation for blob in bucket.list_blobs()} == before


def test_new_settings_replace_the_result_of_the_same_upload(bucket: gcs.Bucket) -> None:
    _write(bucket, NEW, 2)
    assert _write(bucket, NEW, 1, config="ba9876543210") is WriteOutcome.REPLACED
    assert _state(bucket) == _whole(NEW, 1)
    assert bucket.blob("cat.png/mask.png").download_as_bytes().endswith(b"ba9876543210")


def test_a_result_that_another_worker_damaged_meanwhile_is_not_acknowledged(
    bucket: gcs.Bucket,
) -> None:
    """Old settings' late duplicate draws over a picture after the new ones' worker has."""
    _write(bucket, NEW, 1)
    document = _document(NEW, 1, config="ba9876543210")
    late = Provenance(NEW, CONFIG, _document(NEW, 1).content_digest)

    damaged = ObjectToWrite("cat.png/mask.png", "image/png", b"late")

    def files() -> Iterator[ImageFile]:
        *others, last = _files(document)
        yield from others
        Storage().write(bucket.name, damaged, late)
        yield last

    with pytest.raises(Transient):
        _results(bucket).write(document, files())
    assert _write(bucket, NEW, 1, config="ba9876543210") is WriteOutcome.SAME
    assert len({Provenance.of(blob) for blob in bucket.list_blobs()}) == 1


def test_a_finished_result_is_known_by_its_settings_and_pictures(bucket: gcs.Bucket) -> None:
    results, ref = _results(bucket), ObjectRef("in", "cat.png", NEW)

    def is_current(result: ResultDocument) -> bool:
        return result.config == CONFIG

    assert not results.is_finished(ref, 0, is_current)
    _write(bucket, NEW, 1)
    assert results.is_finished(ref, 0, is_current)
    assert not results.is_finished(ref, 0, lambda result: not is_current(result))
    assert not results.is_finished(ObjectRef("in", "cat.png", OLD), 0, is_current)
    bucket.blob("cat.png/face-1/mask.png").delete()
    assert not results.is_finished(ref, 0, is_current)


def test_a_result_that_is_not_understood_is_not_finished(bucket: gcs.Bucket) -> None:
    _write(bucket, NEW, 1)
    blob = bucket.get_blob("cat.png/result.json")
    blob.upload_from_string(b'{"schema": "toonmask/result/9"}')
    blob.metadata = {"source-generation": str(NEW)}
    blob.patch()
    ref = ObjectRef("in", "cat.png", NEW)
    assert not _results(bucket).is_finished(ref, 0, lambda _: True)


def test_a_failure_says_why_and_clears_what_is_older(bucket: gcs.Bucket) -> None:
    _write(bucket, OLD, 1)
    ref = _upload(bucket)
    _results(bucket).fail(ref, REASON)
    assert _state(bucket) == {"result.json": ref.generation}
    blob = bucket.get_blob("cat.png/result.json")
    assert blob.metadata["status"] == "failed"
    written = ResultDocument.model_validate_json(blob.download_as_bytes())
    assert (written.status, written.reason) == (Status.FAILED, REASON)


@pytest.mark.parametrize("newer", [0, 1])
def test_a_failure_takes_nothing_from_an_upload_that_has_a_result(
    bucket: gcs.Bucket, newer: int
) -> None:
    ref = _upload(bucket)
    _write(bucket, ref.generation + newer, 1)
    _results(bucket).fail(ref, REASON)
    assert _state(bucket) == _whole(ref.generation + newer, 1)
    assert bucket.get_blob("cat.png/result.json").metadata["status"] == "segmented"


def test_a_failure_gives_way_to_the_result_that_comes_after_all(bucket: gcs.Bucket) -> None:
    ref = _upload(bucket)
    _results(bucket).fail(ref, REASON)
    assert _write(bucket, ref.generation, 1) is WriteOutcome.REPLACED
    assert _state(bucket) == _whole(ref.generation, 1)


@pytest.mark.parametrize("generation", [1, 9 * 10**18])
def test_an_upload_that_is_not_there_neither_fails_nor_is_rejected(
    bucket: gcs.Bucket, generation: int
) -> None:
    """A forged message names one to come: nothing that is uploaded would ever be newer."""
    ref = replace(_upload(bucket), generation=generation)
    _results(bucket).fail(ref, REASON)
    _results(bucket).reject(ref, REJECTION, CONFIG, {})
    assert _state(bucket) == {}
    real = _upload(bucket)
    assert _write(bucket, real.generation, 1) is WriteOutcome.CREATED


def test_a_failure_of_what_was_overwritten_clears_what_it_left(bucket: gcs.Bucket) -> None:
    old, new = _upload(bucket), _upload(bucket)
    _write(bucket, new.generation, 0)
    stray = ObjectToWrite("cat.png/face-1/mask.png", "image/png", b"")
    Storage().write(bucket.name, stray, Provenance(old.generation, CONFIG))
    _results(bucket).fail(old, REASON)
    assert _state(bucket) == _whole(new.generation, 0)


def test_a_superseded_upload_is_cleared_once_its_successor_has_a_result(
    bucket: gcs.Bucket,
) -> None:
    old = ObjectRef("in", "cat.png", OLD)
    stray = ObjectToWrite("cat.png/prompts.json", "application/json", b"{}")
    Storage().write(bucket.name, stray, Provenance(OLD, CONFIG))
    _results(bucket).clear_superseded(old, GONE)
    assert _state(bucket) == {"prompts.json": OLD}, "its successor's worker will find it"
    _write(bucket, NEW, 0)
    Storage().write(bucket.name, stray, Provenance(OLD, CONFIG))
    _results(bucket).clear_superseded(old, GONE)
    assert _state(bucket) == _whole(NEW, 0)


def test_results_of_an_upload_that_was_deleted_stay(bucket: gcs.Bucket) -> None:
    _write(bucket, NEW, 1)
    _results(bucket).clear_superseded(ObjectRef("in", "cat.png", NEW), GONE)
    assert _state(bucket) == _whole(NEW, 1)


def test_an_upload_that_is_called_like_another_ones_face_touches_none_of_its_pictures(
    bucket: gcs.Bucket,
) -> None:
    _write(bucket, OLD, 1)
    rejected = _upload(bucket, "cat.png/face-1")
    for config in (CONFIG, "ba9876543210"):
        _results(bucket).reject(rejected, REJECTION, config, {})
    failed = _upload(bucket, "cat.png/face-1")
    _results(bucket).fail(failed, REASON)
    own = object_names.folder("cat.png/face-1").removeprefix("cat.png/")
    assert _state(bucket) == {**_whole(OLD, 1), f"{own}result.json": failed.generation}
