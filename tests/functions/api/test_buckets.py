"""The buckets as the page sees them: uploads with their states, and pictures."""

import gzip
import io
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any
from unittest import mock

import pytest
from flask.testing import FlaskClient
from google.cloud import storage as gcs
from google.cloud.storage._http import Connection
from google.cloud.storage.retry import DEFAULT_RETRY
from PIL import Image as PillowImage

from shared.gcp.gcs import ObjectRef, ObjectToWrite, Storage
from shared.imaging import encoding
from shared.pipeline.result_store import ResultStore
from shared.schemas import object_names
from shared.schemas.documents import (
    Outputs,
    Reason,
    ResultDocument,
    Review,
    ReviewCode,
    Source,
    Status,
)
from shared.schemas.errors import ReasonCode
from tests.functions.api.service import client
from tests.functions.api.uploads import PICTURE, PIXELS, put_upload
from tests.shared.segmentation_runs import output


@pytest.fixture
def api(bucket: gcs.Bucket) -> FlaskClient:
    return client(INPUT_BUCKET=bucket.name, OUTPUT_BUCKET=output(bucket).name)


def _finish(
    bucket: gcs.Bucket,
    name: str,
    generation: int,
    status: Status,
    more: Mapping[str, bytes] = MappingProxyType({}),
    **fields: Any,
) -> None:
    """Writes a result, through the pipeline's own code, with more pictures if there are any."""
    results = ResultStore(Storage(), output(bucket).name)
    ref = ObjectRef(bucket.name, name, generation)
    if status is Status.FAILED:
        results.fail(ref, Reason(code=ReasonCode.GAVE_UP, message="Given up."))
        return
    source = Source(bucket=bucket.name, name=name, generation=generation, width=500, height=300)
    document = ResultDocument(
        status=status,
        reason=None,
        source=source,
        config="0123456789ab",
        outputs=Outputs(),
        timing={},
        versions={},
        **fields,
    )
    kinds = ("mask", "overlay", "cutout")
    folder = object_names.folder(name)
    items = [ObjectToWrite(f"{folder}{kind}.png", "image/png", lambda: PICTURE) for kind in kinds]
    items += [
        ObjectToWrite(
            f"{folder}{picture}", object_names.content_type(picture), partial(bytes, content)
        )
        for picture, content in more.items()
    ]
    results.write(document, items)


def _listed(api: FlaskClient, **query: Any) -> dict[str, str]:
    """Names and states on one page."""
    answer = api.get("/v1/uploads", query_string=query)
    assert answer.status_code == 200, answer.text
    return {one["name"]: one["state"] for one in answer.get_json()["uploads"]}


def test_every_upload_is_listed_with_its_state(api: FlaskClient, bucket: gcs.Bucket) -> None:
    assert _listed(api) == {}
    for name, status in (("a/b.png", Status.SEGMENTED), ("a.png", Status.EMPTY)):
        _finish(bucket, name, put_upload(bucket, name), status)
    _finish(bucket, "bad.png", put_upload(bucket, "bad.png"), Status.FAILED)
    _finish(bucket, "new.png", put_upload(bucket, "new.png"), Status.SEGMENTED)
    put_upload(bucket, "new.png")
    put_upload(bucket, "a-b.png")
    assert _listed(api) == {
        "a-b.png": "working",
        "a.png": "empty",
        "a/b.png": "segmented",
        "bad.png": "failed",
        "new.png": "working",
    }
    assert _listed(api, prefix="a/") == {"a/b.png": "segmented"}
    assert _listed(api, state="working") == {"a-b.png": "working", "new.png": "working"}


def test_a_listing_tells_which_results_a_person_should_look_at(
    api: FlaskClient, bucket: gcs.Bucket
) -> None:
    reason = Review(code=ReviewCode.NEAR_MISSES, message="One more may be a face.")
    for name, review in (("sure.png", ()), ("unsure.png", (reason,))):
        _finish(bucket, name, put_upload(bucket, name), Status.SEGMENTED, review=review)
    _finish(
        bucket, "newer.png", put_upload(bucket, "newer.png"), Status.SEGMENTED, review=(reason,)
    )
    put_upload(bucket, "newer.png")
    uploads = api.get("/v1/uploads").get_json()["uploads"]
    assert {one["name"]: one["to_review"] for one in uploads} == {
        "newer.png": False,
        "sure.png": False,
        "unsure.png": True,
    }


def test_pages_hold_every_upload_once(api: FlaskClient, bucket: gcs.Bucket) -> None:
    names = sorted(["a.png", "a-b.png", "a/b.png", "a0.png", "ä.png", "b c.png", "b%2F.png"])
    for name in names:
        _finish(bucket, name, put_upload(bucket, name), Status.EMPTY)
    found: list[str] = []
    page = ""
    while page is not None:
        asked = {"limit": 2, "page": page} if page else {"limit": 2}
        told = api.get("/v1/uploads", query_string=asked).get_json()
        assert len(told["uploads"]) <= 2
        assert all(one["state"] == "empty" for one in told["uploads"])
        found += [one["name"] for one in told["uploads"]]
        page = told["next"]
    assert found == names


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Listings asked of Cloud Storage since the last call."""
    original = Connection.api_request
    seen: list[str] = []

    def counting(self: Connection, *args: Any, **kwargs: Any) -> Any:
        seen.append(kwargs["path"])
        return original(self, *args, **kwargs)

    monkeypatch.setattr(Connection, "api_request", counting)

    def since() -> int:
        count = sum(path.endswith("/o") for path in seen)
        seen.clear()
        return count

    return since


def test_a_page_costs_the_same_however_many_uploads_there_are(
    api: FlaskClient, bucket: gcs.Bucket, counted: Callable[[], int]
) -> None:
    for number in range(60):
        name = f"{number:04}.png"
        generation = put_upload(bucket, name)
        if number % 20 == 7:
            _finish(bucket, name, generation, Status.EMPTY)
    counted()
    assert len(_listed(api, limit=5)) == 5
    assert counted() == 2
    told = api.get("/v1/uploads", query_string={"limit": 2, "state": "empty"}).get_json()
    assert [one["name"] for one in told["uploads"]] == ["0007.png"]
    assert counted() <= 20, "looking for what is rare ends, too"
    rest = api.get(
        "/v1/uploads", query_string={"limit": 2, "state": "empty", "page": told["next"]}
    ).get_json()
    assert [one["name"] for one in rest["uploads"]] == ["0027.png"]


def test_strangers_names_make_no_page_slow(
    api: FlaskClient, bucket: gcs.Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Results of `a/` come after those of `a-1/`, `a-2/` and so on, in whatever number; those of
    cut names and of refused ones lie anywhere."""
    for number in range(7):
        _finish(bucket, f"a-{number}.png", put_upload(bucket, f"a-{number}.png"), Status.EMPTY)
    cut = "a b" + "x" * 1000
    for name in ("Z.png", "a", cut):
        _finish(bucket, name, put_upload(bucket, name), Status.EMPTY)
    put_upload(bucket, "../up.png")
    ask, told = Connection.api_request, []

    def asking(self: Connection, *args: Any, **kwargs: Any) -> Any:
        told.append(ask(self, *args, **kwargs))
        return told[-1]

    monkeypatch.setattr(Connection, "api_request", asking)
    monkeypatch.setattr("shared.api.upload_listing._MOST_RESULTS", 5)
    assert _listed(api, limit=4) == {
        "../up.png": "rejected", "Z.png": "empty", "a": "empty", cut: "empty",
    }  # fmt: skip
    assert sum(len(answer.get("items", ())) for answer in told) == 4 + 5
    assert _listed(api, state="rejected") == {"../up.png": "rejected"}


def test_a_result_is_given_as_it_is(api: FlaskClient, bucket: gcs.Bucket) -> None:
    _finish(bucket, "cat.png", put_upload(bucket, "cat.png"), Status.EMPTY)
    answer = api.get("/v1/uploads/result?name=cat.png")
    assert answer.data == output(bucket).blob("cat.png/result.json").download_as_bytes()


def test_no_result_yet_is_not_the_same_as_no_upload(api: FlaskClient, bucket: gcs.Bucket) -> None:
    answer = api.get("/v1/uploads/result?name=cat.png")
    assert (answer.status_code, answer.get_json()["code"]) == (404, "no-such-upload")
    assert f"gs://{bucket.name}/cat.png" in answer.get_json()["detail"]
    put_upload(bucket, "cat.png")
    answer = api.get("/v1/uploads/result?name=cat.png")
    assert (answer.status_code, answer.get_json()["code"]) == (404, "no-result")


def _picture(api: FlaskClient, generation: int, picture: str, **more: Any) -> Any:
    query = {"name": "cat.png", "generation": generation, "picture": picture, **more}
    return api.get("/v1/uploads/picture", query_string=query)


def test_pictures_are_saved_as_they_are_and_shown_small(
    api: FlaskClient, bucket: gcs.Bucket
) -> None:
    generation = put_upload(bucket, "cat.png")
    assert _picture(api, generation, "mask.png").status_code == 404
    _finish(bucket, "cat.png", generation, Status.EMPTY)
    for picture in ("original", "mask.png", "overlay.png", "cutout.png"):
        answer = _picture(api, generation, picture)
        assert answer.data == PICTURE
        assert answer.headers["Content-Disposition"] == "attachment"
        small = _picture(api, generation, picture, side=100)
        assert small.mimetype == "image/webp"
        assert PillowImage.open(io.BytesIO(small.data)).size == (100, 60)
    assert _picture(api, generation, "face-1/mask.png").status_code == 404
    assert _picture(api, generation - 1, "mask.png").status_code == 404
    assert _picture(api, generation - 1, "original").status_code == 404
    endless = f"face-{'1' * 2000}/mask.png"
    for name in ("result.json", "../other.png/mask.png", "mask.png/", "", endless):
        assert _picture(api, generation, name).status_code == 422


@pytest.mark.parametrize(
    ("name", "content"),
    [("preview.jpg", encoding.encode_jpeg(PIXELS)), ("preview.webp", encoding.encode_webp(PIXELS))],
)
def test_previews_are_shown_small_too(
    api: FlaskClient, bucket: gcs.Bucket, name: str, content: bytes
) -> None:
    generation = put_upload(bucket, "cat.png")
    _finish(bucket, "cat.png", generation, Status.EMPTY, more={name: content})
    assert _picture(api, generation, name).data == content
    small = _picture(api, generation, name, side=100)
    assert (small.status_code, small.mimetype) == (200, "image/webp")
    assert PillowImage.open(io.BytesIO(small.data)).size == (100, 60)


@pytest.mark.parametrize("content", [b"", b"no picture", PICTURE[:2000]])
def test_a_stored_picture_that_cannot_be_opened_is_told(
    api: FlaskClient, bucket: gcs.Bucket, content: bytes
) -> None:
    generation = put_upload(bucket, "cat.png")
    _finish(bucket, "cat.png", generation, Status.EMPTY, more={"face-1/mask.png": content})
    answer = _picture(api, generation, "face-1/mask.png", side=100)
    assert (answer.status_code, answer.get_json()["code"]) == (502, "broken-picture")
    assert "cat.png/face-1/mask.png" in answer.get_json()["detail"]


def test_what_somebody_uploaded_is_never_a_page_of_ours(
    api: FlaskClient, bucket: gcs.Bucket
) -> None:
    generation = put_upload(bucket, "cat.png", b"<script>alert(1)</script>", "text/html")
    answer = _picture(api, generation, "original")
    assert answer.mimetype == "application/octet-stream"
    assert answer.headers["Content-Disposition"] == "attachment"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert _picture(api, generation, "original", side=100).status_code == 415


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"no gzip", "corrupt-image"), (gzip.compress(bytes(2000), mtime=0), "too-many-bytes")],
)
def test_what_was_gzipped_and_cannot_be_unpacked_is_told(
    bucket: gcs.Bucket, content: bytes, code: str
) -> None:
    api = client(INPUT_BUCKET=bucket.name, OUTPUT_BUCKET=output(bucket).name, MAX_UPLOAD="1000")
    blob = bucket.blob("cat.png")
    blob.content_encoding = "gzip"
    blob.upload_from_string(content)
    assert _picture(api, blob.generation, "original").get_json()["code"] == code


@pytest.mark.parametrize("size", [0, 1, 2**20 - 1, 2**20, 2**20 + 1, 3 * 2**20 + 5])
@pytest.mark.parametrize("gzipped", [False, True])
def test_an_original_of_any_size_is_sent_whole(
    api: FlaskClient, bucket: gcs.Bucket, size: int, gzipped: bool
) -> None:
    content = (bytes(range(256)) * (size // 256 + 1))[:size]
    blob = bucket.blob("cat.png")
    blob.content_encoding = "gzip" if gzipped else None
    blob.upload_from_string(gzip.compress(content) if gzipped else content)
    answer = _picture(api, blob.generation, "original")
    assert answer.data == content
    assert "Content-Length" not in answer.headers


def test_a_bucket_that_is_not_there_is_told(bucket: gcs.Bucket) -> None:
    api = client(INPUT_BUCKET="nowhere-at-all", OUTPUT_BUCKET=bucket.name)
    answer = api.get("/v1/uploads")
    assert (answer.status_code, answer.get_json()["code"]) == (502, "storage-refused")


def test_storage_that_does_not_answer_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", "http://127.0.0.1:9")
    api = client(INPUT_BUCKET="in-bucket", OUTPUT_BUCKET="out-bucket")
    with mock.patch("shared.api.upload_listing.RETRY", DEFAULT_RETRY.with_timeout(0.1)):
        answer = api.get("/v1/uploads")
    assert (answer.status_code, answer.get_json()["code"]) == (503, "unavailable")
    assert answer.headers["Retry-After"]


def test_one_bucket_without_the_other_stops_the_start() -> None:
    with pytest.raises(SystemExit, match="INPUT_BUCKET and OUTPUT_BUCKET are set together"):
        client(INPUT_BUCKET="in-bucket")
