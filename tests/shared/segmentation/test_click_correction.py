"""Corrections of masks by clicks."""

import cv2
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from shared.imaging.geometry import BoolMask, Image, mask_iou, polygon_mask
from shared.schemas.box import Box
from shared.schemas.prompt import LabelledPixel
from shared.segmentation.click_correction import agrees, corrected
from tools.support.shapes import ellipse

WINDOW = Box(0, 0, 160, 160)
SKIN, EAR, BEARD, PAPER = (240, 200, 160), (240, 200, 160), (120, 70, 30), (255, 255, 255)
FACE = polygon_mask(ellipse(80, 70, 40, 45), WINDOW)
HAT = polygon_mask(ellipse(80, 22, 30, 14), WINDOW) & ~FACE
CHIN = polygon_mask(ellipse(80, 118, 26, 20), WINDOW) & ~FACE
LOBE = polygon_mask(ellipse(124, 70, 9, 14), WINDOW) & ~FACE


def _drawn() -> Image:
    image = np.full((160, 160, 3), PAPER, np.uint8)
    for part, colour in ((FACE, SKIN), (LOBE, EAR), (CHIN, BEARD), (HAT, (40, 60, 200))):
        image[part] = colour
    return image


IMAGE = _drawn()
POINTS: tuple[LabelledPixel, ...] = (
    (80, 70, 1),
    (70, 60, 1),
    (90, 80, 1),
    (8, 80, 0),
    (80, 154, 0),
)


def test_a_click_on_what_is_missing_adds_its_area() -> None:
    mask = corrected(IMAGE, FACE, POINTS, [(80, 125, 1)])
    assert mask_iou(mask, FACE | CHIN) > 0.97


def test_a_click_on_what_is_too_much_takes_its_area_away() -> None:
    mask = corrected(IMAGE, FACE | HAT, POINTS, [(80, 17, 0)])
    assert mask_iou(mask, FACE) > 0.97


def test_a_part_of_the_same_colour_is_cut_off_near_the_click() -> None:
    mask = corrected(IMAGE, FACE | LOBE, POINTS, [(126, 70, 0)])
    assert not mask[64:76, 124:130].any()
    assert mask_iou(mask, FACE) > 0.96


def test_several_clicks_are_all_followed() -> None:
    clicks: list[LabelledPixel] = [(80, 125, 1), (80, 17, 0), (126, 70, 0)]
    mask = corrected(IMAGE, FACE | HAT | LOBE, POINTS, clicks)
    assert mask_iou(mask, FACE | CHIN) > 0.95


def test_a_mask_that_agrees_with_its_clicks_is_not_touched() -> None:
    assert corrected(IMAGE, FACE, POINTS, [(80, 70, 1), (10, 10, 0), (500, -3, 1)]) is FACE


def test_a_click_in_the_middle_cuts_a_hole() -> None:
    image = IMAGE.copy()
    cv2.circle(image, (80, 70), 10, (0, 0, 0), cv2.FILLED)
    around: list[LabelledPixel] = [(50, 70, 1), (110, 70, 1), (80, 40, 1), (80, 105, 1)]
    mask = corrected(image, FACE, (), [*around, (80, 70, 0)])
    assert not mask[66:75, 76:85].any()
    assert mask[70, 50]


def test_an_empty_mask_grows_from_a_click() -> None:
    empty = np.zeros((160, 160), bool)
    mask = corrected(IMAGE, empty, (), [(80, 125, 1)])
    assert mask[125, 80]


def test_a_large_mask_is_corrected_like_a_small_one() -> None:
    large = cv2.resize(IMAGE, None, fx=6, fy=6, interpolation=cv2.INTER_NEAREST)
    face, chin = (np.kron(part, np.ones((6, 6), bool)) for part in (FACE, CHIN))
    points: list[LabelledPixel] = [(6 * x, 6 * y, label) for x, y, label in POINTS]
    mask = corrected(np.asarray(large, np.uint8), face, points, [(480, 750, 1)])
    assert mask_iou(mask, face | chin) > 0.95


@st.composite
def _masks(draw: st.DrawFn) -> BoolMask:
    polygon = ellipse(
        draw(st.floats(-10, 70)),
        draw(st.floats(-10, 60)),
        draw(st.floats(1, 40)),
        draw(st.floats(1, 40)),
    )
    return polygon_mask(polygon, Box(0, 0, 64, 48))


_clicks = st.lists(
    st.tuples(st.integers(-3, 66), st.integers(-3, 50), st.sampled_from((0, 1))),
    max_size=6,
    unique_by=lambda click: click[:2],
)


@given(_masks(), _clicks, st.integers(0, 2**32 - 1))
def test_every_click_is_on_its_side_whatever_the_image(
    mask: BoolMask, clicks: list[LabelledPixel], seed: int
) -> None:
    image = np.random.default_rng(seed).integers(0, 256, (48, 64, 3), np.uint8)
    result = corrected(image, mask, (), clicks)
    assert result.shape == mask.shape
    assert agrees(result, [c for c in clicks if 0 <= c[0] < 64 and 0 <= c[1] < 48])
    assert (corrected(image, mask, (), clicks) == result).all()
