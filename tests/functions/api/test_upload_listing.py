"""Lists uploads with their states."""

from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest
from flask.testing import FlaskClient
from google.cloud import storage as gcs
from google.cloud.storage._http import Connection
from google.cloud.storage.retry import DEFAULT_RETRY

from shared.schemas.documents import Review, ReviewCode, Status
from tests.functions.api.service import client
from tests.functions.api.uploads import put_upload, write_result
from tests.shared.segmentation_runs import output


def _listed(api: FlaskClient, **query: Any) -> dict[str, str]:
    """Returns the states of the uploads on a page, by name."""
    response = api.get("/v1/uploads", query_string=query)
    assert response.status_code == 200, response.text
    return {upload["name"]: upload["state"] for upload in response.get_json()["uploads"]}


def test_every_upload_is_listed_with_its_state(api: FlaskClient, bucket: gcs.Bucket) -> None:
    assert _listed(api) == {}
    for name, status in (("a/b.png", Status.SEGMENTED), ("a.png", Status.EMPTY)):
        write_result(bucket, name, put_upload(bucket, name), status)
    write_result(bucket, "bad.png", put_upload(bucket, "bad.png"), Status.FAILED)
    write_result(bucket, "new.png", put_upload(bucket, "new.png"), Status.SEGMENTED)
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


def test_a_listing_says_which_results_to_review(api: FlaskClient, bucket: gcs.Bucket) -> None:
    reason = Review(code=ReviewCode.NEAR_MISSES, message="One more may be a face.")
    for name, review in (("sure.png", ()), ("unsure.png", (reason,))):
        write_result(bucket, name, put_upload(bucket, name), Status.SEGMENTED, review=review)
    write_result(
        bucket, "newer.png", put_upload(bucket, "newer.png"), Status.SEGMENTED, review=(reason,)
    )
    put_upload(bucket, "newer.png")
    uploads = api.get("/v1/uploads").get_json()["uploads"]
    assert {upload["name"]: upload["to_review"] for upload in uploads} == {
        "newer.png": False,
        "sure.png": False,
        "unsure.png": True,
    }


def test_a_listing_says_when_a_result_was_replaced(api: FlaskClient, bucket: gcs.Bucket) -> None:
    generation = put_upload(bucket, "cat.png")
    seen = [api.get("/v1/uploads").get_json()["uploads"][0]["result"]]
    for _ in range(2):
        write_result(bucket, "cat.png", generation, Status.EMPTY)
        seen += [upload["result"] for upload in api.get("/v1/uploads").get_json()["uploads"]]
        output(bucket).blob("cat.png/result.json").delete()
    assert (seen[0], len(set(seen))) == (None, 3)


def test_pages_contain_every_upload_once(api: FlaskClient, bucket: gcs.Bucket) -> None:
    names = sorted(["a.png", "a-b.png", "a/b.png", "a0.png", "ä.png", "b c.png", "b%2F.png"])
    for name in names:
        write_result(bucket, name, put_upload(bucket, name), Status.EMPTY)
    found: list[str] = []
    page = ""
    while page is not None:
        query = {"limit": 2, "page": page} if page else {"limit": 2}
        body = api.get("/v1/uploads", query_string=query).get_json()
        assert len(body["uploads"]) <= 2
        assert all(upload["state"] == "empty" for upload in body["uploads"])
        found += [upload["name"] for upload in body["uploads"]]
        page = body["next"]
    assert found == names


@pytest.fixture
def listing_count(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Returns the number of listings requested from Cloud Storage since the last call."""
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


def test_the_cost_of_a_page_does_not_depend_on_the_number_of_uploads(
    api: FlaskClient, bucket: gcs.Bucket, listing_count: Callable[[], int]
) -> None:
    for number in range(60):
        name = f"{number:04}.png"
        generation = put_upload(bucket, name)
        if number % 20 == 7:
            write_result(bucket, name, generation, Status.EMPTY)
    listing_count()
    assert len(_listed(api, limit=5)) == 5
    assert listing_count() == 2
    assert list(_listed(api, limit=5, state="empty")) == ["0007.png", "0027.png", "0047.png"]
    assert listing_count() == 2


def test_no_names_make_a_page_slow(
    api: FlaskClient, bucket: gcs.Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a listing, `a-1/`, `a-2/` and so on come before `a/`, and cut names may be anywhere."""
    for number in range(7):
        write_result(bucket, f"a-{number}.png", put_upload(bucket, f"a-{number}.png"), Status.EMPTY)
    cut = "a b" + "x" * 1000
    for name in ("Z.png", "a", cut):
        write_result(bucket, name, put_upload(bucket, name), Status.EMPTY)
    put_upload(bucket, "../up.png")
    api_request, responses = Connection.api_request, list[Any]()

    def recording(self: Connection, *args: Any, **kwargs: Any) -> Any:
        responses.append(api_request(self, *args, **kwargs))
        return responses[-1]

    monkeypatch.setattr(Connection, "api_request", recording)
    monkeypatch.setattr("shared.api.upload_listing._MOST_RESULTS", 5)
    assert _listed(api, limit=4) == {
        "../up.png": "rejected", "Z.png": "empty", "a": "empty", cut: "empty",
    }  # fmt: skip
    assert (
        sum(len(response.get("items", ())) for response in responses) == 5 + 5
    )  # one upload more than on the page
    assert _listed(api, state="rejected") == {"../up.png": "rejected"}


def test_a_missing_bucket_is_reported(bucket: gcs.Bucket) -> None:
    api = client(INPUT_BUCKET="nowhere-at-all", OUTPUT_BUCKET=bucket.name)
    response = api.get("/v1/uploads")
    assert (response.status_code, response.get_json()["code"]) == (502, "storage-refused")


def test_unavailable_storage_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", "http://127.0.0.1:9")
    api = client(INPUT_BUCKET="in-bucket", OUTPUT_BUCKET="out-bucket")
    with mock.patch("shared.api.upload_scan.RETRY", DEFAULT_RETRY.with_timeout(0.1)):
        response = api.get("/v1/uploads")
    assert (response.status_code, response.get_json()["code"]) == (503, "unavailable")
    assert response.headers["Retry-After"]


def test_one_bucket_without_the_other_stops_the_start() -> None:
    with pytest.raises(SystemExit, match="INPUT_BUCKET and OUTPUT_BUCKET are set together"):
        client(INPUT_BUCKET="in-bucket")
