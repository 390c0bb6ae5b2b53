"""Error responses: status, code, and detail."""

import io
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest import mock
from urllib.parse import quote

import numpy as np
import pytest
from flask.testing import FlaskClient
from google.api_core.exceptions import Forbidden, ServiceUnavailable
from google.cloud.storage._http import Connection

from shared.api.face_masks import FaceMasks
from tests.endpoint import ReceivedRequest, serving
from tests.functions.api.service import PATH, client, problem, send
from tools.support.examples import EXAMPLES
from tools.support.pipeline import png


@pytest.fixture(scope="module")
def api() -> FlaskClient:
    return client(MAX_BYTES="200000", MAX_PIXELS="200000")


@pytest.mark.parametrize(
    ("image", "status", "code", "sentence"),
    [
        (b"", 400, "empty-file", "empty"),
        (b"hello", 415, "unsupported-type", "formats: PNG"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415, "unsupported-type", "formats: PNG"),
        (png(np.zeros((50, 50, 3), np.uint8))[:60], 400, "corrupt-image", "broken"),
        (png(np.zeros((500, 401, 3), np.uint8)), 413, "too-many-pixels", "401 x 500"),
        (bytes(200_001), 413, "too-many-bytes", "200,001"),
        (bytes(2_000_000), 413, "request-entity-too-large", "limit"),
    ],
)
def test_rejected_images(
    api: FlaskClient, image: bytes, status: int, code: str, sentence: str
) -> None:
    assert sentence in problem(send(api, image), status, code)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("multimask", "perhaps"),
        ("expand", "wide"),
        ("expand", "nan"),
        ("expand", "-1"),
        ("pos_points", "0"),
        ("pos_points", "1.5"),
        ("targets", "face,feet"),
        ("targets", ""),
        ("targets", ","),
        ("face_parts", "hair"),
        ("face_parts", "skin,hat"),
        ("min_score", "1.01"),
        ("min_score", ""),
        ("min_size", "-1"),
        ("min_size", "101%"),
        ("max_instances", "0"),
        ("max_instances", "101"),
        ("instance_order", "age"),
        ("mask_grow", "501"),
        ("mask_grow", "5 %"),
        ("mask_grow", "9" * 200),
        ("mask_feather", "101"),
        ("mask_feather", "1.5"),
        ("cutout", "circle"),
        ("cutout_padding", "-1"),
        ("cutout_padding", "501"),
    ],
)
def test_invalid_fields_are_named(api: FlaskClient, field: str, value: str) -> None:
    response = send(api, EXAMPLES / "apple.png", {field: value})
    assert problem(response, 422, "bad-field").startswith(f"{field} ")


def test_each_invalid_field_has_a_sentence(api: FlaskClient) -> None:
    fields = {"targets": "face,feet", "expand": "9"}
    detail = problem(send(api, EXAMPLES / "apple.png", fields), 422, "bad-field")
    assert (
        detail == "expand must be at most 4, not '9'. targets must be 'face' or 'hand', not 'feet'."
    )


def test_a_form_without_an_image(api: FlaskClient) -> None:
    empty = api.post(PATH, data={}, content_type="multipart/form-data")
    assert "curl -F image=@" in problem(empty, 422, "missing-field")
    text = api.post(PATH, data={"image": "text"}, content_type="multipart/form-data")
    problem(text, 422, "missing-field")


def test_a_body_that_is_not_a_form(api: FlaskClient) -> None:
    assert "curl -F image=@" in problem(api.post(PATH, json={}), 415, "not-a-form")
    broken = api.post(PATH, data=b"x", content_type="multipart/form-data")
    problem(broken, 400, "broken-form")


ENDLESS = f"face-{'1' * 2000}/mask"


@pytest.mark.parametrize(
    "output", ["hat", "preview.jpg", "preview.webp", "mask.png", "mask\n", ENDLESS]
)
def test_invalid_outputs(api: FlaskClient, output: str) -> None:
    response = send(api, EXAMPLES / "apple.png", query=f"?output={quote(output)}")
    assert "mask, overlay, cutout" in problem(response, 422, "bad-output")


def test_unknown_paths_and_methods(api: FlaskClient) -> None:
    problem(api.get("/nowhere"), 404, "not-found")
    problem(api.get("/page/../main.py"), 404, "not-found")
    response = api.get(PATH)
    problem(response, 405, "method-not-allowed")
    assert "POST" in response.headers["Allow"]
    assert "INPUT_BUCKET" in problem(api.get("/v1/uploads"), 404, "no-buckets")


def test_health(api: FlaskClient) -> None:
    response = api.get("/healthz")
    assert (response.status_code, response.get_json()) == (200, {"status": "ok"})


def test_a_request_above_the_limit_gets_429() -> None:
    received, released = threading.Event(), threading.Event()

    def slow(_: ReceivedRequest) -> tuple[int, Any]:
        received.set()
        assert released.wait(60)
        return 400, None

    with serving() as sam2, ThreadPoolExecutor(1) as pool:
        sam2.answer = slow
        limits = {"MAX_PARALLEL": "1", "MAX_WAIT": "0.1"}
        api = client(SAM2_URL=sam2.url, SAM2_AUTH="none", **limits)
        first = pool.submit(send, api)
        assert received.wait(60)
        try:
            second = send(api)
        finally:
            released.set()
        assert "send it again" in problem(second, 429, "busy")
        assert int(second.headers["Retry-After"]) >= 1
        assert first.result().status_code == 200
        assert send(api).status_code == 200


@pytest.mark.parametrize(
    ("sam2_status", "status", "code"), [(503, 503, "unavailable"), (400, 502, "sam2-refused")]
)
def test_sam2_errors_without_a_fallback(sam2_status: int, status: int, code: str) -> None:
    with serving() as sam2:
        sam2.answer = lambda _: (sam2_status, None)
        patience = {"SAM2_FALLBACK": "none", "SAM2_DEADLINE": "0.3"}
        api = client(SAM2_URL=sam2.url, SAM2_AUTH="none", **patience)
        refused = send(api)
    assert str(sam2_status) in problem(refused, status, code)
    assert ("Retry-After" in refused.headers) is (status == 503)


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Forbidden("no"), 502, "storage-refused"),
        (ServiceUnavailable("down"), 503, "unavailable"),
        (ZeroDivisionError("a secret"), 500, "internal-error"),
    ],
)
def test_errors_of_cloud_storage_on_every_bucket_route(
    monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, code: str
) -> None:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", "http://127.0.0.1:9")
    monkeypatch.setattr(Connection, "api_request", mock.Mock(side_effect=error))
    api = client(INPUT_BUCKET="in-bucket", OUTPUT_BUCKET="out-bucket")
    for response in (
        api.get("/v1/uploads"),
        api.post("/v1/uploads", json={"name": "cat.png", "size": 1}),
        api.get("/v1/uploads/result?name=cat.png"),
        api.get("/v1/uploads/picture?name=cat.png&generation=1&picture=mask.png"),
        api.get("/v1/uploads/export?format=coco"),
    ):
        problem(response, status, code)


def test_details_of_unexpected_errors_stay_in_the_logs(
    api: FlaskClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("a secret")

    monkeypatch.setattr(FaceMasks, "find", broken)
    response = send(api)
    problem(response, 500, "internal-error")
    assert "secret" not in response.text
    assert "secret" in caplog.text


@pytest.mark.parametrize(
    "fields",
    [
        {"targets": "a," * 50_000},
        {"targets": "face," * 90},
        {"expand": "9" * 5_000},
        {"pos_points": "9" * 100_000},
    ],
)
def test_very_long_fields_get_a_short_refusal(api: FlaskClient, fields: dict[str, str]) -> None:
    response = send(api, EXAMPLES / "apple.png", fields)
    detail = problem(response, 422, "bad-field")
    assert len(detail) < 100
    assert "at most 200 characters" in detail


def test_many_parts_and_long_names_get_a_short_response(api: FlaskClient) -> None:
    parts = {"image": (io.BytesIO(b"x"), "a.png"), **{f"field{n}": "1" for n in range(200)}}
    problem(api.post(PATH, data=parts), 413, "request-entity-too-large")
    long = {"image": (io.BytesIO((EXAMPLES / "apple.png").read_bytes()), "a"), "x" * 100_000: "1"}
    response = api.post(PATH, data=long)
    assert response.status_code == 200
    assert len(response.get_json()["warnings"][0]) < 300
    assert len(send(api, b"x", query=f"?output={'x' * 7_000}").text) < 1_000


def test_the_file_name_is_ignored(api: FlaskClient) -> None:
    form = {"image": (io.BytesIO((EXAMPLES / "apple.png").read_bytes()), "../../etc/passwd")}
    assert api.post(PATH, data=form).status_code == 200
