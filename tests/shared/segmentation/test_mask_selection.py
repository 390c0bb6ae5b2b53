"""Which candidate becomes the mask, and what is cleaned from it."""

import numpy as np
import pytest

from shared.imaging.geometry import BoolMask, Polygon, polygon_mask
from shared.segmentation.mask_selection import Candidate, choose, clean
from tools.support.shapes import IMAGE, ellipse, prompt_for

OVAL = ellipse(150, 100, 30, 40)
PROMPT = prompt_for(OVAL, IMAGE)


def _in_crop(polygon: Polygon) -> BoolMask:
    return polygon_mask(polygon, PROMPT.crop)


def test_the_candidate_that_fits_the_prompt_wins_over_a_larger_one() -> None:
    fitting = _in_crop(ellipse(150, 100, 32, 42))
    larger = np.ones_like(fitting)
    mask, quality = choose([Candidate(larger, 0.9), Candidate(fitting, 0.8)], PROMPT)
    assert (mask.pixels == fitting).all()
    assert quality > 0.85


def test_predicted_iou_decides_between_candidates_that_fit_alike() -> None:
    fitting = _in_crop(OVAL)
    shifted = np.roll(fitting, 1, axis=1)
    mask, _ = choose([Candidate(fitting, 0.2), Candidate(shifted, 0.95)], PROMPT)
    assert (mask.pixels == shifted).all()


def test_the_face_wins_over_the_head_and_the_neck_whatever_iou_is_predicted() -> None:
    face = _in_crop(ellipse(150, 100, 29, 39))
    head = _in_crop(ellipse(150, 94, 37, 46))
    with_neck = _in_crop(ellipse(150, 106, 30, 46))
    candidates = [Candidate(head, 0.99), Candidate(face, 0.6), Candidate(with_neck, 0.95)]
    mask, _ = choose(candidates, PROMPT)
    assert (mask.pixels == face).all()


def test_holes_are_filled_and_specks_dropped() -> None:
    solid = _in_crop(OVAL)
    spoilt = solid.copy()
    holes = np.argwhere(_in_crop(ellipse(150, 100, 25, 35)))[::50]
    spoilt[holes[:, 0], holes[:, 1]] = False
    spoilt[0, 0] = True
    assert (clean(spoilt, PROMPT) == solid).all()


def test_an_empty_candidate_stays_empty() -> None:
    empty = np.zeros((PROMPT.crop.height, PROMPT.crop.width), bool)
    mask, quality = choose([Candidate(empty)], PROMPT)
    assert mask.area == 0
    assert mask.bounds is None
    assert quality < 0.5


def test_no_candidate_is_an_error() -> None:
    with pytest.raises(ValueError, match="candidate"):
        choose([], PROMPT)
