import base64
import json
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import images, masks, rle
from shared.geometry import Box, polygon_mask
from shared.masks import Candidate
from shared.prompts import Detection, PromptOptions, build_prompts
from shared.sam2_contract import AnswerError, FieldNames, build_answer, build_request, parse_answer
from tests.shared.shapes import ellipse

SIZE = (40, 60)
MASK = polygon_mask(ellipse(30, 20, 14, 11), Box(0, 0, 60, 40))
GREY = masks.picture(MASK)
PNG = base64.b64encode(images.encode_png(GREY)).decode()
PACKED = rle.encode(MASK)


def _runs() -> list[int]:
    flat = np.concatenate([[0], MASK.ravel(order="F").astype(int), [-1]])
    changes = np.flatnonzero(np.diff(flat))
    return np.diff(np.concatenate([[0], changes])).tolist()


FORMATS: dict[str, Any] = {
    "png": {"mask_png_base64": PNG},
    "png as data URL": {"mask_png_base64": f"data:image/png;base64,{PNG}"},
    "runs in an object": {"mask_rle": {"counts": _runs(), "size": [40, 60]}},
    "runs in a list": {"mask_rle": [_runs(), [40, 60]]},
    "COCO string": {"mask_rle": {"counts": PACKED.counts, "size": [40, 60]}},
    "lists of booleans": {"masks": [MASK.tolist()]},
    "lists of 0 and 1": {"masks": [MASK.astype(int).tolist()]},
    "lists of 0 and 255": {"masks": [GREY.tolist()]},
    "lists of probabilities": {"masks": [(MASK * 0.8 + 0.1).tolist()]},
    "list of PNGs": {"masks": [PNG], "scores": [0.9]},
    "list of RLEs": {"masks": [{"counts": PACKED.counts, "size": [40, 60]}]},
}


@pytest.mark.parametrize("answer", FORMATS.values(), ids=FORMATS.keys())
def test_every_known_format_gives_the_same_mask(answer: Any) -> None:
    (candidate,) = parse_answer(json.loads(json.dumps(answer)), SIZE)
    assert (candidate.pixels == MASK).all()


@pytest.mark.parametrize("field", ["scores", "iou_predictions"])
def test_scores_stay_with_their_masks(field: str) -> None:
    answer = {"masks": [PNG, (~MASK).tolist()], field: [0.25, 0.75]}
    first, second = parse_answer(answer, SIZE)
    assert (first.predicted_iou, second.predicted_iou) == (0.25, 0.75)
    assert (second.pixels == ~MASK).all()


def test_a_small_mask_is_enlarged_without_a_staircase() -> None:
    small = np.asarray(cv2.resize(GREY, (15, 10), interpolation=cv2.INTER_AREA), np.uint8)
    answer = {"mask_png_base64": base64.b64encode(images.encode_png(small)).decode()}
    (candidate,) = parse_answer(answer, SIZE)
    overlap = (candidate.pixels & MASK).sum() / (candidate.pixels | MASK).sum()
    assert overlap > 0.93


@pytest.mark.parametrize(
    ("answer", "named"),
    [
        ([], "JSON object"),
        ({}, "mask_png_base64"),
        ({"mask": 1}, "'mask'"),
        ({"masks": []}, "masks"),
        ({"masks": "no"}, "masks"),
        ({"masks": [[]]}, r"masks\[0\]"),
        ({"masks": [[[1, 2], [3]]]}, r"masks\[0\]"),
        ({"masks": [[["a"]]]}, r"masks\[0\]"),
        ({"masks": [[[float("nan")]]]}, r"masks\[0\]"),
        ({"masks": [[[-1]]]}, r"masks\[0\]"),
        ({"masks": [PNG], "scores": [1, 2]}, "scores"),
        ({"masks": [PNG], "scores": ["high"]}, "scores"),
        ({"mask_png_base64": 7}, "mask_png_base64"),
        ({"mask_png_base64": "!!"}, "mask_png_base64"),
        ({"mask_png_base64": base64.b64encode(b"x" * 99).decode()}, "mask_png_base64"),
        ({"mask_rle": 7}, "mask_rle"),
        ({"mask_rle": {"counts": [1]}}, r"mask_rle\.size"),
        ({"mask_rle": {"counts": [1], "size": [0, 5]}}, r"mask_rle\.size"),
        ({"mask_rle": {"counts": [1], "size": [60000, 60000]}}, r"mask_rle\.size"),
        ({"mask_rle": {"counts": [3, 4], "size": [40, 60]}}, r"mask_rle\.counts"),
        ({"mask_rle": {"counts": [-5, 2405], "size": [40, 60]}}, r"mask_rle\.counts"),
        ({"mask_rle": {"counts": None, "size": [40, 60]}}, r"mask_rle\.counts"),
    ],
)
def test_an_absurd_answer_is_refused_by_the_name_of_its_field(answer: Any, named: str) -> None:
    with pytest.raises(AnswerError, match=named):
        parse_answer(answer, SIZE)


@given(st.integers(20, 3000), st.integers(20, 3000), st.floats(0.2, 0.8), st.floats(0.2, 0.8))
def test_points_and_box_of_a_request_point_at_the_same_place_in_what_is_sent(
    width: int, height: int, cx: float, cy: float
) -> None:
    image = Box(0, 0, width, height)
    polygon = ellipse(width * cx, height * cy, width / 6, height / 6)
    (prompt,) = build_prompts([Detection("face", 1.0, polygon)], image, PromptOptions())
    crop = np.zeros((prompt.crop.height, prompt.crop.width, 3), np.uint8)
    request = build_request(crop, prompt, FieldNames())
    sent = images.decode(base64.b64decode(request["image_base64"]), 10**8)
    assert max(sent.shape[:2]) <= 1024
    across, down = sent.shape[1] / prompt.crop.width, sent.shape[0] / prompt.crop.height
    inside = [p for p in prompt.points if prompt.crop.holds(p[0], p[1])]
    assert len(request["points"]) == len(inside)
    for (x, y, label), (sent_x, sent_y, sent_label) in zip(inside, request["points"], strict=True):
        assert label == sent_label
        assert abs((x + 0.5 - prompt.crop.x0) * across - (sent_x + 0.5)) <= 0.5 + across
        assert abs((y + 0.5 - prompt.crop.y0) * down - (sent_y + 0.5)) <= 0.5 + down
        assert 0 <= sent_x < sent.shape[1]
        assert 0 <= sent_y < sent.shape[0]


def test_field_names_follow_the_settings_and_an_empty_box_name_sends_none() -> None:
    image = Box(0, 0, 60, 40)
    (prompt,) = build_prompts(
        [Detection("face", 1.0, ellipse(30, 20, 14, 11))], image, PromptOptions()
    )
    names = FieldNames("img", "pts", "", "many", "prob")
    request = build_request(np.zeros((*SIZE, 3), np.uint8)[prompt.crop.slices], prompt, names)
    assert set(request) == {"img", "pts", "many", "prob"}


def test_our_own_answer_is_understood_by_our_client_and_by_the_references() -> None:
    candidates = [Candidate(~MASK, 0.3), Candidate(MASK, 0.8)]
    answer = json.loads(json.dumps(build_answer(candidates)))
    assert [c.predicted_iou for c in parse_answer(answer, SIZE)] == [0.3, 0.8]
    data = np.frombuffer(base64.b64decode(answer["mask_png_base64"]), np.uint8)
    assert ((cv2.imdecode(data, cv2.IMREAD_GRAYSCALE) > 127) == MASK).all()
