"""Cutouts: whole, cropped and with a soft edge."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image as PillowImage

from shared.imaging import png
from shared.imaging.geometry import polygon_mask
from shared.imaging.matting import extract_foreground, feather
from shared.rendering import cutouts
from shared.schemas.box import Box
from shared.segmentation import masks
from shared.segmentation.masks import Mask
from tools.support.shapes import IMAGE, ellipse

PICTURE = np.random.default_rng(0).integers(0, 255, (200, 300, 3), np.uint8)
WINDOW = Box(80, 40, 220, 180)
MASK = Mask(WINDOW, polygon_mask(ellipse(150, 110, 40, 50), WINDOW))


def test_a_cutout_shows_the_image_inside_the_mask_and_hides_nothing_outside_it() -> None:
    union = masks.union([MASK], IMAGE).to_array()
    cutout = cutouts.cutout(PICTURE, [MASK], 0, IMAGE).to_array()
    kernel = np.ones((3, 3), np.uint8)
    inner, outer = cv2.erode(union, kernel) > 0, cv2.dilate(union, kernel) > 0
    assert (cutout[inner][:, 3] == 255).all()
    assert (cutout[inner][:, :3] == PICTURE[inner]).all()
    assert (cutout[~outer] == 0).all()
    assert (cutout[cutout[..., 3] == 0] == 0).all()


def test_a_cutout_of_many_is_the_cutouts_of_each() -> None:
    """Both if the boxes are separate, and if they overlap and are drawn together."""
    for other_one in (ellipse(240, 70, 40, 50), ellipse(140, 140, 40, 50)):
        ovals = ellipse(65, 70, 40, 50), other_one
        shown = [Mask(IMAGE, polygon_mask(oval, IMAGE)) for oval in ovals]
        one, other = (cutouts.cutout(PICTURE, [mask], 0, IMAGE).to_array() for mask in shown)
        assert (cutouts.cutout(PICTURE, shown, 0, IMAGE).to_array() == np.maximum(one, other)).all()


def test_a_cutout_of_nothing_is_transparent() -> None:
    assert not cutouts.cutout(PICTURE, [], 0, IMAGE).to_array().any()
    assert cutouts.cutout(PICTURE, [], 0, IMAGE).to_array().shape == (200, 300, 4)


def test_a_cutout_has_a_soft_edge_without_a_halo_of_the_old_ground() -> None:
    """On another background, an anti-aliased red disc from a blue one must have no blue edge."""
    fine = polygon_mask(ellipse(150, 100, 40, 50, vertices=90) * 8, Box(0, 0, 2400, 1600))
    covered = cv2.resize(fine.astype(np.float32), (300, 200), interpolation=cv2.INTER_AREA)
    red, blue = np.array([200, 30, 20]), np.array([10, 40, 220])
    image = (covered[..., None] * red + (1 - covered[..., None]) * blue).round().astype(np.uint8)
    cutout = cutouts.cutout(image, [Mask(IMAGE, covered > 0.5)], 0, IMAGE).to_array()
    assert np.abs(cutout[..., 3] / 255 - covered).max() < 0.05
    assert 0 < ((cutout[..., 3] > 0) & (cutout[..., 3] < 255)).sum() < 1000
    assert np.abs(cutout[cutout[..., 3] > 0][:, :3].astype(int) - red).max() <= 2


def test_without_options_a_cutout_is_the_matted_image() -> None:
    union = masks.union([MASK], IMAGE).to_array() > 0
    matted = extract_foreground(PICTURE, union, 1)
    assert (cutouts.cutout(PICTURE, [MASK], 0, IMAGE).to_array() == matted).all()


@pytest.mark.parametrize("feathering", [0, 5, 30])
@pytest.mark.parametrize(
    "box", [Box(110, 60, 190, 160), Box(90, 100, 130, 140), Box(-40, -20, 310, 330)]
)
def test_a_cropped_cutout_is_a_part_of_the_whole(feathering: int, box: Box) -> None:
    """What lies beyond the image is transparent."""
    whole = cutouts.cutout(PICTURE, [MASK], feathering, IMAGE).to_array()
    padded = np.pad(whole, ((400, 400), (400, 400), (0, 0)))
    cropped = cutouts.cutout(PICTURE, [MASK], feathering, box)
    assert cropped.to_array().any()
    assert (cropped.to_array() == padded[box.shifted(400, 400).slices]).all()
    encoded = np.asarray(PillowImage.open(io.BytesIO(png.encode(cropped))))
    assert (encoded == cropped.to_array()).all()


def test_a_feathered_cutout_is_drawn_as_far_as_it_reaches() -> None:
    for feathering in (0, 20):
        regions = cutouts.regions([MASK], feathering, IMAGE)
        mask = masks.union([MASK], IMAGE).to_array() > 0
        whole = feather(extract_foreground(PICTURE, mask, 1), feathering or 1)
        left = whole.copy()
        for region in regions:
            left[region.slices] = 0
        assert not left.any()
