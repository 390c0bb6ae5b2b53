"""Segmentation of flat drawings with known parts."""

import cv2
import numpy as np
import pytest

from shared.flat_art.face_region import flat_area
from shared.flat_art.interior_points import interior_points
from shared.flat_art.skin import FLAT_ENOUGH
from shared.imaging.geometry import BoolMask, Image, mask_iou, polygon_mask
from shared.schemas.box import Box
from tools.support.examples import example
from tools.support.shapes import ellipse

SIDE = 320
WHOLE = Box(0, 0, SIDE, SIDE)
FACE = ellipse(160, 150, 70, 88, vertices=90)
BOX = Box(80, 55, 240, 250)
POINTS = [(135.0, 140.0, 1), (185.0, 140.0, 1), (160.0, 165.0, 1), (160.0, 200.0, 1)]
FEATURES = np.array([(135, 140), (185, 140), (160, 165), (160, 195)], np.float32)
SKINS = [(241, 194, 165), (92, 60, 40), (150, 200, 120), (255, 255, 255)]
HAIR, SHIRT, GROUND, LINE = (190, 60, 40), (60, 90, 170), (240, 220, 120), (20, 20, 20)


def _truth() -> BoolMask:
    return polygon_mask(FACE, WHOLE)


def _figure(skin: tuple[int, int, int], *, chin_line: bool = False, fringe: bool = False) -> Image:
    """Returns a drawing with eyes, an open mouth, a neck of the face's colour, and shoulders."""
    image = np.full((SIDE, SIDE, 3), GROUND, np.uint8)
    cv2.rectangle(image, (125, 200), (195, 290), skin, cv2.FILLED)
    cv2.rectangle(image, (70, 285), (250, SIDE), SHIRT, cv2.FILLED)
    image[_truth()] = skin
    for x in (135, 185):
        cv2.ellipse(image, (x, 140), (13, 9), 0, 0, 360, (250, 250, 250), cv2.FILLED)
        cv2.circle(image, (x, 140), 5, LINE, cv2.FILLED)
    cv2.ellipse(image, (160, 195), (25, 10), 0, 0, 360, (150, 30, 30), cv2.FILLED)
    if chin_line:  # as drawn by hand: not quite closed
        cv2.ellipse(image, (160, 150), (71, 89), 0, 20, 142, LINE, 4)
    if fringe:
        hair = np.array([(60, 50), (260, 50), (235, 150), (200, 105), (160, 125), (85, 150)])
        cv2.fillPoly(image, [hair.astype(np.int32)], HAIR)
    return image


@pytest.mark.parametrize("skin", SKINS)
def test_a_face_is_cut_to_its_edge_with_all_that_is_in_it(skin: tuple[int, int, int]) -> None:
    area = flat_area(_figure(skin), POINTS, BOX)
    assert area.flatness > FLAT_ENOUGH
    assert mask_iou(area.pixels, _truth()) > 0.94
    assert area.pixels[140, 135], "an eye"
    assert area.pixels[195, 160], "the mouth"


@pytest.mark.parametrize("chin_line", [False, True])
@pytest.mark.parametrize("skin", SKINS)
def test_the_neck_stays_out(skin: tuple[int, int, int], chin_line: bool) -> None:
    area = flat_area(_figure(skin, chin_line=chin_line), POINTS, BOX)
    below = area.pixels & ~_truth()
    below[:200] = False
    assert below.sum() < 0.05 * area.pixels.sum()
    assert not area.pixels[270:].any()


@pytest.mark.parametrize("skin", SKINS)
def test_a_fringe_stays_out(skin: tuple[int, int, int]) -> None:
    figure = _figure(skin, fringe=True)
    hair = (figure == HAIR).all(axis=2)
    area = flat_area(figure, POINTS, BOX)
    assert (area.pixels & hair).sum() < 0.03 * area.pixels.sum()
    assert mask_iou(area.pixels, _truth() & ~hair) > 0.9


def test_a_photo_is_no_flat_art() -> None:
    photo = example("astronaut.jpg")[20:220, 130:320]
    marks = [(72.0, 85.0, 1), (108.0, 85.0, 1), (92.0, 105.0, 1), (92.0, 128.0, 1)]
    assert flat_area(photo, marks, Box(45, 40, 140, 170)).flatness < FLAT_ENOUGH


@pytest.mark.parametrize("scale", [0.3, 1, 5])
def test_inner_points_keep_off_hair_that_the_outline_covers(scale: float) -> None:
    figure = _figure(SKINS[0], fringe=True)
    size = round(SIDE * scale), round(SIDE * scale)
    image = np.asarray(cv2.resize(figure, size, interpolation=cv2.INTER_AREA), np.uint8)
    points = interior_points(
        image, (FACE * scale).astype(np.float32), (FEATURES * scale).astype(np.float32)
    )
    assert points is not None
    inside = _truth() & ~(figure == HAIR).all(axis=2)
    columns, rows = (points / scale).astype(int).T
    assert inside[rows, columns].all()
    assert (figure[rows, columns] == SKINS[0]).all(), "not on eyes and mouth"
    assert np.ptp(columns) > 60, "spread over the face"


def test_where_nothing_is_flat_no_point_is_surer_than_the_outline() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (SIDE, SIDE, 3), np.uint8)
    assert interior_points(noise, FACE, FEATURES) is None


@pytest.mark.parametrize("shift", [(1000, 0), (-1000, 0), (0, 400), (150, 0), (-150, -120)])
def test_an_outline_beyond_the_border_does_no_harm(shift: tuple[int, int]) -> None:
    step = np.array(shift, np.float32)
    points = interior_points(_figure(SKINS[0]), FACE + step, FEATURES + step)
    assert points is None or points.shape[1] == 2
