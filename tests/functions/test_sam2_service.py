"""The SAM2 service's responses to valid and invalid requests, through functions-framework's app."""

import base64
import io
import json
from collections.abc import Iterator
from typing import Any
from unittest import mock

import numpy as np
import pytest
from flask.testing import FlaskClient
from functions_framework import create_app
from werkzeug.test import create_environ, run_wsgi_app

from shared import VERSION
from shared.decoding import pixels
from shared.imaging.geometry import mask_iou
from shared.sam2_server import openapi
from shared.sam2_server.settings import Sam2Settings
from shared.segmentation.sam2.answers import parse_answer
from tests.functions.documented import documented_client
from tools.support.examples import ROOT, example
from tools.support.pipeline import png

SOURCE = ROOT / "functions" / "sam2" / "main.py"
JSON = "application/json"
AVATAR = example("avataaars_05.png")
IMAGE = base64.b64encode(png(AVATAR)).decode()
FACE_POINTS = [[256, 200, 1], [220, 240, 1], [290, 240, 1], [60, 60, 0], [450, 60, 0]]
FACE_BOX = [150, 110, 360, 340]


@pytest.fixture(scope="module")
def client() -> Iterator[FlaskClient]:
    app = create_app("sam2", str(SOURCE), "http")
    with documented_client(app, openapi.document()) as made:
        yield made


def _ask(client: FlaskClient, **changes: Any) -> tuple[int, Any]:
    body = {"image_base64": IMAGE, "points": FACE_POINTS, "box": FACE_BOX, **changes}
    answer = client.post("/v1/segment", json=body)
    return answer.status_code, answer.get_json()


def _noise() -> str:
    noise = np.random.default_rng(0).integers(0, 255, (512, 512, 3), np.uint8)
    return base64.b64encode(png(noise)).decode()


def test_points_and_box_give_a_mask_that_honours_them(client: FlaskClient) -> None:
    status, answer = _ask(client)
    assert status == 200
    for candidate in parse_answer(answer, (512, 512)):
        pixels = candidate.values > 0.5
        assert all(pixels[y, x] == bool(label) for x, y, label in FACE_POINTS)
        ys, xs = np.nonzero(pixels)
        assert xs.min() >= 130, "no farther than the ears"
        assert xs.max() < 382
        assert ys.min() >= 80
        assert ys.max() < 342


def test_the_inside_of_an_outline_is_the_mask(client: FlaskClient) -> None:
    outline = [[100, 60], [400, 60], [400, 300], [100, 300]]
    status, answer = _ask(client, outline=outline)
    assert status == 200
    (candidate,) = parse_answer(answer, (512, 512))
    inside = np.zeros((512, 512), bool)
    inside[60:300, 100:400] = True
    assert mask_iou(candidate.values > 0.5, inside) > 0.95
    assert _ask(client, outline=outline[:2]) == _ask(client), "no polygon"
    assert _ask(client, outline=[*outline, [1e300, 0]])[0] == 422
    assert _ask(client, outline=[*outline, [-1e6, 1e6]])[0] == 200


def test_points_alone_are_enough(client: FlaskClient) -> None:
    status, answer = _ask(client, box=None)
    assert status == 200
    (best, *_) = parse_answer(answer, (512, 512))
    assert best.values[200, 256] == 1
    assert best.values[60, 60] == 0


def test_several_masks_are_given_only_where_they_are_asked_for(client: FlaskClient) -> None:
    for many, least, most in ((False, 1, 1), (True, 2, 5)):
        answer = _ask(client, multimask=many, image_base64=_noise())[1]
        assert least <= len(answer["masks"]) == len(answer["scores"]) <= most


def test_the_score_is_high_where_the_outline_is_clear_and_low_where_it_is_not(
    client: FlaskClient,
) -> None:
    clear = _ask(client)[1]["scores"]
    unclear = _ask(client, image_base64=_noise())[1]["scores"]
    assert min(clear) > 0.8
    assert max(unclear) < min(clear)


def test_a_request_is_answered_alike_every_time(client: FlaskClient) -> None:
    assert _ask(client) == _ask(client)


def test_nothing_marked_gives_an_empty_mask(client: FlaskClient) -> None:
    status, answer = _ask(client, box=None, points=[])
    assert status == 200
    (mask,) = answer["masks"]
    assert not pixels.decode(base64.b64decode(mask), 10**6).any()


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"image_base64": ""}, "image_base64"),
        ({"image_base64": "!!!"}, "image_base64"),
        ({"image_base64": base64.b64encode(b"no image").decode()}, "image_base64"),
        ({"points": [[1, 2]]}, "points"),
        ({"points": [[1, 2, 3]]}, "points"),
        ({"points": [["a", 2, 1]]}, "points"),
        ({"box": [1, 2, 3]}, "box"),
        ({"points": [[1, 1, 1]] * 2000}, "points"),
    ],
)
def test_a_bad_request_is_refused_by_the_name_of_its_field(
    client: FlaskClient, changes: dict[str, Any], named: str
) -> None:
    status, answer = _ask(client, **changes)
    assert status == 422
    assert named in answer["error"]


@pytest.mark.parametrize(
    "box", [[-50, -50, 9999, 9999], [300, 300, 100, 100], [600, 600, 700, 700]]
)
def test_boxes_beyond_the_image_are_cut_to_it(client: FlaskClient, box: list[int]) -> None:
    assert _ask(client, box=box)[0] == 200


def test_points_beyond_the_image_do_no_harm(client: FlaskClient) -> None:
    assert _ask(client, points=[[-10, 5000, 1], [1e12, -1e12, 0]])[0] == 200


@pytest.mark.parametrize("body", [b"", b"no json", b"[]", json.dumps({}).encode()])
def test_what_is_no_request_is_refused(client: FlaskClient, body: bytes) -> None:
    assert client.post("/v1/segment", data=body, content_type=JSON).status_code == 422


@pytest.mark.parametrize("kind", ["text/plain", "multipart/form-data; boundary=x", None])
def test_what_any_page_can_send_is_refused(client: FlaskClient, kind: str | None) -> None:
    body = json.dumps({"image_base64": IMAGE, "points": FACE_POINTS})
    answer = client.post("/v1/segment", data=body, content_type=kind)
    assert (answer.status_code, "application/json" in answer.get_json()["error"]) == (415, True)


def test_it_answers_to_its_own_names_alone() -> None:
    with mock.patch.dict("os.environ", {"TRUSTED_HOSTS": "LocalHost,[::1]"}):
        app = create_app("sam2", str(SOURCE), "http")
    client = documented_client(app, openapi.document())
    for host in ("localhost", "LOCALHOST:8080", "[::1]:8080"):
        assert client.get("/openapi.json", headers={"Host": host}).status_code == 200
    for host in ("evil.example", "localhost.evil.example", "localhost:80:80", "[::1]x", "", "::1"):
        answer = client.get("/openapi.json", headers={"Host": host})
        assert (answer.status_code, "localhost" in answer.get_json()["error"]) == (403, True), host


def test_health_is_told_and_other_methods_are_refused(client: FlaskClient) -> None:
    assert _ask(client)[0] == 200
    health = {"status": "ok", "backend": "grabcut", "revision": VERSION}
    assert client.get("/healthz").get_json() == health
    assert client.put("/v1/segment").status_code == 405
    assert client.post("/healthz").status_code == 405
    assert client.post("/v1/elsewhere", json={}).status_code == 404


def test_a_request_that_says_it_is_too_large_is_refused_unread(client: FlaskClient) -> None:
    class Unread(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, _: Any) -> int:
            raise AssertionError("read")

    environ = create_environ("/v1/segment", method="POST", content_type=JSON)
    environ |= {"wsgi.input": Unread(), "CONTENT_LENGTH": str(10**12)}
    body, status, _ = run_wsgi_app(client.application, environ)
    assert status.startswith("413")
    assert f"{Sam2Settings().max_bytes:,} bytes" in b"".join(body).decode()


def test_of_a_request_without_a_length_no_more_is_read_than_may_be(client: FlaskClient) -> None:
    body = io.BytesIO(bytes(Sam2Settings().max_bytes + 1000))
    environ = create_environ("/v1/segment", method="POST", content_type=JSON)
    environ |= {"wsgi.input": body, "wsgi.input_terminated": True}
    _, status, _ = run_wsgi_app(client.application, environ)
    assert status.startswith("4"), "what was cut off is no JSON"
    assert body.tell() < Sam2Settings().max_bytes + 1000
