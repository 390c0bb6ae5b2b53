"""The part of the image that a cutout shows."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.schemas.amounts import Amount
from shared.schemas.box import Box
from shared.schemas.drawing import Drawing

IMAGE = Box(0, 0, 300, 200)


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    x0, y0 = draw(st.integers(0, 299)), draw(st.integers(0, 199))
    return Box(x0, y0, draw(st.integers(x0 + 1, 300)), draw(st.integers(y0 + 1, 200)))


paddings = st.one_of(
    st.integers(0, 500).map(Amount), st.integers(0, 100).map(lambda n: Amount(n, is_percent=True))
)
feathers = st.integers(0, 100)


def _drawing(shape: str, **options: Any) -> Drawing:
    return Drawing.model_validate({"cutout": shape, **options})


@given(boxes(), paddings, feathers)
def test_a_box_holds_the_bounds_with_the_padding_inside_the_image(
    bounds: Box, padding: Amount, feather: int
) -> None:
    drawing = _drawing("box", cutout_padding=padding, mask_feather=feather)
    box = drawing.cutout_box(bounds, IMAGE)
    margin = padding.pixels(max(bounds.width, bounds.height)) + feather
    assert box == bounds.widened(margin, margin).intersection(IMAGE)


@given(boxes(), paddings, feathers)
def test_a_square_has_equal_sides_and_the_bounds_in_its_middle(
    bounds: Box, padding: Amount, feather: int
) -> None:
    drawing = _drawing("square", cutout_padding=padding, mask_feather=feather)
    box = drawing.cutout_box(bounds, IMAGE)
    longer = max(bounds.width, bounds.height)
    assert box.width == box.height >= longer + 2 * (padding.pixels(longer) + feather)
    assert box.intersection(bounds) == bounds
    assert abs((box.x0 + box.x1) - (bounds.x0 + bounds.x1)) <= 1
    assert abs((box.y0 + box.y1) - (bounds.y0 + bounds.y1)) <= 1


def test_without_padding_and_feather_a_box_is_that_of_the_mask() -> None:
    assert _drawing("box").cutout_box(Box(10, 20, 50, 90), IMAGE) == Box(10, 20, 50, 90)


@pytest.mark.parametrize("shape", ["canvas", "box", "square"])
def test_where_nothing_is_found_a_cutout_has_the_size_of_the_image(shape: str) -> None:
    assert _drawing(shape).cutout_box(Box(0, 0, 0, 0), IMAGE) == IMAGE


@pytest.mark.parametrize(("side", "is_square"), [(7_000, True), (7_001, False)])
def test_a_square_that_no_viewer_would_open_is_a_box(side: int, is_square: bool) -> None:
    strip = Box(0, 0, 100_000, 500)
    bounds = Box(5, 5, 5 + side, 25)
    box = _drawing("square").cutout_box(bounds, strip)
    assert (box.height == side) == is_square
    assert is_square or box == bounds
