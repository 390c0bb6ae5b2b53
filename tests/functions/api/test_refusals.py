"""What a caller is told who gets no masks: a status, a code, and a sentence."""

import io
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from shared.api.face_masks import FaceMasks
from tests.conftest import EXAMPLES
from tests.endpoint import Asked, serving
from tests.functions.api.service import PATH, client, send
from tests.pipeline import png

KEY = "a key with spaces, and ünicode"


@pytest.fixture(scope="module")
def api() -> FlaskClient:
    return client(MAX_BYTES="200000", MAX_PIXELS="200000")


def _problem(answer: TestResponse, status: int, code: str) -> str:
    """The sentence of a problem+json with that status and code."""
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    told = answer.get_json()
    assert (told["status"], told["code"]) == (status, code)
    assert "Traceback" not in answer.text
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    return str(told["detail"])


@pytest.mark.parametrize(
    ("image", "status", "code", "sentence"),
    [
        (b"", 400, "empty-file", "empty"),
        (b"hello", 415, "unsupported-type", "taken: PNG"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415, "unsupported-type", "taken: PNG"),
        (png(np.zeros((50, 50, 3), np.uint8))[:60], 400, "corrupt-image", "broken"),
        (png(np.zeros((500, 401, 3), np.uint8)), 413, "too-many-pixels", "401 x 500"),
        (bytes(200_001), 413, "too-many-bytes", "200,001"),
        (bytes(2_000_000), 413, "request-entity-too-large", "limit"),
    ],
)
def test_images_that_are_not_taken(
    api: FlaskClient, image: bytes, status: int, code: str, sentence: str
) -> None:
    assert sentence in _problem(send(api, image), status, code)


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
    ],
)
def test_fields_that_hold_nonsense_are_named(api: FlaskClient, field: str, value: str) -> None:
    answer = send(api, EXAMPLES / "apple.png", {field: value})
    assert _problem(answer, 422, "bad-field").startswith(f"{field} ")


def test_what_is_wrong_with_a_field_is_said_in_a_sentence(api: FlaskClient) -> None:
    fields = {"targets": "face,feet", "expand": "9"}
    told = _problem(send(api, EXAMPLES / "apple.png", fields), 422, "bad-field")
    assert (
        told == "expand must be at most 4, not '9'. targets must be 'face' or 'hand', not 'feet'."
    )


def test_a_form_without_a_picture(api: FlaskClient) -> None:
    empty = api.post(PATH, data={}, content_type="multipart/form-data")
    assert "curl -F image=@" in _problem(empty, 422, "missing-field")
    text = api.post(PATH, data={"image": "text"}, content_type="multipart/form-data")
    _problem(text, 422, "missing-field")


def test_what_is_no_form(api: FlaskClient) -> None:
    assert "curl -F image=@" in _problem(api.post(PATH, json={}), 415, "not-a-form")
    broken = api.post(PATH, data=b"x", content_type="multipart/form-data")
    _problem(broken, 400, "broken-form")


ENDLESS = f"face-{'1' * 2000}/mask"


@pytest.mark.parametrize(
    "output", ["hat", "preview.jpg", "preview.webp", "mask.png", "mask\n", ENDLESS]
)
def test_pictures_that_do_not_exist(api: FlaskClient, output: str) -> None:
    answer = send(api, EXAMPLES / "apple.png", query=f"?output={quote(output)}")
    assert "mask, overlay, cutout" in _problem(answer, 422, "bad-output")


def test_other_paths_and_methods(api: FlaskClient) -> None:
    _problem(api.get("/nowhere"), 404, "not-found")
    _problem(api.get("/page/../main.py"), 404, "not-found")
    answer = api.get(PATH)
    _problem(answer, 405, "method-not-allowed")
    assert "POST" in answer.headers["Allow"]
    assert "INPUT_BUCKET" in _problem(api.get("/v1/uploads"), 404, "no-buckets")


def test_health(api: FlaskClient) -> None:
    answer = api.get("/healthz")
    assert (answer.status_code, answer.get_json()) == (200, {"status": "ok"})


def test_one_request_too_many_is_asked_to_come_back() -> None:
    asked, answered = threading.Event(), threading.Event()

    def slow(_: Asked) -> tuple[int, Any]:
        asked.set()
        assert answered.wait(60)
        return 400, None

    with serving() as sam2, ThreadPoolExecutor(1) as pool:
        sam2.answer = slow
        limits = {"MAX_PARALLEL": "1", "MAX_WAIT": "0.1"}
        api = client(SAM2_URL=sam2.url, SAM2_AUTH="none", **limits)
        first = pool.submit(send, api)
        assert asked.wait(60)
        try:
            second = send(api)
        finally:
            answered.set()
        assert "send it again" in _problem(second, 429, "busy")
        assert int(second.headers["Retry-After"]) >= 1
        assert first.result().status_code == 200
        assert send(api).status_code == 200


@pytest.mark.parametrize(
    ("answer", "status", "code"), [(503, 503, "unavailable"), (400, 502, "sam2-refused")]
)
def test_sam2_in_trouble_and_no_fallback(answer: int, status: int, code: str) -> None:
    with serving() as sam2:
        sam2.answer = lambda _: (answer, None)
        patience = {"SAM2_FALLBACK": "none", "SAM2_DEADLINE": "0.3"}
        api = client(SAM2_URL=sam2.url, SAM2_AUTH="none", **patience)
        refused = send(api)
    assert str(answer) in _problem(refused, status, code)
    assert ("Retry-After" in refused.headers) is (status == 503)


def test_what_nobody_foresaw_stays_in_the_logs(
    api: FlaskClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("a secret")

    monkeypatch.setattr(FaceMasks, "find", broken)
    answer = send(api)
    _problem(answer, 500, "internal-error")
    assert "secret" not in answer.text
    assert "secret" in caplog.text


def test_a_key_is_wanted_for_all_but_the_page() -> None:
    api = client(API_KEY=KEY)
    assert "X-API-Key" in _problem(send(api), 401, "no-key")
    _problem(api.get("/v1/about", headers={"X-API-Key": "wrong"}), 401, "wrong-key")
    _problem(api.get("/v1/about", headers={"Authorization": "Basic abc"}), 401, "no-key")
    plain = KEY.encode().decode("latin-1")  # headers are bytes
    for headers in ({"X-API-Key": plain}, {"Authorization": f"Bearer {plain}"}):
        assert api.get("/v1/about", headers=headers).status_code == 200
    for path in ("/", "/healthz", "/openapi.json", "/page/main.js"):
        assert api.get(path).status_code == 200
    operation = api.get("/openapi.json").get_json()["paths"][PATH]["post"]
    assert operation["security"] == [{"key": []}]


def test_scripts_of_other_pages_may_call_only_where_they_are_let_in() -> None:
    origin = {"Origin": "https://example.com"}
    allowed = "Access-Control-Allow-Origin"
    assert allowed not in send(client(), b"", headers=origin).headers
    api = client(CORS_ORIGINS="https://example.com,https://b.example", API_KEY=KEY)
    assert send(api, b"", headers=origin).headers[allowed] == "https://example.com"
    refused = send(api, b"", headers={"Origin": "https://evil.example"})
    assert allowed not in refused.headers
    _problem(refused, 403, "foreign-origin")
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-api-key"}
    preflight = api.options(PATH, headers={**origin, **asked})
    assert preflight.status_code == 200
    assert "x-api-key" in preflight.headers["Access-Control-Allow-Headers"].lower()


@pytest.mark.parametrize(
    ("host", "origin", "answered"),
    [
        ("masks.example", "https://masks.example", True),  # TLS ends before us
        ("127.0.0.1:8080", "http://127.0.0.1:8080", True),
        ("127.0.0.1:8080", "http://127.0.0.1:9090", False),
        ("masks.example", "https://masks.example.evil.example", False),
        ("masks.example", "https://evil.example", False),
        ("masks.example", "null", False),
        ("masks.example", "", False),
    ],
)
def test_a_form_of_another_page_gets_no_masks_and_begins_no_upload(
    api: FlaskClient, host: str, origin: str, answered: bool
) -> None:
    headers = {"Host": host, "Origin": origin}
    for answer in (
        send(api, b"", headers=headers),
        api.post("/v1/uploads", json={"name": "a", "size": 1}, headers=headers),
    ):
        assert (answer.status_code != 403) is answered
        assert answered or "CORS_ORIGINS" in _problem(answer, 403, "foreign-origin")
    assert api.get("/healthz", headers=headers).status_code == 200


def test_where_it_has_names_no_other_host_is_answered() -> None:
    api = client(TRUSTED_HOSTS="localhost, 127.0.0.1")
    for path in ("/", "/v1/about", "/healthz"):
        assert api.get(path, headers={"Host": "127.0.0.1:8080"}).status_code == 200
        answer = api.get(path, headers={"Host": "evil.example"})
        assert "127.0.0.1, localhost" in _problem(answer, 403, "foreign-host")


@pytest.mark.parametrize(
    "origin",
    [
        "https://xexample.com.evil.net",
        "https://example.com.evil.net",
        "https://example.com:444",
        "http://example.com",
        "https://exampleXcom",
        "https://example.com\n",
        "null",
    ],
)
def test_no_other_origin_is_taken_for_one_that_is_let_in(origin: str) -> None:
    api = client(CORS_ORIGINS="https://EXAMPLE.com,http://[::1]:80")
    asked = {"Origin": quote(origin, ":/[]"), "Access-Control-Request-Method": "GET"}
    assert "Access-Control-Allow-Origin" not in api.options("/v1/about", headers=asked).headers


@pytest.mark.parametrize("origin", ["https://example.com", "http://[::1]:80"])
def test_an_origin_is_let_in_as_it_is_written(origin: str) -> None:
    api = client(CORS_ORIGINS="https://EXAMPLE.com,http://[::1]:80")
    answer = api.get("/v1/about", headers={"Origin": origin})
    assert answer.headers["Access-Control-Allow-Origin"] == origin


def test_a_star_lets_in_all_pages() -> None:
    origin = "https://a.example"
    answer = client(CORS_ORIGINS="*").get("/v1/about", headers={"Origin": origin})
    assert answer.headers["Access-Control-Allow-Origin"] in ("*", origin)


@pytest.mark.parametrize(
    "origins",
    [
        "https://*.example.com",
        "https://example.com/",
        "https://me@example.com",
        "ftp://example.com",
        "example.com",
        "https://example.com|.*",
        "https://example.com:port",
        "*,https://example.com",
        ".*",
    ],
)
def test_what_is_no_plain_origin_stops_the_start(origins: str) -> None:
    with pytest.raises(SystemExit, match=r"CORS_ORIGINS: .*(as https://example|stands alone)"):
        client(CORS_ORIGINS=origins)


@pytest.mark.parametrize(
    "fields",
    [
        {"targets": "a," * 50_000},
        {"targets": "face," * 90},
        {"expand": "9" * 5_000},
        {"pos_points": "9" * 100_000},
    ],
)
def test_fields_without_end_are_refused_shortly(api: FlaskClient, fields: dict[str, str]) -> None:
    answer = send(api, EXAMPLES / "apple.png", fields)
    told = _problem(answer, 422, "bad-field")
    assert len(told) < 100
    assert "at most 200 characters" in told


def test_a_form_of_very_many_parts_or_names_is_answered_shortly(api: FlaskClient) -> None:
    parts = {"image": (io.BytesIO(b"x"), "a.png"), **{f"field{n}": "1" for n in range(200)}}
    _problem(api.post(PATH, data=parts), 413, "request-entity-too-large")
    long = {"image": (io.BytesIO((EXAMPLES / "apple.png").read_bytes()), "a"), "x" * 100_000: "1"}
    answer = api.post(PATH, data=long)
    assert answer.status_code == 200
    assert len(answer.get_json()["warnings"][0]) < 200
    assert len(send(api, b"x", query=f"?output={'x' * 7_000}").text) < 1_000


def test_a_name_of_a_file_is_never_used(api: FlaskClient) -> None:
    form = {"image": (io.BytesIO((EXAMPLES / "apple.png").read_bytes()), "../../etc/passwd")}
    assert api.post(PATH, data=form).status_code == 200
