"""The union of masks, and masks that overlap."""

import numpy as np
import pytest

from shared.imaging.geometry import BoolMask, Polygon, polygon_mask
from shared.schemas.box import Box
from shared.schemas.prompt import Prompt
from shared.segmentation import masks
from shared.segmentation.masks import Mask
from tools.support.shapes import IMAGE, ellipse, prompt_for


def _in_crop(polygon: Polygon, prompt: Prompt) -> BoolMask:
    return polygon_mask(polygon, prompt.crop)


def test_a_mask_knows_its_bounds_and_its_place_in_the_image() -> None:
    pixels = np.zeros((20, 30), bool)
    pixels[3:8, 4:6] = True
    mask = Mask(Box(100, 50, 130, 70), pixels)
    assert mask.bounds == Box(104, 53, 106, 58)
    assert mask.area == 10
    whole = masks.covered([mask], IMAGE)
    assert whole.shape == (200, 300)
    assert whole[53:58, 104:106].all()
    assert whole.sum() == 10


def test_the_union_shows_every_mask_as_255() -> None:
    one = Mask(Box(0, 0, 10, 10), np.ones((10, 10), bool))
    other = Mask(Box(5, 5, 15, 15), np.ones((10, 10), bool))
    merged = masks.union([one, other], IMAGE).to_array()
    assert set(np.unique(merged)) == {0, 255}
    assert (merged == 255).sum() == 100 + 100 - 25


@pytest.mark.parametrize("gap", [70, 40, 10])
def test_masks_that_meet_are_parted_where_their_faces_meet(gap: int) -> None:
    """Returns two faces side by side, with masks that reach into each other's half."""
    left, right = ellipse(150 - gap / 2, 100, 20, 30), ellipse(150 + gap / 2, 100, 20, 30)
    one, other = prompt_for(left, IMAGE), prompt_for(right, IMAGE)
    wide = [Mask(p.crop, _in_crop(ellipse(150, 100, 50, 40), p)) for p in (one, other)]
    parted = masks.resolve_overlaps(wide, (one, other))
    whole = [masks.covered([mask], IMAGE) for mask in parted]
    assert not (whole[0] & whole[1]).any()
    assert (
        (whole[0] | whole[1]) == (masks.covered([wide[0]], IMAGE) | masks.covered([wide[1]], IMAGE))
    ).all()
    assert all(whole[0][y, x] for x, y in one.positive if x < 150 - gap / 4)
    assert all(whole[1][y, x] for x, y in other.positive if x > 150 + gap / 4)


def test_masks_that_do_not_meet_stay_as_they_are() -> None:
    left, right = ellipse(80, 100, 20, 30), ellipse(220, 100, 20, 30)
    prompts = prompt_for(left, IMAGE), prompt_for(right, IMAGE)
    alone = [Mask(p.crop, _in_crop(o, p)) for p, o in zip(prompts, (left, right), strict=True)]
    assert masks.resolve_overlaps(alone, prompts) == alone
