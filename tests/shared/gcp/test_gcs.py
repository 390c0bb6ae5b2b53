import gzip
import tracemalloc
from typing import Any

import pytest
from google.cloud import storage as gcs

from shared.gcp.gcs import ObjectRef, ObjectToWrite, Storage, Stored, WriteOutcome
from shared.gcp.provenance import Provenance
from shared.schemas import object_names
from shared.schemas.documents import NO_SETTINGS
from shared.schemas.errors import Rejected, Superseded, Transient

OLD, NEW = Provenance(1, "aaaaaaaaaaaa"), Provenance(2, "aaaaaaaaaaaa")


def _item(name: str, content: bytes) -> ObjectToWrite:
    return ObjectToWrite(name, "text/plain", content)


def test_a_first_write_creates_and_stamps_the_object(bucket: gcs.Bucket) -> None:
    assert Storage().write(bucket.name, _item("a", b"1"), NEW) is WriteOutcome.CREATED
    blob = bucket.get_blob("a")
    assert blob.metadata == {"source-generation": "2", "config": "aaaaaaaaaaaa"}
    assert blob.content_type == "text/plain"


def test_a_repeated_write_changes_nothing(bucket: gcs.Bucket) -> None:
    Storage().write(bucket.name, _item("a", b"1"), NEW)
    before = bucket.get_blob("a").generation
    assert Storage().write(bucket.name, _item("a", b"1"), NEW) is WriteOutcome.SAME
    assert bucket.get_blob("a").generation == before


def test_a_newer_upload_replaces_an_older_one_and_never_the_reverse(bucket: gcs.Bucket) -> None:
    Storage().write(bucket.name, _item("a", b"old"), OLD)
    assert Storage().write(bucket.name, _item("a", b"new"), NEW) is WriteOutcome.REPLACED
    assert Storage().write(bucket.name, _item("a", b"old"), OLD) is WriteOutcome.OUTRANKED
    assert bucket.blob("a").download_as_bytes() == b"new"


def test_other_settings_replace_the_same_upload(bucket: gcs.Bucket) -> None:
    Storage().write(bucket.name, _item("a", b"1"), NEW)
    changed = Provenance(NEW.generation, "bbbbbbbbbbbb")
    assert Storage().write(bucket.name, _item("a", b"2"), changed) is WriteOutcome.REPLACED


def test_an_object_that_is_not_ours_is_replaced(bucket: gcs.Bucket) -> None:
    bucket.blob("a").upload_from_string(b"a stranger's")
    assert Storage().write(bucket.name, _item("a", b"1"), OLD) is WriteOutcome.REPLACED


def test_a_generation_that_was_overwritten_or_deleted_is_superseded(bucket: gcs.Bucket) -> None:
    blob = bucket.blob("a")
    blob.upload_from_string(b"first")
    first = ObjectRef(bucket.name, "a", blob.generation)
    assert Storage().read(first, 100) == b"first"
    bucket.blob("a").upload_from_string(b"second")
    with pytest.raises(Superseded):
        Storage().read(first, 100)


def test_no_more_than_the_limit_is_read(bucket: gcs.Bucket) -> None:
    blob = bucket.blob("a")
    blob.upload_from_string(b"x" * 1000)
    assert len(Storage().read(ObjectRef(bucket.name, "a", blob.generation), 10)) == 10


def test_a_sweep_takes_what_is_stale_and_ours_and_nothing_else(bucket: gcs.Bucket) -> None:
    names = {
        "cat.png/mask.png": NEW,
        "cat.png/face-1/mask.png": NEW,
        "cat.png/face-2/mask.png": OLD,
        "cat.png/face-2/cutout.png": OLD,
        "cat.png/result.json": OLD,
        "cat.png/notes.txt": OLD,
        "cat.png/dog.png/mask.png": OLD,
        "cat.png2/mask.png": OLD,
    }
    for name, provenance in names.items():
        Storage().write(bucket.name, _item(name, b""), provenance)
    Storage().delete_stale(
        bucket.name,
        "cat.png/",
        lambda name, found: object_names.is_picture(name) and found.generation < 2,
    )
    left = {blob.name for blob in bucket.list_blobs()}
    assert set(names) - left == {"cat.png/face-2/mask.png", "cat.png/face-2/cutout.png"}


FAILED = Provenance(NEW.generation, NO_SETTINGS)


def test_a_failure_replaces_older_uploads_and_gives_way_to_any_result_of_its_own(
    bucket: gcs.Bucket,
) -> None:
    Storage().write(bucket.name, _item("a", b"old"), OLD)
    assert Storage().write(bucket.name, _item("a", b"failed"), FAILED) is WriteOutcome.REPLACED
    assert Storage().write(bucket.name, _item("a", b"failed"), FAILED) is WriteOutcome.SAME
    assert Storage().write(bucket.name, _item("a", b"new"), NEW) is WriteOutcome.REPLACED
    assert Storage().write(bucket.name, _item("a", b"failed"), FAILED) is WriteOutcome.OUTRANKED
    assert bucket.blob("a").download_as_bytes() == b"new"


def test_a_replacement_whose_answer_was_lost_still_counts_as_one(
    bucket: gcs.Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client repeats the request, and gets 412 because of its own first request."""
    Storage().write(bucket.name, _item("a", b"old"), OLD)
    send = gcs.Blob.upload_from_string

    def send_twice(blob: gcs.Blob, *arguments: Any, **options: Any) -> None:
        send(blob, *arguments, **options)
        if options["if_generation_match"]:
            send(blob, *arguments, **options)

    monkeypatch.setattr(gcs.Blob, "upload_from_string", send_twice)
    assert Storage().write(bucket.name, _item("a", b"new"), NEW) is WriteOutcome.REPLACED


def _gzipped(bucket: gcs.Bucket, content: bytes) -> ObjectRef:
    blob = bucket.blob("a")
    blob.content_encoding = "gzip"
    blob.upload_from_string(content)
    return ObjectRef(bucket.name, "a", blob.generation)


def test_what_was_uploaded_gzipped_is_read_unpacked(bucket: gcs.Bucket) -> None:
    assert Storage().read(_gzipped(bucket, gzip.compress(b"hello")), 100) == b"hello"


def test_a_gzip_bomb_is_unpacked_no_further_than_the_limit(bucket: gcs.Bucket) -> None:
    bomb = _gzipped(bucket, gzip.compress(bytes(20_000_000)))
    tracemalloc.start()
    with pytest.raises(Rejected, match="more than 1,000,000 bytes"):
        Storage().read(bomb, 1_000_000)
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


def test_a_broken_gzip_is_rejected(bucket: gcs.Bucket) -> None:
    with pytest.raises(Rejected, match="gzipped and is broken"):
        Storage().read(_gzipped(bucket, b"no gzip at all"), 100)


@pytest.mark.parametrize(
    ("text", "generation"),
    [
        ("7", 7),
        (str(2**63 - 1), 2**63 - 1),
        (str(2**63), -1),
        ("9" * 30, -1),
        ("-7", -1),
        ("\u0667", -1),
    ],
)
def test_a_stamp_of_what_can_be_no_generation_is_older_than_any_upload(
    bucket: gcs.Bucket, text: str, generation: int
) -> None:
    blob = bucket.blob("a")
    blob.metadata = {"source-generation": text}
    assert Provenance.of(blob).generation == generation


def test_an_update_starts_again_from_what_a_faster_writer_wrote(bucket: gcs.Bucket) -> None:
    seen: list[bytes | None] = []

    def change(stored: Stored | None) -> tuple[ObjectToWrite, Provenance] | None:
        seen.append(stored and stored[0])
        if len(seen) < 3:
            bucket.blob("a").upload_from_string(str(len(seen)))
        return _item("a", (stored[0] if stored else b"") + b"+"), NEW

    assert Storage().update(bucket.name, "a", change)
    assert seen == [None, b"1", b"2"]
    assert bucket.blob("a").download_as_bytes() == b"2+"
    assert not Storage().update(bucket.name, "a", lambda _: None)


def test_updates_and_deletes_give_up_after_some_lost_races(bucket: gcs.Bucket) -> None:
    count = 0

    def always_late() -> None:
        nonlocal count
        count += 1
        bucket.blob("a").upload_from_string(str(count))

    def change(_: Stored | None) -> tuple[ObjectToWrite, Provenance]:
        always_late()
        return _item("a", b"never"), NEW

    with pytest.raises(Transient, match="lost 5 races"):
        Storage().update(bucket.name, "a", change)
    assert count == 5

    def stale(_: str, __: Provenance) -> bool:
        always_late()
        return True

    assert Storage().delete_stale(bucket.name, "", stale) == 0
    assert count == 10
    assert bucket.blob("a").download_as_bytes() == b"10"
