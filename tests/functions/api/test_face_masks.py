"""The response to an image."""

import base64
from pathlib import Path
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


def test_the_response_has_the_fields_of_the_first_api(api: FlaskClient) -> None:
    response = send(api, FACE)
    assert (response.status_code, response.mimetype) == (200, "application/json")
    body = response.get_json()
    image = example(FACE.name)
    assert (body["width"], body["height"]) == (image.shape[1], image.shape[0])
    ((x0, y0, x1, y1),) = body["boxes"]
    assert all(type(side) is int for side in (x0, y0, x1, y1))
    mask = decoded(body["mask_png_base64"])
    assert mask.shape == image.shape[:2]
    assert set(np.unique(mask)) == {0, 255}
    assert (mask[y0:y1, x0:x1] > 0).sum() > 0.95 * (mask > 0).sum()
    cutout = decoded(body["face_rgba_png_base64"])
    assert cutout.shape == (*image.shape[:2], 4)
    inside = cutout[..., 3] == 255
    assert (cutout[..., :3][inside] == image[inside]).mean() > 0.99
    overlay = decoded(body["overlay_png_base64"])
    assert overlay.shape == image.shape
    far = np.ones(mask.shape, bool)
    far[max(y0 - 40, 0) : y1 + 40, max(x0 - 40, 0) : x1 + 40] = False
    assert (overlay[far] == image[far]).all()


def test_the_response_has_the_fields_of_result_json(api: FlaskClient) -> None:
    body = send(api, TWO_FACES).get_json()
    assert body["status"] == "degraded"
    assert body["reason"]["code"] == "sam2-not-configured"
    assert [instance["id"] for instance in body["instances"]] == ["face-1", "face-2"]
    assert len(body["boxes"]) == 2
    merged = decoded(body["mask_png_base64"]) > 0
    from_rle = np.zeros_like(merged)
    for instance in body["instances"]:
        from_rle |= rle.decode(instance["rle"]["counts"], instance["rle"]["size"])
    assert (from_rle == merged).all()


@pytest.mark.parametrize("image", [FACE, TWO_FACES, NO_FACE])
def test_the_response_has_the_pictures_of_each_instance_on_demand(
    api: FlaskClient, image: Path
) -> None:
    assert "instance_png_base64" not in send(api, image).get_json()
    body = send(api, image, {"instance_pictures": "true"}).get_json()
    pictures = body["instance_png_base64"]
    files = [name for item in body["instances"] for name in item["files"].values()]
    assert list(pictures) == files
    for name in files:
        output = name.removesuffix(".png")
        single = send(api, image, query=f"?output={output}", headers={"Accept": "image/png"})
        assert base64.b64decode(pictures[name]) == single.data


def test_an_image_without_a_face_gives_empty_masks(api: FlaskClient) -> None:
    response = send(api, NO_FACE)
    assert response.status_code == 200
    body = response.get_json()
    assert (body["status"], body["boxes"], body["instances"]) == ("empty", [], [])
    assert not decoded(body["mask_png_base64"]).any()
    assert not decoded(body["face_rgba_png_base64"])[..., 3].any()
    assert (decoded(body["overlay_png_base64"]) == example(NO_FACE.name)).all()


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
def test_the_response_is_a_picture_on_request(
    api: FlaskClient, query: str, accept: str, field: str
) -> None:
    response = send(api, FACE, query=query, headers={"Accept": accept})
    assert (response.status_code, response.mimetype) == (200, "image/png")
    assert response.headers["Toonmask-Status"] == "degraded"
    assert response.data == base64.b64decode(send(api, FACE).get_json()[field])


@pytest.mark.parametrize(
    ("query", "accept"),
    [("", "*/*"), ("?output=mask", "application/json"), ("", "text/html, */*;q=0.8")],
)
def test_the_response_is_json_otherwise(api: FlaskClient, query: str, accept: str) -> None:
    assert send(api, NO_FACE, query=query, headers={"Accept": accept}).is_json


def test_single_faces_have_pictures(api: FlaskClient) -> None:
    first, second = (
        pixels(send(api, TWO_FACES, query=f"?output=face-{number}/mask").data) > 0
        for number in (1, 2)
    )
    both = pixels(send(api, TWO_FACES, query="?output=mask").data) > 0
    assert first.any()
    assert second.any()
    assert ((first | second) == both).all()
    response = send(api, TWO_FACES, query="?output=face-3/mask")
    assert response.status_code == 404
    assert "face-1, face-2" in response.get_json()["detail"]


def test_hands_are_found_on_request(api: FlaskClient) -> None:
    hand = png(left_hand())
    assert send(api, hand).get_json()["instances"] == []
    for targets in ("hand", "face,hand"):
        (found,) = send(api, hand, {"targets": targets}).get_json()["instances"]
        assert (found["label"], found["side"]) == ("hand", "left")


def test_hair_comes_with_a_face_on_request(api: FlaskClient) -> None:
    image = EXAMPLES / "micah_01.png"
    (skin,) = send(api, image).get_json()["instances"]
    (head,) = send(api, image, {"face_parts": "skin,hair"}).get_json()["instances"]
    assert (skin["parts"], head["parts"]) == (["skin"], ["skin", "hair"])
    assert head["area"] > 1.3 * skin["area"]
    assert head["box"][1] < skin["box"][1], "hair above the face"


def test_masks_are_grown_on_request(api: FlaskClient) -> None:
    plain = send(api, TWO_FACES).get_json()
    body = send(api, TWO_FACES, {"mask_grow": "4%"}).get_json()
    assert body["drawing"]["mask_grow"] == "4%"
    merged = np.zeros((body["height"], body["width"]), bool)
    for before, after in zip(plain["instances"], body["instances"], strict=True):
        assert (before["segmented_rle"], after["segmented_rle"]) == (None, before["rle"])
        assert after["area"] > before["area"]
        grown = rle.decode(after["rle"]["counts"], after["rle"]["size"])
        assert not (merged & grown).any()
        merged |= grown
    assert ((decoded(body["mask_png_base64"]) > 0) == merged).all()
    assert body["review"] == plain["review"]
    assert body["boxes"] == plain["boxes"], "the boxes of the prompts"


def test_cutouts_are_cropped_and_softened_on_request(api: FlaskClient) -> None:
    fields = {"cutout": "square", "cutout_padding": "10%", "mask_feather": "6"}
    body = send(api, FACE, fields).get_json()
    cutout = decoded(body["face_rgba_png_base64"])
    x0, y0, x1, y1 = body["cutout_box"]
    assert cutout.shape == (y1 - y0, x1 - x0, 4)
    assert cutout.shape[0] == cutout.shape[1] < body["width"]
    assert body["instances"][0]["cutout_box"] == body["cutout_box"]
    partial = (cutout[..., 3] > 0) & (cutout[..., 3] < 255)
    assert partial.sum() > 5 * (x1 - x0)
    single = pixels(send(api, FACE, fields, query="?output=face-1/cutout").data)
    assert (single == cutout).all()
    assert decoded(body["mask_png_base64"]).shape == (body["height"], body["width"])


def test_without_options_the_cutout_has_the_size_of_the_image(api: FlaskClient) -> None:
    for image in (FACE, NO_FACE):
        body = send(api, image).get_json()
        assert body["cutout_box"] == [0, 0, body["width"], body["height"]]
        assert body["drawing"] == {
            "mask_grow": "0", "mask_feather": 0, "cutout": "canvas", "cutout_padding": "0",
        }  # fmt: skip


def test_a_request_chooses_which_faces_stay(api: FlaskClient) -> None:
    def found(**fields: str) -> list[list[int]]:
        return [item["box"] for item in send(api, TWO_FACES, fields).get_json()["instances"]]

    both = found()
    (largest,) = found(max_instances="1", instance_order="size")
    assert largest == max(both, key=lambda box: min(box[2] - box[0], box[3] - box[1]))
    assert found(min_score="1") == []
    assert found(min_size="100%") == []
    assert found(min_size="1") == both


def test_the_settings_of_the_service_are_the_defaults_and_the_limit() -> None:
    api = client(MAX_INSTANCES="1", INSTANCE_ORDER="size", MIN_SCORE="0.05", MIN_SIZE="10")
    body = send(api, TWO_FACES, {"max_instances": "50"}).get_json()
    assert len(body["instances"]) == 1
    assert "omitted" in [reason["code"] for reason in body["review"]]
    none = send(client(MIN_SIZE="100%"), TWO_FACES).get_json()
    assert (none["status"], none["review"]) == ("empty", [])
    assert send(client(MIN_SCORE="1"), TWO_FACES, {"min_score": "0.5"}).get_json()["instances"]


@pytest.fixture
def sam2() -> Any:
    """A SAM2 server that refuses all prompts and records them."""
    with serving() as endpoint:
        endpoint.answer = lambda _: (400, None)
        yield endpoint


def test_form_fields_change_the_sam2_request(sam2: Endpoint) -> None:
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


def test_unknown_fields_are_ignored_with_a_warning(api: FlaskClient) -> None:
    fields = {"colour": "red", "target": "hand", "evil\r\nSet-Cookie: a=b \u2028": "x"}
    response = send(api, NO_FACE, fields, query="?outptu=mask")
    assert response.status_code == 200
    warnings = response.get_json()["warnings"]
    assert len(warnings) == 4
    header = response.headers["Toonmask-Warning"]
    assert header == " ".join(warnings)
    assert "The form field 'target' was ignored: did you mean 'targets'?" in header
    assert "The query parameter 'outptu' was ignored: did you mean 'output'?" in header
    assert "The form field 'colour' was ignored: known are image, multimask" in header
    assert "Set-Cookie" not in response.headers


def test_a_picture_has_warnings_in_a_header(api: FlaskClient) -> None:
    response = send(api, NO_FACE, {"models": "x"}, query="?output=mask")
    assert response.mimetype == "image/png"
    assert "models" in response.headers["Toonmask-Warning"]


def test_warnings_name_only_some_of_many_unknown_fields(api: FlaskClient) -> None:
    names = [f"{n}\U0001f600" * 50 for n in range(99)]
    query = "?" + "&".join(f"{name}=1" for name in names)
    response = send(api, NO_FACE, dict.fromkeys(names, ""), query=query)
    warnings = response.get_json()["warnings"]
    assert (len(warnings), warnings[5], warnings[11]) == (12, *["94 more were ignored."] * 2)
    assert len(response.headers["Toonmask-Warning"]) < 2000


def test_known_fields_cause_no_warning(api: FlaskClient) -> None:
    response = send(api, NO_FACE, {"targets": "face", "expand": "0.2"}, query="?output=mask")
    assert "Toonmask-Warning" not in response.headers
    assert send(api, NO_FACE).get_json()["warnings"] == []
