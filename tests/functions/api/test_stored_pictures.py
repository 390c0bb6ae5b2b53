"""Reads results, their pictures, and uploads."""

import gzip
import io
from typing import Any

import pytest
from flask.testing import FlaskClient
from google.cloud import storage as gcs
from PIL import Image as PillowImage

from shared.imaging import encoding
from shared.schemas.documents import Status
from tests.functions.api.service import client
from tests.functions.api.uploads import PICTURE, PIXELS, put_upload, write_result
from tests.shared.segmentation_runs import output


def test_a_result_is_returned_unchanged(api: FlaskClient, bucket: gcs.Bucket) -> None:
    write_result(bucket, "cat.png", put_upload(bucket, "cat.png"), Status.EMPTY)
    response = api.get("/v1/uploads/result?name=cat.png")
    assert response.data == output(bucket).blob("cat.png/result.json").download_as_bytes()


def test_a_missing_result_differs_from_a_missing_upload(
    api: FlaskClient, bucket: gcs.Bucket
) -> None:
    response = api.get("/v1/uploads/result?name=cat.png")
    assert (response.status_code, response.get_json()["code"]) == (404, "no-such-upload")
    assert f"gs://{bucket.name}/cat.png" in response.get_json()["detail"]
    put_upload(bucket, "cat.png")
    response = api.get("/v1/uploads/result?name=cat.png")
    assert (response.status_code, response.get_json()["code"]) == (404, "no-result")


def _picture(api: FlaskClient, generation: int, picture: str, **more: Any) -> Any:
    query = {"name": "cat.png", "generation": generation, "picture": picture, **more}
    return api.get("/v1/uploads/picture", query_string=query)


def test_pictures_are_returned_unchanged_or_scaled(api: FlaskClient, bucket: gcs.Bucket) -> None:
    generation = put_upload(bucket, "cat.png")
    assert _picture(api, generation, "mask.png").status_code == 404
    write_result(bucket, "cat.png", generation, Status.EMPTY)
    for picture in ("original", "mask.png", "overlay.png", "cutout.png"):
        response = _picture(api, generation, picture)
        assert response.data == PICTURE
        assert response.headers["Content-Disposition"] == "attachment"
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
def test_previews_are_returned_unchanged_or_scaled(
    api: FlaskClient, bucket: gcs.Bucket, name: str, content: bytes
) -> None:
    generation = put_upload(bucket, "cat.png")
    write_result(bucket, "cat.png", generation, Status.EMPTY, more={name: content})
    assert _picture(api, generation, name).data == content
    small = _picture(api, generation, name, side=100)
    assert (small.status_code, small.mimetype) == (200, "image/webp")
    assert PillowImage.open(io.BytesIO(small.data)).size == (100, 60)


@pytest.mark.parametrize("content", [b"", b"no picture", PICTURE[:2000]])
def test_a_corrupt_stored_picture_is_reported(
    api: FlaskClient, bucket: gcs.Bucket, content: bytes
) -> None:
    generation = put_upload(bucket, "cat.png")
    write_result(bucket, "cat.png", generation, Status.EMPTY, more={"face-1/mask.png": content})
    response = _picture(api, generation, "face-1/mask.png", side=100)
    assert (response.status_code, response.get_json()["code"]) == (502, "broken-picture")
    assert "cat.png/face-1/mask.png" in response.get_json()["detail"]


def test_an_upload_is_never_rendered_as_a_page(api: FlaskClient, bucket: gcs.Bucket) -> None:
    generation = put_upload(bucket, "cat.png", b"<script>alert(1)</script>", "text/html")
    response = _picture(api, generation, "original")
    assert response.mimetype == "application/octet-stream"
    assert response.headers["Content-Disposition"] == "attachment"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert _picture(api, generation, "original", side=100).status_code == 415


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"no gzip", "corrupt-image"), (gzip.compress(bytes(2000), mtime=0), "too-many-bytes")],
)
def test_corrupt_and_too_large_gzip_data_is_reported(
    bucket: gcs.Bucket, content: bytes, code: str
) -> None:
    api = client(INPUT_BUCKET=bucket.name, OUTPUT_BUCKET=output(bucket).name, MAX_UPLOAD="1000")
    blob = bucket.blob("cat.png")
    blob.content_encoding = "gzip"
    blob.upload_from_string(content)
    assert _picture(api, blob.generation, "original").get_json()["code"] == code


@pytest.mark.parametrize("size", [0, 1, 2**20 - 1, 2**20, 2**20 + 1, 3 * 2**20 + 5])
@pytest.mark.parametrize("gzipped", [False, True])
def test_an_original_of_any_size_is_complete(
    api: FlaskClient, bucket: gcs.Bucket, size: int, gzipped: bool
) -> None:
    content = (bytes(range(256)) * (size // 256 + 1))[:size]
    blob = bucket.blob("cat.png")
    blob.content_encoding = "gzip" if gzipped else None
    blob.upload_from_string(gzip.compress(content) if gzipped else content)
    response = _picture(api, blob.generation, "original")
    assert response.data == content
    assert "Content-Length" not in response.headers
