"""Our own service's responses, parsed by our client and by the reference implementation's."""

import base64
import json

import cv2
import numpy as np
import pytest

from shared.imaging.geometry import polygon_mask
from shared.schemas.box import Box
from shared.segmentation.sam2.answers import AnswerError, ScoredMask, parse_answer
from shared.segmentation.sam2.contract import (
    MOST_PICTURES,
    MOST_PROMPTS,
    BatchAnswer,
    BatchRequest,
    SegmenterPart,
    batch_request,
    mask_answer,
    per_prompt,
)
from shared.segmentation.sam2.crops import Crop, encode_crop
from tools.support.shapes import ellipse, prompt_for

SIZE = (40, 60)
WHOLE = Box(0, 0, 60, 40)
MASK = polygon_mask(ellipse(30, 20, 14, 11), WHOLE)
SOFT = cv2.GaussianBlur(MASK.astype(np.float32), (0, 0), 2).astype(np.float32)
PROMPT = prompt_for(ellipse(30, 20, 14, 11), WHOLE)


def _picture() -> Crop:
    return encode_crop(np.zeros((*SIZE, 3), np.uint8), WHOLE)


def test_our_answer_is_understood_by_our_client_and_by_the_references() -> None:
    masks = [ScoredMask((~MASK).astype(np.float32), 0.3), ScoredMask(SOFT, 0.8)]
    answer = json.loads(mask_answer(masks, return_prob=False).model_dump_json())
    assert [mask.predicted_iou for mask in parse_answer(answer, SIZE)] == [0.3, 0.8]
    data = np.frombuffer(base64.b64decode(answer["mask_png_base64"]), np.uint8)
    grey = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)
    assert grey is not None
    assert set(np.unique(grey)) == {0, 255}
    assert ((grey > 127) == (SOFT > 0.5)).all()


def test_probabilities_travel_where_they_are_asked_for() -> None:
    answer = json.loads(mask_answer([ScoredMask(SOFT, 0.8)], return_prob=True).model_dump_json())
    (mask,) = parse_answer(answer, SIZE)
    assert np.abs(mask.values - SOFT).max() <= 1 / 255


def test_a_batch_is_read_as_it_was_built_and_its_answers_find_their_prompts() -> None:
    pictures = [(_picture(), [PROMPT, PROMPT]), (_picture(), [PROMPT])]
    request = BatchRequest.model_validate_json(json.dumps(batch_request(pictures, multimask=False)))
    assert not request.multimask
    assert [len(part.prompts) for part in request.images] == [2, 1]
    assert request.images[0].prompts[0].box is not None
    assert len(request.images[0].prompts[0].points) == len(_picture().points(PROMPT.points))
    masks = [mask_answer([ScoredMask(SOFT, i / 4)], return_prob=False) for i in range(3)]
    answer = json.loads(
        BatchAnswer(
            images=[masks[:2], masks[2:]], segmenter=SegmenterPart(backend="grabcut")
        ).model_dump_json()
    )
    scores = [masks["scores"] for masks, _, _ in per_prompt(answer, pictures)]
    assert scores == [[0.0], [0.25], [0.5]]


def test_the_outline_travels_only_where_points_do_not_say_which_parts() -> None:
    window = Box(20, 10, 60, 40)
    crop = Crop(window, 20, 15, b"any")
    head = PROMPT.model_copy(update={"parts": ("skin", "hair")})
    request = BatchRequest.model_validate_json(
        json.dumps(batch_request([(crop, [PROMPT, head])], multimask=True))
    )
    skin, with_hair = request.images[0].prompts
    assert skin.outline == []
    expected = (np.array(PROMPT.polygon) - (20, 10)) / 2
    assert np.abs(np.array(with_hair.outline) - expected).max() <= 0.01


@pytest.mark.parametrize(
    ("answer", "named"),
    [
        ([], "images"),
        ({"masks": []}, "images"),
        ({"images": []}, "images: want 1 lists"),
        ({"images": [[]]}, r"images\[0\]: want 1 answers"),
        ({"images": [{}]}, r"images\[0\]: want 1 answers"),
    ],
)
def test_an_answer_to_something_else_is_refused(answer: object, named: str) -> None:
    with pytest.raises(AnswerError, match=named):
        per_prompt(answer, [(_picture(), [PROMPT])])


@pytest.mark.parametrize(("pictures", "prompts"), [(MOST_PICTURES + 1, 1), (1, MOST_PROMPTS + 1)])
def test_a_batch_is_bounded(pictures: int, prompts: int) -> None:
    picture = {"image_base64": "x", "prompts": [{}] * prompts}
    with pytest.raises(ValueError, match="at most 32 items"):
        BatchRequest.model_validate({"images": [picture] * pictures})
