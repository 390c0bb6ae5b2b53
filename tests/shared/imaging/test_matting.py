import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.imaging.geometry import BoolMask, Image, Polygon, depths, mask_iou, polygon_mask
from shared.imaging.matting import extract_foreground, feather, refine_mask
from shared.schemas.box import Box
from tools.support.shapes import IMAGE, ellipse, ovals

NOISE = np.random.default_rng(0).integers(0, 255, (200, 300, 3), np.uint8)
SKIN, GROUND, LINE = (224, 172, 140), (70, 120, 180), (15, 15, 15)


def _disc(radius: float) -> BoolMask:
    return polygon_mask(ellipse(150, 100, radius, radius, vertices=120), IMAGE)


def _picture(truth: BoolMask) -> Image:
    return np.where(truth[..., None], np.array(SKIN, np.uint8), np.array(GROUND, np.uint8))


@given(ovals, st.integers(1, 5))
def test_only_the_border_of_a_mask_is_reconsidered(oval: Polygon, reach: int) -> None:
    mask = polygon_mask(oval, IMAGE)
    alpha = extract_foreground(NOISE, mask, reach)[..., 3]
    kernel = np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
    bits = np.pad(mask.astype(np.uint8), reach, mode="edge")
    inner = cv2.erode(bits, kernel)[reach:-reach, reach:-reach] > 0
    outer = cv2.dilate(bits, kernel)[reach:-reach, reach:-reach] > 0
    assert (alpha[inner] == 255).all()
    assert (alpha[~outer] == 0).all()


@pytest.mark.parametrize("shift", [(1, 0), (40, 90), (255, 13)])
def test_it_does_not_matter_where_in_a_picture_a_border_lies(shift: tuple[int, int]) -> None:
    """Pixels along a border are processed block by block."""
    down, right = shift
    mask = _disc(50)
    margins = ((down, 0), (right, 0))
    moved = extract_foreground(
        np.pad(NOISE, (*margins, (0, 0)), mode="edge"), np.pad(mask, margins), 3
    )
    assert (moved[down:, right:] == extract_foreground(NOISE, mask, 3)).all()


def test_a_border_that_is_off_moves_to_the_image_s_edge() -> None:
    truth = _disc(50)
    for radius in (47, 48.5, 51.5, 53):
        moved = refine_mask(_picture(truth), _disc(radius), 4)
        assert mask_iou(moved, truth) > 0.998 > mask_iou(_disc(radius), truth)


def test_a_line_between_the_sides_does_not_count_as_either() -> None:
    image = _picture(_disc(50))
    image[_disc(52) & ~_disc(50)] = LINE
    assert mask_iou(refine_mask(image, _disc(50), 4), _disc(50)) > 0.99


def test_where_both_sides_look_alike_the_mask_stays() -> None:
    mask = _disc(40)
    plain = np.full((200, 300, 3), SKIN, np.uint8)
    assert (refine_mask(plain, mask, 3) == mask).all()


def test_masks_that_are_full_or_empty_stay_so() -> None:
    window = Box(0, 0, 300, 200)
    for mask in (np.zeros((200, 300), bool), polygon_mask(ellipse(150, 100, 900, 900), window)):
        assert (refine_mask(NOISE, mask, 2) == mask).all()
        assert ((extract_foreground(NOISE, mask, 2)[..., 3] == 255) == mask).all()


@given(ovals, st.integers(1, 100))
def test_a_feather_reaches_as_far_as_it_says_and_hides_nothing_behind_its_alpha(
    oval: Polygon, radius: int
) -> None:
    mask = polygon_mask(oval, IMAGE)
    sharp = extract_foreground(NOISE, mask, 1)
    soft = feather(sharp, radius)
    kernel = np.ones((2 * radius + 1, 2 * radius + 1), np.uint8)
    opaque = (sharp[..., 3] == 255).astype(np.uint8)
    visible = (sharp[..., 3] > 0).astype(np.uint8)
    assert (soft[cv2.erode(opaque, kernel) > 0][:, 3] == 255).all()
    assert (soft[cv2.dilate(visible, kernel) == 0] == 0).all()
    assert (soft[soft[..., 3] == 0] == 0).all()
    kept = (visible > 0) & (soft[..., 3] > 0)
    assert (soft[kept][:, :3] == sharp[kept][:, :3]).all()


@pytest.mark.parametrize("radius", [1, 4, 20])
def test_the_alpha_of_a_feather_falls_from_inside_to_outside(radius: int) -> None:
    half = np.zeros((200, 300), bool)
    half[:, :150] = True
    alpha = feather(extract_foreground(_picture(half), half, 1), radius)[..., 3].astype(int)
    assert (np.diff(alpha, axis=1) <= 0).all()
    assert (alpha == alpha[:1]).all(), "the border of the image is not an edge"
    assert np.ptp(alpha[0, 150 - radius : 150 + radius]) > 200
    assert ((alpha >= 128) == half).all()


@pytest.mark.parametrize("radius", [1, 6, 40])
@pytest.mark.parametrize("ground", [(0, 0, 0), (255, 255, 255), GROUND])
def test_a_feather_leaves_no_halo_of_the_old_ground(
    radius: int, ground: tuple[int, int, int]
) -> None:
    """An anti-aliased disc: all that is visible has its colour, on whatever ground it lay."""
    fine = polygon_mask(ellipse(150, 100, 50, 50, vertices=120) * 8, Box(0, 0, 2400, 1600))
    share = cv2.resize(fine.astype(np.float32), (300, 200), interpolation=cv2.INTER_AREA)[..., None]
    image = (share * SKIN + (1 - share) * ground).round().astype(np.uint8)
    soft = feather(extract_foreground(image, share[..., 0] > 0.5, 1), radius)
    visible = soft[soft[..., 3] > 0].astype(int)
    assert ((visible[:, 3] < 255).sum()) > 100
    assert np.abs(visible[:, :3] - SKIN).max() <= 2


@pytest.mark.parametrize("shift", [(1, 0), (40, 90), (255, 13)])
def test_it_does_not_matter_where_in_a_picture_a_feather_lies(shift: tuple[int, int]) -> None:
    """Hidden pixels get their colours block by block."""
    margins = ((shift[0], 0), (shift[1], 0), (0, 0))
    sharp = extract_foreground(NOISE, _disc(50), 1)
    moved = feather(np.pad(sharp, margins), 9)
    assert (moved[shift[0] :, shift[1] :] == feather(sharp, 9)).all()


def test_a_feather_of_a_thin_thing_is_faint_and_of_nothing_is_nothing() -> None:
    line = np.zeros((200, 300), bool)
    line[100, 50:250] = True
    soft = feather(extract_foreground(NOISE, line, 1), 10)
    assert 0 < soft[..., 3].max() < 100
    assert depths(soft[..., 3] > 0).max() > 2
    dot = np.zeros((200, 300), bool)
    dot[100, 150] = True
    assert not feather(extract_foreground(NOISE, dot, 1), 100).any()
    assert not feather(np.zeros((20, 30, 4), np.uint8), 10).any()
