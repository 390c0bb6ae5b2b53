"""The local storage server, through the real client where it has a method."""

import io
import os
import tempfile
from pathlib import Path

import pytest
import requests
from google.api_core import exceptions
from google.cloud import storage as gcs
from hypothesis import given
from hypothesis import strategies as st

from local.storage.store import Store
from local.storage.uploads import split_multipart
from tools.chaos.hooks.sitecustomize import fill_disk

NASTY_NAMES = [
    "a b.png", "a%2Fb.png", "ünïcödé/😀.png", "a#b?c=d&e.png", "'quotes\".png", "../../etc/passwd",
    "/leading.png", "double//slash.png", "dir/", "a/./b", "a/../b", "x" * 1024,
    "é" * 512, "back\\slash", "tab\t.png", ".objects/x",
]  # fmt: skip


@pytest.mark.parametrize("name", NASTY_NAMES)
def test_any_object_name_is_kept_to_the_letter(bucket: gcs.Bucket, name: str) -> None:
    bucket.blob(name).upload_from_string(b"content")
    assert [blob.name for blob in bucket.list_blobs()] == [name]
    assert bucket.blob(name).download_as_bytes() == b"content"
    bucket.blob(name).delete()
    assert not list(bucket.list_blobs())


def test_no_name_leads_out_of_the_folder(bucket: gcs.Bucket, tmp_path: Path) -> None:
    for name in NASTY_NAMES:
        bucket.blob(name).upload_from_string(b"content")
    outside = [path for path in tmp_path.iterdir() if path.name != "buckets"]
    assert outside == []


def test_a_name_may_be_anothers_folder(bucket: gcs.Bucket) -> None:
    for name in ("a", "a/b", "a/b/c", "a/"):
        bucket.blob(name).upload_from_string(name.encode())
    for name in ("a", "a/b", "a/b/c", "a/"):
        assert bucket.blob(name).download_as_bytes() == name.encode()


def test_ordinary_objects_are_files_that_a_person_can_open(
    bucket: gcs.Bucket, tmp_path: Path
) -> None:
    bucket.blob("album/cat.png").upload_from_string(b"meow")
    assert (tmp_path / "buckets" / "a-bucket" / "album" / "cat.png").read_bytes() == b"meow"


@pytest.mark.parametrize("name", ["", ".", "..", "a\nb", "x" * 1025])
def test_names_that_gcs_refuses_are_refused(
    storage_url: str, bucket: gcs.Bucket, name: str
) -> None:
    url = f"{storage_url}/upload/storage/v1/b/{bucket.name}/o"
    answer = requests.post(url, params={"uploadType": "media", "name": name}, data=b"", timeout=5)
    assert answer.status_code == 400


class TestPreconditions:
    @pytest.fixture
    def blob(self, bucket: gcs.Bucket) -> gcs.Blob:
        blob = bucket.blob("a")
        blob.upload_from_string(b"first")
        return blob

    def test_generation_0_means_that_there_must_be_nothing(self, bucket: gcs.Bucket) -> None:
        bucket.blob("new").upload_from_string(b"", if_generation_match=0)
        with pytest.raises(exceptions.PreconditionFailed):
            bucket.blob("new").upload_from_string(b"", if_generation_match=0)

    def test_writes_check_all_four(self, blob: gcs.Blob) -> None:
        generation = blob.generation
        failing = [
            {"if_generation_match": generation + 1},
            {"if_generation_not_match": generation},
            {"if_metageneration_match": 2},
            {"if_metageneration_not_match": 1},
        ]
        for conditions in failing:
            with pytest.raises(exceptions.PreconditionFailed):
                blob.upload_from_string(b"second", **conditions)
            with pytest.raises(exceptions.PreconditionFailed):
                blob.delete(**conditions)
        assert blob.download_as_bytes() == b"first"
        blob.upload_from_string(b"second", if_generation_match=generation)
        assert blob.download_as_bytes() == b"second"

    def test_reads_answer_412_or_304(self, blob: gcs.Blob) -> None:
        with pytest.raises(exceptions.PreconditionFailed):
            blob.reload(if_generation_match=blob.generation + 1)
        with pytest.raises(exceptions.NotModified):
            blob.reload(if_generation_not_match=blob.generation)
        with pytest.raises(exceptions.NotModified):
            blob.reload(if_metageneration_not_match=1)
        with pytest.raises(exceptions.NotModified):
            blob.download_as_bytes(if_generation_not_match=blob.generation)
        assert blob.download_as_bytes(if_generation_match=blob.generation) == b"first"

    def test_resumable_uploads_check_them_when_they_complete(self, bucket: gcs.Bucket) -> None:
        blob = bucket.blob("big", chunk_size=256 * 1024)
        content = io.BytesIO(os.urandom(600_000))
        blob.upload_from_file(content, if_generation_match=0)
        content.seek(0)
        with pytest.raises(exceptions.PreconditionFailed):
            blob.upload_from_file(content, if_generation_match=0)

    def test_a_patch_raises_the_metageneration_and_keeps_the_generation(
        self, blob: gcs.Blob
    ) -> None:
        generation = blob.generation
        blob.metadata = {"a": "1", "b": "2"}
        blob.patch()
        blob.metadata = {"a": None}
        blob.patch(if_metageneration_match=2)
        assert (blob.generation, blob.metageneration) == (generation, 3)
        assert blob.metadata == {"b": "2"}
        with pytest.raises(exceptions.PreconditionFailed):
            blob.patch(if_metageneration_match=1)


def test_generations_grow_and_an_old_one_is_gone(bucket: gcs.Bucket) -> None:
    generations = []
    for content in (b"1", b"2", b"3"):
        blob = bucket.blob("a")
        blob.upload_from_string(content)
        generations.append(blob.generation)
    assert generations == sorted(set(generations))
    with pytest.raises(exceptions.NotFound):
        bucket.blob("a", generation=generations[0]).download_as_bytes()


@pytest.mark.parametrize("size", [0, 1, 262_144, 1_000_001])
def test_resumable_uploads_arrive_whole(bucket: gcs.Bucket, size: int) -> None:
    content = os.urandom(size)
    blob = bucket.blob("big", chunk_size=256 * 1024)
    blob.metadata = {"kind": "big"}
    blob.upload_from_file(io.BytesIO(content), content_type="image/png")
    found = bucket.get_blob("big")
    assert (found.size, found.metadata, found.content_type) == (size, {"kind": "big"}, "image/png")
    assert found.download_as_bytes() == content


def test_an_interrupted_resumable_upload_goes_on_where_it_stopped(
    storage_url: str, bucket: gcs.Bucket
) -> None:
    start = requests.post(
        f"{storage_url}/upload/storage/v1/b/{bucket.name}/o",
        params={"uploadType": "resumable", "name": "a"},
        timeout=5,
    )
    place = start.headers["Location"]
    first = requests.put(place, data=b"hello ", headers={"Content-Range": "bytes 0-5/*"}, timeout=5)
    assert (first.status_code, first.headers["Range"]) == (308, "bytes=0-5")
    response = requests.put(place, headers={"Content-Range": "bytes */11"}, timeout=5)
    assert (response.status_code, response.headers["Range"]) == (308, "bytes=0-5")
    gap = requests.put(place, data=b"x", headers={"Content-Range": "bytes 9-9/11"}, timeout=5)
    assert gap.status_code == 400
    last = requests.put(place, data=b"world", headers={"Content-Range": "bytes 6-10/11"}, timeout=5)
    assert last.status_code == 200
    assert bucket.blob("a").download_as_bytes() == b"hello world"


@pytest.mark.parametrize(
    ("header", "status", "content"),
    [
        ("bytes=0-3", 206, b"0123"),
        ("bytes=8-", 206, b"89"),
        ("bytes=-3", 206, b"789"),
        ("bytes=4-100", 206, b"456789"),
        ("bytes=10-", 416, None),
        (None, 200, b"0123456789"),
    ],
)
def test_ranges(
    storage_url: str, bucket: gcs.Bucket, header: str | None, status: int, content: bytes | None
) -> None:
    bucket.blob("a").upload_from_string(b"0123456789")
    url = f"{storage_url}/download/storage/v1/b/{bucket.name}/o/a?alt=media"
    answer = requests.get(url, headers={"Range": header} if header else {}, timeout=5)
    assert answer.status_code == status
    if content is not None:
        assert answer.content == content


def test_checksums_are_told_and_a_wrong_one_is_refused(bucket: gcs.Bucket) -> None:
    blob = bucket.blob("a")
    blob.upload_from_string(b"hello", checksum="md5")
    blob.reload()
    assert (blob.crc32c, blob.md5_hash) == ("mnG7TA==", "XUFAKrxLKna5cZ2REBfFkg==")
    blob.md5_hash = "XUFAKrxLKna5cZ2REBfFkg=="
    with pytest.raises(exceptions.BadRequest):
        blob.upload_from_string(b"other", checksum=None)


def test_lists_have_prefixes_delimiters_and_pages(bucket: gcs.Bucket) -> None:
    names = [f"{folder}/{n}.png" for folder in ("a", "b", "b/c") for n in range(4)] + ["top.png"]
    for name in names:
        bucket.blob(name).upload_from_string(b"")
    assert [blob.name for blob in bucket.list_blobs()] == sorted(names)
    assert [blob.name for blob in bucket.list_blobs(page_size=3)] == sorted(names)
    assert len(list(bucket.list_blobs(prefix="b/"))) == 8
    top = bucket.list_blobs(delimiter="/", page_size=1)
    assert [blob.name for blob in top] == ["top.png"]
    assert top.prefixes == {"a/", "b/"}
    inner = bucket.list_blobs(prefix="b/", delimiter="/")
    assert len(list(inner)) == 4
    assert inner.prefixes == {"b/c/"}
    between = bucket.list_blobs(start_offset="a/2", end_offset="b/1")
    assert [blob.name for blob in between] == ["a/2.png", "a/3.png", "b/0.png"]
    assert len(list(bucket.list_blobs(match_glob="b/*.png"))) == 4
    assert len(list(bucket.list_blobs(match_glob="**/3.png"))) == 3


def test_copies_have_content_metadata_and_a_generation_of_their_own(bucket: gcs.Bucket) -> None:
    blob = bucket.blob("a")
    blob.metadata = {"k": "v"}
    blob.upload_from_string(b"content", content_type="image/png")
    copy = bucket.copy_blob(blob, bucket, "copies/a")
    assert copy.download_as_bytes() == b"content"
    copy.reload()
    assert (copy.metadata, copy.content_type) == ({"k": "v"}, "image/png")
    assert copy.generation > blob.generation
    rewritten = bucket.blob("rewritten")
    assert rewritten.rewrite(blob)[0] is None
    with pytest.raises(exceptions.PreconditionFailed):
        bucket.copy_blob(blob, bucket, "copies/a", if_generation_match=0)


def test_everything_survives_a_restart(store: Store, bucket: gcs.Bucket, tmp_path: Path) -> None:
    bucket.blob("a").upload_from_string(b"content")
    assert store.index.get("a-bucket", "a") is not None
    entry, content = Store(tmp_path / "buckets").open("a-bucket", "a", None)
    with content:
        assert content.read() == b"content"
    assert entry.size == 7


def test_a_missing_bucket_or_object_is_not_found(storage_url: str, bucket: gcs.Bucket) -> None:
    with pytest.raises(exceptions.NotFound):
        bucket.blob("nothing").download_as_bytes()
    with pytest.raises(exceptions.NotFound):
        gcs.Client().bucket("no-such-bucket").blob("a").upload_from_string(b"")
    answer = requests.get(f"{storage_url}/storage/v1/b/{bucket.name}/o/nothing", timeout=5).json()
    assert answer["error"]["code"] == 404
    assert answer["error"]["errors"][0]["reason"] == "notFound"


def test_a_bucket_that_holds_something_is_not_deleted(bucket: gcs.Bucket) -> None:
    bucket.blob("a").upload_from_string(b"")
    with pytest.raises(exceptions.Conflict):
        bucket.delete()
    bucket.blob("a").delete()
    bucket.delete()
    assert not bucket.exists()


@given(
    content=st.binary(max_size=300),
    line_end=st.sampled_from([b"\r\n", b"\n"]),
    quote=st.sampled_from(["", '"', "'"]),
)
def test_multipart_content_comes_out_to_the_byte(
    content: bytes, line_end: bytes, quote: str
) -> None:
    boundary = b"==7=="
    head = [
        b"--" + boundary, b"Content-Type: application/json", b"", b'{"name": "a"}',
        b"--" + boundary, b"Content-Type: image/png", b"", b"",
    ]  # fmt: skip
    for tricky in (content, content + line_end, line_end + b"--" + boundary[:3] + content):
        body = line_end.join(head) + tricky + line_end + b"--" + boundary + b"--" + line_end
        kind = f"multipart/related; boundary={quote}{boundary.decode()}{quote}"
        assert split_multipart(body, kind) == ({"name": "a"}, tricky, "image/png")


def test_a_write_that_finds_the_disk_full_leaves_nothing_behind(
    bucket: gcs.Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full after half of the content; when it has space again, uploads work."""
    blob = bucket.blob("a")
    blob.upload_from_string(b"before")
    with monkeypatch.context() as patch:
        patch.setattr(tempfile, "NamedTemporaryFile", tempfile.NamedTemporaryFile)
        fill_disk(3600)
        with pytest.raises(exceptions.InternalServerError):
            bucket.blob("a").upload_from_string(b"after", retry=None)
    assert not list((tmp_path / "buckets").glob(".new-*"))
    assert blob.download_as_bytes() == b"before"
    blob.upload_from_string(b"after")
    assert blob.download_as_bytes() == b"after"


@pytest.mark.parametrize("kind", ["text/html\r\nSet-Cookie: a=b", "text/\u2028plain", "a\x00b"])
def test_a_type_that_could_be_sent_in_no_header_is_refused(bucket: gcs.Bucket, kind: str) -> None:
    blob = bucket.blob("a.png")
    blob.upload_from_string(b"content", content_type="image/png")
    blob.content_type = kind
    with pytest.raises(exceptions.BadRequest):
        blob.patch()
    assert blob.download_as_bytes() == b"content"
