"""Beginning an upload: where its content goes, and what it may replace."""

import io
import json
from typing import Any

import pytest
import requests
from flask.testing import FlaskClient
from google.cloud import storage as gcs
from gunicorn.http.errors import InvalidChunkSize

from tests.functions.api.service import client
from tests.functions.api.uploads import PICTURE, put_upload
from tests.shared.segmentation_runs import output


@pytest.fixture
def api(bucket: gcs.Bucket) -> FlaskClient:
    return client(INPUT_BUCKET=bucket.name, OUTPUT_BUCKET=output(bucket).name)


ORIGIN = {"Origin": "http://localhost"}


def test_an_upload_goes_straight_into_the_bucket_from_the_page_that_began_it(
    api: FlaskClient, bucket: gcs.Bucket
) -> None:
    upload = {"name": "album/cät 1.png", "type": "image/png", "size": len(PICTURE)}
    place = api.post("/v1/uploads", json=upload, headers=ORIGIN).get_json()["url"]
    policy = api.get("/").headers["Content-Security-Policy"]
    assert any(place.startswith(f"{origin}/") for origin in policy.replace(";", " ").split())
    asked = {
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "content-type",
    }
    preflight = requests.options(place, headers={**ORIGIN, **asked}, timeout=60)
    assert preflight.ok
    assert preflight.headers["Access-Control-Allow-Origin"] == ORIGIN["Origin"]
    assert "PUT" in preflight.headers["Access-Control-Allow-Methods"]
    answer = requests.put(
        place, PICTURE, headers={**ORIGIN, "Content-Type": "image/png"}, timeout=60
    )
    assert answer.ok
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN["Origin"]
    blob = bucket.get_blob("album/cät 1.png")
    assert (blob.content_type, blob.download_as_bytes()) == ("image/png", PICTURE)


def _begin(api: FlaskClient, **fields: Any) -> Any:
    upload = {"name": "cat.png", "type": "image/png", "size": len(PICTURE), **fields}
    return api.post("/v1/uploads", json=upload, headers=ORIGIN)


def _put(place: str) -> requests.Response:
    headers = {**ORIGIN, "Content-Type": "image/png"}
    return requests.put(place, PICTURE, headers=headers, timeout=60)


def test_an_upload_replaces_another_only_where_it_is_told_to(
    api: FlaskClient, bucket: gcs.Bucket
) -> None:
    generation = put_upload(bucket, "cat.png")
    answer = _begin(api)
    assert (answer.status_code, answer.get_json()["code"]) == (409, "exists")
    assert f"gs://{bucket.name}/cat.png" in answer.get_json()["detail"]
    assert bucket.get_blob("cat.png").generation == generation
    assert _put(_begin(api, replace=True).get_json()["url"]).ok
    assert bucket.get_blob("cat.png").generation > generation


def test_who_comes_second_replaces_nothing_and_the_page_may_know(
    api: FlaskClient, bucket: gcs.Bucket
) -> None:
    place = _begin(api).get_json()["url"]
    generation = put_upload(bucket, "cat.png", b"first")
    late = _put(place)
    assert late.status_code == 412
    assert late.headers["Access-Control-Allow-Origin"] == ORIGIN["Origin"]
    assert bucket.get_blob("cat.png").generation == generation


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "must not be empty"),
        (".", "lead out of a folder"),
        ("a\nb.png", "U+000A"),
        ("album/", "lead out of a folder"),
        ("g2/../../home/.bashrc", "lead out of a folder"),
        ("/etc/passwd", "lead out of a folder"),
        ("..\\..\\up.png", "U+005C"),
        ("C:/up.png", "a drive of Windows"),
        ("\u202egnp.exe", "U+202E"),
        ("cat.png/face-1", "have such names"),
        (".toonmask/foreign/x", "have such names"),
        ("ä" * 600, "at most 1024 bytes"),
        (".well-known/acme-challenge/x", "reserves this prefix"),
    ],
)
def test_names_that_no_object_may_have(api: FlaskClient, name: str, why: str) -> None:
    answer = _begin(api, name=name)
    problem = answer.get_json()
    assert (answer.status_code, problem["code"]) == (422, "bad-field")
    assert problem["detail"].startswith("name must ")
    assert why in problem["detail"]
    assert problem["detail"].isprintable()


@pytest.mark.parametrize(
    "name", ["...", "%2e%2e%2f.png", "<script>.png", "12:30 ü.png", "x" * 1024]
)
def test_odd_names_that_lead_nowhere_are_taken(api: FlaskClient, name: str) -> None:
    assert _begin(api, name=name).status_code == 200


def test_uploads_are_begun_with_json_alone(api: FlaskClient) -> None:
    """Another page's form could send text, and would not be asked for leave."""
    body = json.dumps({"name": "cat.png", "type": "image/png", "size": 1})
    answer = api.post("/v1/uploads", data=body, content_type="text/plain")
    assert answer.status_code == 415
    assert api.post("/v1/uploads", data="{", content_type="application/json").status_code == 422


def test_an_upload_that_the_pipeline_would_not_take_is_refused(bucket: gcs.Bucket) -> None:
    api = client(INPUT_BUCKET=bucket.name, OUTPUT_BUCKET=output(bucket).name, MAX_UPLOAD="1000")
    answer = _begin(api, size=1001)
    assert (answer.status_code, answer.get_json()["code"]) == (422, "too-many-bytes")
    assert "1,001 bytes. The limit is 1,000" in answer.get_json()["detail"]
    assert _begin(api, size=1000).status_code == 200


def test_a_body_with_invalid_chunks_is_refused(api: FlaskClient) -> None:
    class Chunked(io.BytesIO):
        def readinto(self, _: Any) -> int:
            raise InvalidChunkSize(b"zz")

    answer = api.post(
        "/v1/uploads",
        input_stream=Chunked(b"{}"),
        content_type="application/json",
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert (answer.status_code, answer.get_json()["code"]) == (400, "broken-body")


@pytest.mark.parametrize(
    "body",
    [
        b'{"name":"a.png","size":' + b"9" * 3000 + b"}",
        b'{"name":"a.png","size":' + b"9" * 30_000 + b"}",
        b'{"name":"a.png","size":1e400}',
        b'{"size":1,"name":' + b"[" * 150 + b"]" * 150 + b"}",
        b'{"size":1,"name":' + b"[" * 30_000 + b"]" * 30_000 + b"}",
        b'{"size":1,"name":"\\ud800"}',
        b'{"size":1,"name":"\xff"}',
        b'{"size":1,"name":"a","type":"' + b"x" * 60_000 + b'"}',
        b'{"size":1,"name":"a","replace":' + b"9" * 3000 + b"}",
    ],
)
def test_json_that_goes_too_far_is_refused_shortly(api: FlaskClient, body: bytes) -> None:
    answer = api.post("/v1/uploads", data=body, content_type="application/json")
    assert (answer.status_code, answer.get_json()["code"]) == (422, "bad-field")
    assert len(answer.text) < 400
