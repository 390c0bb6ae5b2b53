"""Begins uploads: the session's URL, valid names, and what an upload may replace."""

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

ORIGIN = {"Origin": "http://localhost"}


def test_the_page_that_began_an_upload_sends_it_directly_to_the_bucket(
    api: FlaskClient, bucket: gcs.Bucket
) -> None:
    upload = {"name": "album/cät 1.png", "type": "image/png", "size": len(PICTURE)}
    url = api.post("/v1/uploads", json=upload, headers=ORIGIN).get_json()["url"]
    policy = api.get("/").headers["Content-Security-Policy"]
    assert any(url.startswith(f"{origin}/") for origin in policy.replace(";", " ").split())
    preflight_headers = {
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "content-type",
    }
    preflight = requests.options(url, headers={**ORIGIN, **preflight_headers}, timeout=60)
    assert preflight.ok
    assert preflight.headers["Access-Control-Allow-Origin"] == ORIGIN["Origin"]
    assert "PUT" in preflight.headers["Access-Control-Allow-Methods"]
    response = requests.put(
        url, PICTURE, headers={**ORIGIN, "Content-Type": "image/png"}, timeout=60
    )
    assert response.ok
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN["Origin"]
    blob = bucket.get_blob("album/cät 1.png")
    assert (blob.content_type, blob.download_as_bytes()) == ("image/png", PICTURE)


def _begin(api: FlaskClient, **fields: Any) -> Any:
    upload = {"name": "cat.png", "type": "image/png", "size": len(PICTURE), **fields}
    return api.post("/v1/uploads", json=upload, headers=ORIGIN)


def _put(url: str) -> requests.Response:
    headers = {**ORIGIN, "Content-Type": "image/png"}
    return requests.put(url, PICTURE, headers=headers, timeout=60)


def test_an_upload_replaces_another_only_on_request(api: FlaskClient, bucket: gcs.Bucket) -> None:
    generation = put_upload(bucket, "cat.png")
    response = _begin(api)
    assert (response.status_code, response.get_json()["code"]) == (409, "exists")
    assert f"gs://{bucket.name}/cat.png" in response.get_json()["detail"]
    assert bucket.get_blob("cat.png").generation == generation
    assert _put(_begin(api, replace=True).get_json()["url"]).ok
    assert bucket.get_blob("cat.png").generation > generation


def test_a_later_put_replaces_nothing_and_the_page_can_read_the_error(
    api: FlaskClient, bucket: gcs.Bucket
) -> None:
    url = _begin(api).get_json()["url"]
    generation = put_upload(bucket, "cat.png", b"first")
    late = _put(url)
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
        ("C:/up.png", "a Windows drive"),
        ("\u202egnp.exe", "U+202E"),
        ("cat.png/face-1", "such names are reserved"),
        (".toonmask/foreign/x", "such names are reserved"),
        ("ä" * 600, "at most 1024 bytes"),
        (".well-known/acme-challenge/x", "reserves this prefix"),
    ],
)
def test_refused_names(api: FlaskClient, name: str, why: str) -> None:
    response = _begin(api, name=name)
    problem = response.get_json()
    assert (response.status_code, problem["code"]) == (422, "bad-field")
    assert problem["detail"].startswith("name must ")
    assert why in problem["detail"]
    assert problem["detail"].isprintable()


@pytest.mark.parametrize(
    "name", ["...", "%2e%2e%2f.png", "<script>.png", "12:30 ü.png", "x" * 1024]
)
def test_odd_but_safe_names_are_accepted(api: FlaskClient, name: str) -> None:
    assert _begin(api, name=name).status_code == 200


def test_uploads_begin_with_json_only(api: FlaskClient) -> None:
    """A form of another site can send text without a preflight request."""
    body = json.dumps({"name": "cat.png", "type": "image/png", "size": 1})
    response = api.post("/v1/uploads", data=body, content_type="text/plain")
    assert response.status_code == 415
    assert api.post("/v1/uploads", data="{", content_type="application/json").status_code == 422


def test_a_too_large_upload_is_refused(bucket: gcs.Bucket) -> None:
    api = client(INPUT_BUCKET=bucket.name, OUTPUT_BUCKET=output(bucket).name, MAX_UPLOAD="1000")
    response = _begin(api, size=1001)
    assert (response.status_code, response.get_json()["code"]) == (422, "too-many-bytes")
    assert "1,001 bytes. The limit is 1,000" in response.get_json()["detail"]
    assert _begin(api, size=1000).status_code == 200


def test_a_body_with_invalid_chunks_is_refused(api: FlaskClient) -> None:
    class Chunked(io.BytesIO):
        def readinto(self, _: Any) -> int:
            raise InvalidChunkSize(b"zz")

    response = api.post(
        "/v1/uploads",
        input_stream=Chunked(b"{}"),
        content_type="application/json",
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert (response.status_code, response.get_json()["code"]) == (400, "broken-body")


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
def test_extreme_json_gets_a_short_refusal(api: FlaskClient, body: bytes) -> None:
    response = api.post("/v1/uploads", data=body, content_type="application/json")
    assert (response.status_code, response.get_json()["code"]) == (422, "bad-field")
    assert len(response.text) < 400
