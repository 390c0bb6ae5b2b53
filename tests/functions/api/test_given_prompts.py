"""Requests with prompts of a person: what was missed, and what was wrong."""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from shared.imaging import rle
from shared.imaging.geometry import BoolMask, mask_iou
from tests.functions.api.service import client, problem, send
from tools.support.examples import EXAMPLES

TWO_FACES = EXAMPLES / "scenes" / "scene_03.png"
NO_FACE = EXAMPLES / "apple.png"


@pytest.fixture(scope="module")
def api() -> FlaskClient:
    return client()


@pytest.fixture(scope="module")
def found(api: FlaskClient) -> dict[str, Any]:
    return _send(api)


def _send(api: FlaskClient, prompts: object = (), **fields: str) -> dict[str, Any]:
    response = send(api, TWO_FACES, {"prompts": json.dumps(prompts), **fields})
    assert response.status_code == 200, response.text
    return dict(response.get_json())


def _mask(instance: dict[str, Any]) -> BoolMask:
    return rle.decode(instance["rle"]["counts"], tuple(instance["rle"]["size"]))


def test_prompts_that_are_sent_back_give_the_same_masks_without_detection(
    api: FlaskClient, found: dict[str, Any]
) -> None:
    again = _send(api, found["prompts"], targets="none")
    assert again["instances"] == found["instances"]
    assert again["mask_png_base64"] == found["mask_png_base64"]


def test_what_is_not_sent_back_is_gone(api: FlaskClient, found: dict[str, Any]) -> None:
    left = _send(api, found["prompts"][1:], targets="none")
    assert left["instances"] == found["instances"][1:]


def test_with_no_targets_and_no_prompts_nothing_is_found(api: FlaskClient) -> None:
    assert _send(api, targets="none")["status"] == "empty"


@pytest.mark.parametrize("way", ["box", "click"])
def test_a_missed_face_is_found_where_a_person_shows_it(
    api: FlaskClient, found: dict[str, Any], way: str
) -> None:
    missed = found["instances"][0]
    x0, y0, x1, y1 = missed["box"]
    shown = {
        "box": {"box": [x0 - 3, y0 - 4, x1 + 5, y1 + 2]},
        "click": {"points": [[(x0 + x1) // 2, (y0 + y1) // 2, 1]]},
    }[way]
    prompts = [found["prompts"][1], shown]
    body = _send(api, prompts, targets="none")
    assert [instance["id"] for instance in body["instances"]] == ["face-2", "face-3"]
    assert mask_iou(_mask(body["instances"][1]), _mask(missed)) > 0.95
    assert body["instances"][0]["rle"] == found["instances"][1]["rle"]


def test_a_click_beside_the_face_corrects_the_mask_that_was_found(
    api: FlaskClient, found: dict[str, Any]
) -> None:
    _, y0, _, y1 = found["instances"][0]["box"]
    mask = _mask(found["instances"][0])
    row = (y0 + y1) // 2
    inside = (int(mask[row].argmax()) + 4, row)
    assert mask[inside[1], inside[0]]
    body = _send(api, [{"id": "face-1", "points": [[*inside, 0]]}])
    corrected = _mask(body["instances"][0])
    assert not corrected[inside[1], inside[0]]
    assert mask_iou(mask, corrected) > 0.7
    assert body["prompts"][0]["clicks"] == [[*inside, 0]]
    assert body["instances"][1] == found["instances"][1]


def test_an_image_without_a_face_gets_one_by_a_box(api: FlaskClient) -> None:
    prompts = json.dumps([{"box": [100, 100, 300, 300]}])
    body = send(api, NO_FACE, {"prompts": prompts}).get_json()
    assert [instance["id"] for instance in body["instances"]] == ["face-1"]
    assert body["status"] == "degraded"  # no SAM2 is configured


def test_near_misses_come_back_as_candidates(found: dict[str, Any]) -> None:
    assert found["candidates"] == []
    strict = client(MIN_SCORE="1")
    body = send(strict, EXAMPLES / "avataaars_05.png").get_json()
    assert body["instances"] == []
    (candidate,) = body["candidates"]
    assert 0.4 <= candidate["score"] < 1
    added = send(
        strict,
        EXAMPLES / "avataaars_05.png",
        {"prompts": json.dumps([candidate]), "targets": "none"},
    ).get_json()
    assert [instance["score"] for instance in added["instances"]] == [candidate["score"]]


@pytest.mark.parametrize(
    ("prompts", "code", "words"),
    [
        ("x", "bad-field", "prompts is not JSON"),
        ("{}", "bad-field", "prompts must be a list"),
        ('[{"label": "nose", "box": [1, 2, 3]}]', "bad-field", "prompts[0].label must be 'face'"),
        ("[{}]", "bad-field", "a box, or a point with the label 1, must show where it is"),
        ('[{"box": [0, 0, 9, 9], "points": [[1, 1, 2]]}]', "bad-field", "prompts[0].points[0][2]"),
        ('[{"id": "hand-1", "box": [0, 0, 9, 9]}]', "bad-field", "must begin with face-"),
        ('[{"box": [5000, 0, 6000, 9]}]', "unfit-prompts", "does not lie in the image"),
        ('[{"id": "face-9", "points": [[1, 1, 0]]}]', "unfit-prompts", "face-9 was not found"),
        (json.dumps([{"box": [0, 0, 9, 9]}] * 21), "unfit-prompts", "MAX_INSTANCES"),
        (json.dumps([{"box": [0, 0, 9, 9]}] * 101), "bad-field", "at most 100 parts"),
    ],
)
def test_prompts_that_make_no_sense_are_refused(
    api: FlaskClient, prompts: str, code: str, words: str
) -> None:
    assert words in problem(send(api, TWO_FACES, {"prompts": prompts}), 422, code)


def test_prompts_of_another_image_are_refused(api: FlaskClient, found: dict[str, Any]) -> None:
    fields = {"prompts": json.dumps(found["prompts"])}
    sentence = problem(send(api, EXAMPLES / "avataaars_05.png", fields), 422, "unfit-prompts")
    assert "does not lie in the image" in sentence


def test_a_form_with_a_megabyte_of_prompts_is_refused(api: FlaskClient) -> None:
    fields = {"prompts": json.dumps([{"box": [0, 0, 9, 9]}]) + " " * 2**20}
    assert send(api, TWO_FACES, fields).status_code == 413
