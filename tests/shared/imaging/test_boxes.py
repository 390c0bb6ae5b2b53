import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.imaging.boxes import FloatBox, bounds_of, centred, iou, ious, overlap
from shared.schemas.box import Box

coordinate = st.integers(-50, 50)
sizes = st.integers(1, 60)


@st.composite
def pixel_boxes(draw: st.DrawFn) -> Box:
    x, y = draw(coordinate), draw(coordinate)
    return Box(x, y, x + draw(sizes), y + draw(sizes))


def _floats(box: Box) -> FloatBox:
    return np.array(box, np.float64)


@given(pixel_boxes(), pixel_boxes())
def test_on_whole_pixels_they_agree_with_boxes_of_pixels(one: Box, other: Box) -> None:
    assert iou(_floats(one), _floats(other)) == pytest.approx(one.iou(other))
    shared = one.intersection(other).area / min(one.area, other.area)
    assert overlap(_floats(one), _floats(other)) == pytest.approx(shared)


@given(st.lists(pixel_boxes(), min_size=1, max_size=5), pixel_boxes())
def test_many_at_once_are_each_alone(boxes: list[Box], box: Box) -> None:
    each = [iou(_floats(one), _floats(box)) for one in boxes]
    assert ious(np.array(boxes, np.float64), _floats(box)) == pytest.approx(each)


def test_an_empty_box_meets_nothing() -> None:
    nothing = np.array([3.0, 3, 3, 3])
    assert iou(nothing, nothing) == 0
    assert overlap(nothing, np.array([0.0, 0, 9, 9])) == 0


@given(pixel_boxes())
def test_a_box_is_that_around_its_middle_and_its_corners(box: Box) -> None:
    corners = np.array([box[:2], box[2:]], np.float32)
    size = np.array([box.width, box.height], np.float64)
    assert centred(corners.mean(axis=0), size) == pytest.approx(_floats(box))
    assert bounds_of(corners) == pytest.approx(_floats(box))
