"""The reasons to review a result."""

from dataclasses import replace

import numpy as np
import pytest

from shared.detection.detections import Detection
from shared.detection.near_misses import split_by_score
from shared.imaging.geometry import polygon_mask
from shared.schemas.box import Box
from shared.schemas.documents import Missed, SegmenterVersion
from shared.segmentation.masks import Mask
from shared.segmentation.review import reviewed
from shared.segmentation.service import SegmentedInstance
from tools.support.shapes import ellipse, prompt_for

OVAL = ellipse(150, 100, 40, 50)
PROMPT = prompt_for(OVAL, Box(0, 0, 300, 200)).model_copy(update={"score": 0.95})
FACE = SegmentedInstance(
    PROMPT,
    Mask(PROMPT.crop, polygon_mask(OVAL, PROMPT.crop)),
    quality=0.95,
    segmenter=SegmenterVersion("oval"),
)
NOTHING = Missed()


def _codes(face: SegmentedInstance, missed: Missed = NOTHING) -> list[str]:
    return [one.code.value for one in reviewed([face], missed)]


def test_what_is_sure_and_fits_needs_no_review() -> None:
    assert _codes(FACE) == []
    assert reviewed([], NOTHING) == ()


def test_a_low_score_a_low_quality_and_an_odd_size_do() -> None:
    unsure = replace(FACE, prompt=PROMPT.model_copy(update={"score": 0.51}))
    assert _codes(unsure) == ["low-score"]
    assert _codes(replace(FACE, quality=0.4)) == ["low-quality"]
    for pixels in (np.ones_like(FACE.mask.pixels), np.zeros_like(FACE.mask.pixels)):
        assert _codes(replace(FACE, mask=Mask(PROMPT.crop, pixels))) == ["odd-size"]


def test_growing_makes_no_mask_an_odd_one() -> None:
    for pixels in (np.ones_like(FACE.mask.pixels), np.zeros_like(FACE.mask.pixels)):
        grown = FACE.with_grown(Mask(PROMPT.crop, pixels))
        assert grown.mask.area != FACE.mask.area
        assert _codes(grown) == []


def test_each_reason_names_its_instance_in_a_sentence() -> None:
    (reason,) = reviewed([replace(FACE, quality=0.4)], NOTHING)
    assert reason.instance == PROMPT.id
    assert PROMPT.id in reason.message
    assert reason.message.endswith("0.40.")


@pytest.mark.parametrize(
    ("missed", "code", "words"),
    [
        (Missed(near=1), "near-misses", "1 more place scores"),
        (Missed(near=5), "near-misses", "5 more places score"),
        (Missed(omitted=2), "omitted", "2 more were found"),
    ],
)
def test_what_was_missed_is_a_reason_without_an_instance(
    missed: Missed, code: str, words: str
) -> None:
    (reason,) = reviewed([FACE], missed)
    assert (reason.code.value, reason.instance) == (code, None)
    assert reason.message.startswith(words)


def test_near_misses_are_those_below_the_least_score_but_not_far_below() -> None:
    scores = [0.9, 0.5, 0.49, 0.2, 0.19, 0.0]
    detections = [Detection("face", score, OVAL) for score in scores]
    found, near = split_by_score(detections, 0.5)
    assert [one.score for one in found] == [0.9, 0.5]
    assert [one.score for one in near] == [0.49, 0.2]
