"""What a caller gets for a picture."""

import base64
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient

from shared.imaging import rle
from tests.drawings import left_hand
from tests.endpoint import Endpoint, serving
from tests.functions.api.service import client, decoded, pixels, send
from tools.support.examples import EXAMPLES, example
from tools.support.pipeline import png

FACE = EXAMPLES / "avataaars_05.png"
TWO_FACES = EXAMPLES / "scenes" / "scene_03.png"
NO_FACE = EXAMPLES / "apple.png"


@pytest.fixture(scope="module")
def api() -> FlaskClient:
    return client()


def test_the_answer_holds_what_the_first_api_gave(api: FlaskClient) -> None:
    answer = send(api, FACE)
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    told = answer.get_json()
    image = example(FACE.name)
    assert (told["width"], told["height"]) == (image.shape[1], image.shape[0])
    ((x0, y0, x1, y1),) = told["boxes"]
    assert all(type(side) is int for side in (x0, y0, x1, y1))
    mask = decoded(told["mask_png_base64"])
    assert mask.shape == image.shape[:2]
    assert set(np.unique(mask)) == {0, 255}
    assert (mask[y0:y1, x0:x1] > 0).sum() > 0.95 * (mask > 0).sum()
    cutout = decoded(told["face_rgba_png_base64"])
    assert cutout.shape == (*image.shape[:2], 4)
    inside = cutout[..., 3] == 255
    assert (cutout[..., :3][inside] == image[inside]).mean() > 0.99
    overlay = decoded(told["overlay_png_base64"])
    assert overlay.shape == image.shape
    far = np.ones(mask.shape, bool)
    far[max(y0 - 40, 0) : y1 + 40, max(x0 - 40, 0) : x1 + 40] = False
    assert (overlay[far] == image[far]).all()


def test_it_holds_what_result_json_tells_as_well(api: FlaskClient) -> None:
    told = send(api, TWO_FACES).get_json()
    assert told["status"] == "degraded"
    assert told["reason"]["code"] == "sam2-not-configured"
    assert [one["id"] for one in told["instances"]] == ["face-1", "face-2"]
    assert len(told["boxes"]) == 2
    merged = decoded(told["mask_png_base64"]) > 0
    from_rle = np.zeros_like(merged)
    for one in told["instances"]:
        from_rle |= rle.decode(one["rle"]["counts"], one["rle"]["size"])
    assert (from_rle == merged).all()


def test_a_picture_without_a_face_gives_the_empty_set(api: FlaskClient) -> None:
    answer = send(api, NO_FACE)
    assert answer.status_code == 200
    told = answer.get_json()
    assert (told["status"], told["boxes"], told["instances"]) == ("empty", [], [])
    assert not decoded(told["mask_png_base64"]).any()
    assert not decoded(told["face_rgba_png_base64"])[..., 3].any()
    assert (decoded(told["overlay_png_base64"]) == example(NO_FACE.name)).all()


@pytest.mark.parametrize(
    ("query", "accept", "field"),
    [
        ("?output=mask", "image/png", "mask_png_base64"),
        ("?output=overlay", "image/png", "overlay_png_base64"),
        ("?output=cutout", "image/png", "face_rgba_png_base64"),
        ("?output=cutout", "*/*", "face_rgba_png_base64"),
        ("", "image/png", "mask_png_base64"),
    ],
)
def test_a_picture_is_the_answer_where_one_is_wanted(
    api: FlaskClient, query: str, accept: str, field: str
) -> None:
    answer = send(api, FACE, query=query, headers={"Accept": accept})
    assert (answer.status_code, answer.mimetype) == (200, "image/png")
    assert answer.headers["Toonmask-Status"] == "degraded"
    assert answer.data == base64.b64decode(send(api, FACE).get_json()[field])


@pytest.mark.parametrize(
    ("query", "accept"),
    [("", "*/*"), ("?output=mask", "application/json"), ("", "text/html, */*;q=0.8")],
)
def test_json_is_the_answer_otherwise(api: FlaskClient, query: str, accept: str) -> None:
    assert send(api, NO_FACE, query=query, headers={"Accept": accept}).is_json


def test_single_faces_are_pictures_too(api: FlaskClient) -> None:
    one, other = (
        pixels(send(api, TWO_FACES, query=f"?output=face-{number}/mask").data) > 0
        for number in (1, 2)
    )
    both = pixels(send(api, TWO_FACES, query="?output=mask").data) > 0
    assert one.any()
    assert other.any()
    assert ((one | other) == both).all()
    answer = send(api, TWO_FACES, query="?output=face-3/mask")
    assert answer.status_code == 404
    assert "face-1, face-2" in answer.get_json()["detail"]


def test_hands_are_found_where_they_are_asked_for(api: FlaskClient) -> None:
    hand = png(left_hand())
    assert send(api, hand).get_json()["instances"] == []
    for targets in ("hand", "face,hand"):
        (found,) = send(api, hand, {"targets": targets}).get_json()["instances"]
        assert (found["label"], found["side"]) == ("hand", "left")


@pytest.fixture
def sam2() -> Any:
    """Takes no prompt, but tells which it was given."""
    with serving() as endpoint:
        endpoint.answer = lambda _: (400, None)
        yield endpoint


def test_fields_shape_what_sam2_is_asked(sam2: Endpoint) -> None:
    api = client(SAM2_URL=sam2.url, SAM2_AUTH="none")
    plain, other = (
        send(api, FACE, fields).get_json()["boxes"][0]
        for fields in ({}, {"expand": "0.5", "pos_points": "5", "multimask": "false"})
    )
    first, second = (request.body for request in sam2.requests)
    positive = [sum(point[2] for point in body["points"]) for body in (first, second)]
    assert positive == [16, 5]
    assert (first["multimask"], second["multimask"]) == (True, False)
    assert other[0] < plain[0] < plain[2] < other[2]


def test_fields_that_nobody_knows_are_left_alone_and_named(api: FlaskClient) -> None:
    fields = {"min_score": "0.2", "target": "hand", "evil\r\nSet-Cookie: a=b \u2028": "x"}
    answer = send(api, NO_FACE, fields, query="?outptu=mask")
    assert answer.status_code == 200
    warnings = answer.get_json()["warnings"]
    assert len(warnings) == 4
    told = answer.headers["Toonmask-Warning"]
    assert told == " ".join(warnings)
    assert "The form field 'target' was ignored: did you mean 'targets'?" in told
    assert "The query parameter 'outptu' was ignored: did you mean 'output'?" in told
    assert "The form field 'min_score' was ignored: known are image, multimask" in told
    assert "Set-Cookie" not in answer.headers


def test_a_picture_carries_the_warning_in_its_header(api: FlaskClient) -> None:
    answer = send(api, NO_FACE, {"models": "x"}, query="?output=mask")
    assert answer.mimetype == "image/png"
    assert "models" in answer.headers["Toonmask-Warning"]


def test_many_unknown_fields_are_named_in_part(api: FlaskClient) -> None:
    names = [f"{n}\U0001f600" * 50 for n in range(99)]
    query = "?" + "&".join(f"{name}=1" for name in names)
    answer = send(api, NO_FACE, dict.fromkeys(names, ""), query=query)
    warnings = answer.get_json()["warnings"]
    assert (len(warnings), warnings[5], warnings[11]) == (12, *["94 more were ignored."] * 2)
    assert len(answer.headers["Toonmask-Warning"]) < 2000


def test_what_is_known_is_not_warned_of(api: FlaskClient) -> None:
    answer = send(api, NO_FACE, {"targets": "face", "expand": "0.2"}, query="?output=mask")
    assert "Toonmask-Warning" not in answer.headers
    assert send(api, NO_FACE).get_json()["warnings"] == []
