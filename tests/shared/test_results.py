"""Results of uploads that overtake one another."""

from functools import partial

from google.cloud import storage as gcs

from shared import layout
from shared.documents import Outputs, ResultDocument, Source, Status
from shared.results import write_results
from shared.storage import Item, Outcome, Storage

OLD, NEW = 100, 200
CONFIG = "0123456789ab"


def _write(bucket: gcs.Bucket, generation: int, *pictures: str, config: str = CONFIG) -> Outcome:
    document = ResultDocument(
        status=Status.SEGMENTED if pictures else Status.REJECTED,
        reason=None,
        source=Source(bucket=bucket.name, name="cat.png", generation=generation),
        config=config,
        outputs=Outputs() if pictures else None,
        timing={},
        versions={},
    )

    def draw(name: str) -> bytes:
        assert name != "not/to/be/drawn"
        return f"{generation} {config}".encode()

    items = [Item(f"cat.png/{name}", "image/png", partial(draw, name)) for name in pictures]
    return write_results(Storage(), bucket.name, document, items, layout.PICTURES)


def _state(bucket: gcs.Bucket) -> dict[str, int]:
    """Names in the upload's folder with the upload that each shows."""
    return {
        blob.name.removeprefix("cat.png/"): int(blob.metadata["source-generation"])
        for blob in bucket.list_blobs(prefix="cat.png/")
    }


def test_a_newer_result_replaces_an_older_one_whole(bucket: gcs.Bucket) -> None:
    _write(bucket, OLD, "mask.png", "face-1/mask.png", "face-2/mask.png")
    assert _write(bucket, NEW, "mask.png", "face-1/mask.png") is Outcome.REPLACED
    assert _state(bucket) == {"mask.png": NEW, "face-1/mask.png": NEW, "result.json": NEW}


def test_an_older_result_that_comes_late_leaves_nothing(bucket: gcs.Bucket) -> None:
    _write(bucket, NEW, "mask.png")
    assert _write(bucket, OLD, "mask.png", "face-1/mask.png") is Outcome.NEWER_EXISTS
    assert _state(bucket) == {"mask.png": NEW, "result.json": NEW}


def test_an_older_result_that_comes_after_a_rejection_leaves_nothing(bucket: gcs.Bucket) -> None:
    _write(bucket, NEW)
    assert _write(bucket, OLD, "mask.png", "face-1/mask.png") is Outcome.NEWER_EXISTS
    assert _state(bucket) == {"result.json": NEW}


def test_a_worker_that_died_half_way_is_finished_by_the_next(bucket: gcs.Bucket) -> None:
    _write(bucket, OLD, "mask.png", "face-3/mask.png")
    bucket.blob("cat.png/result.json").delete()
    assert _write(bucket, OLD, "mask.png", "face-3/mask.png") is Outcome.CREATED
    assert _state(bucket) == {"mask.png": OLD, "face-3/mask.png": OLD, "result.json": OLD}


def test_what_a_dead_worker_left_of_an_older_upload_is_cleared_away(bucket: gcs.Bucket) -> None:
    _write(bucket, OLD, "mask.png", "face-3/mask.png")
    bucket.blob("cat.png/result.json").delete()
    _write(bucket, NEW, "mask.png")
    assert _state(bucket) == {"mask.png": NEW, "result.json": NEW}


def test_an_overtaken_upload_is_not_drawn_any_further(bucket: gcs.Bucket) -> None:
    """Nothing but its first picture is drawn: that one is enough to know."""
    _write(bucket, NEW, "mask.png")
    assert _write(bucket, OLD, "mask.png", "not/to/be/drawn") is Outcome.NEWER_EXISTS


def test_a_duplicate_changes_nothing(bucket: gcs.Bucket) -> None:
    _write(bucket, NEW, "mask.png")
    before = {blob.name: blob.generation for blob in bucket.list_blobs()}
    assert _write(bucket, NEW, "mask.png") is Outcome.SAME
    assert {blob.name: blob.generation for blob in bucket.list_blobs()} == before


def test_new_settings_replace_the_result_of_the_same_upload(bucket: gcs.Bucket) -> None:
    _write(bucket, NEW, "mask.png", "face-2/mask.png")
    assert _write(bucket, NEW, "mask.png", config="ba9876543210") is Outcome.REPLACED
    assert _state(bucket) == {"mask.png": NEW, "result.json": NEW}
    assert bucket.blob("cat.png/mask.png").download_as_bytes().endswith(b"ba9876543210")
