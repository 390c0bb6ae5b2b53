"""Resumable uploads keep their declared size, and their number is limited."""

import pytest
import requests
from google.cloud import storage as gcs

from local.storage import uploads
from local.storage.errors import ApiError
from local.storage.preconditions import Preconditions
from local.storage.uploads import Plan, Session, Sessions

PLAN = Plan("a-bucket", "a", {}, Preconditions.of({}))


def _begin(storage_url: str, size: str | None) -> requests.Response:
    headers = {} if size is None else {"X-Upload-Content-Length": size}
    url = f"{storage_url}/upload/storage/v1/b/a-bucket/o?uploadType=resumable&name=a"
    return requests.post(url, headers=headers, timeout=10)


@pytest.mark.parametrize(
    ("size", "content_range", "status"),
    [
        ("5", None, 200),
        ("5", "bytes 0-4/5", 200),
        ("5", "bytes 0-4/*", 308),
        ("4", None, 400),
        ("4", "bytes 0-4/*", 400),
        ("4", "bytes 0-4/5", 400),
        ("5", "bytes 0-4/6", 400),
        ("6", "bytes 0-4/5", 400),
        ("5", "bytes 0-3/5", 400),
        (None, None, 200),
        (None, "bytes 0-4/5", 200),
        (None, "bytes 0-3/5", 400),
        (None, "bytes 0-4/4", 400),
        (None, f"bytes 0-{'9' * 5000}/*", 400),
    ],
)
def test_more_bytes_than_were_announced_are_refused(
    storage_url: str, bucket: gcs.Bucket, size: str | None, content_range: str | None, status: int
) -> None:
    place = _begin(storage_url, size).headers["Location"]
    headers = {} if content_range is None else {"Content-Range": content_range}
    assert requests.put(place, b"hello", headers=headers, timeout=10).status_code == status
    assert bucket.blob("a").exists() == (status == 200)


def test_a_body_that_says_it_is_too_large_is_not_read(storage_url: str, bucket: gcs.Bucket) -> None:
    place = _begin(storage_url, "5").headers["Location"]
    answer = requests.put(place, iter([b"hello", b" world"]), timeout=10)  # chunk by chunk
    assert (answer.status_code, "5 bytes" in answer.text) == (400, True)
    assert requests.put(place, b"hello", timeout=10).status_code == 200
    assert bucket.blob("a").download_as_bytes() == b"hello"


@pytest.mark.parametrize("size", ["-1", "5.0", "five", "", "9" * 5000])
@pytest.mark.usefixtures("bucket")
def test_a_size_is_a_number(storage_url: str, size: str) -> None:
    assert _begin(storage_url, size).status_code == 400


def test_sessions_end_after_a_week_and_the_oldest_of_very_many() -> None:
    now = [0.0]
    sessions = Sessions(lambda: now[0])
    old = sessions.begin(Session(PLAN))
    now[0] = uploads._SESSION_SECONDS - 1
    young = sessions.begin(Session(PLAN))
    assert sessions.get(old)
    now[0] += 1
    with pytest.raises(ApiError, match="upload"):
        sessions.get(old)
    many = [sessions.begin(Session(PLAN)) for _ in range(uploads._MOST_SESSIONS)]
    with pytest.raises(ApiError, match="upload"):
        sessions.get(young)
    assert all(map(sessions.get, many))
