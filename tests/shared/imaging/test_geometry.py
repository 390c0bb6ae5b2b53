import cv2
import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage

from shared.imaging.geometry import (
    BoolMask,
    Polygon,
    bounding_box,
    depths,
    disjoint,
    enclosing,
    polygon_mask,
    scaled,
)
from shared.schemas.box import Box
from tools.support.shapes import ellipse, ovals

whole = st.integers(-50, 50)
boxes = st.builds(Box, whole, whole, whole, whole)
side = st.integers(1, 40)
full_boxes = st.builds(lambda x, y, w, h: Box(x, y, x + w, y + h), whole, whole, side, side)


@given(st.lists(full_boxes, max_size=8))
def test_disjoint_boxes_hold_all_and_share_nothing(given_boxes: list[Box]) -> None:
    apart = disjoint(given_boxes)
    assert all(any(one.intersection(box) == box for one in apart) for box in given_boxes)
    shared = [one.intersection(other) for one in apart for other in apart if one is not other]
    assert not any(box.area for box in shared)
    assert enclosing(apart) == enclosing(given_boxes)


@given(ovals)
def test_a_mask_holds_just_the_pixels_whose_centres_are_inside(polygon: Polygon) -> None:
    window = Box(-60, -60, 400, 300)
    mask = polygon_mask(polygon, window)
    places = np.argwhere(np.ones_like(mask))[::211]
    for row, column in [*np.argwhere(mask)[::37], *places]:
        x, y = column + window.x0 + 0.5, row + window.y0 + 0.5
        depth = cv2.pointPolygonTest(polygon, (x, y), measureDist=True)
        if abs(depth) > 1e-3:
            assert mask[row, column] == (depth > 0)


def test_a_mask_has_the_area_of_its_polygon() -> None:
    mask = polygon_mask(ellipse(100, 80, 60, 40, vertices=200), Box(0, 0, 200, 160))
    assert abs(mask.sum() / (np.pi * 60 * 40) - 1) < 0.005


def test_a_square_on_pixel_edges_covers_just_its_pixels() -> None:
    square = np.array([(2, 1), (6, 1), (6, 4), (2, 4)], np.float32)
    mask = polygon_mask(square, Box(0, 0, 8, 6))
    expected = np.zeros((6, 8), bool)
    expected[1:4, 2:6] = True
    assert (mask == expected).all()


def test_a_polygon_beyond_the_window_is_cut_to_it() -> None:
    whole = polygon_mask(ellipse(50, 50, 40, 40), Box(0, 0, 100, 100))
    part = polygon_mask(ellipse(50, 50, 40, 40), Box(30, 40, 70, 100))
    assert (part == whole[40:100, 30:70]).all()


def test_scaling_is_about_the_middle() -> None:
    polygon = scaled(ellipse(50, 60, 10, 20), 2)
    assert bounding_box(polygon) == Box(30, 20, 71, 101)


@given(boxes, boxes)
def test_intersections_are_symmetric_and_no_larger_than_either(one: Box, other: Box) -> None:
    assert one.intersection(other).area == other.intersection(one).area
    if one.area and other.area:
        assert one.intersection(other).area <= min(one.area, other.area)
        assert one.iou(other) == other.iou(one)


def test_iou_of_a_box_with_itself_is_one_and_with_a_stranger_zero() -> None:
    assert Box(0, 0, 10, 10).iou(Box(0, 0, 10, 10)) == 1
    assert Box(0, 0, 10, 10).iou(Box(10, 0, 20, 10)) == 0
    assert Box(0, 0, 10, 10).iou(Box(5, 0, 15, 10)) == 1 / 3


def test_the_box_around_points_holds_them_all() -> None:
    box = bounding_box(np.array([(1.5, 2.0), (7.99, 3.2)], np.float32))
    assert box == Box(1, 2, 8, 4)
    assert box.holds(1.5, 2.0)
    assert box.holds(7.99, 3.2)
    assert not box.holds(8, 3)


@given(hnp.arrays(bool, st.tuples(st.integers(1, 40), st.integers(1, 40))))
def test_depths_are_the_distances_to_what_is_not_set(pixels: BoolMask) -> None:
    framed = ndimage.distance_transform_edt(np.pad(pixels, 1))[1:-1, 1:-1]
    assert (depths(pixels) == framed.astype(np.float32)).all()
