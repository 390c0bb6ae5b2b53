import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.geometry import Box
from shared.views import LADDER, VIEW_SIDE, Window, rung, views

sides = st.integers(1, 3000)
NOISE = np.random.default_rng(0).integers(0, 255, (120, 200, 3), np.uint8)


@given(sides, sides, st.sampled_from(LADDER))
def test_the_windows_of_a_rung_cover_the_image(width: int, height: int, share: float) -> None:
    image = Box(0, 0, width, height)
    windows = rung(image, share)
    assert len({window.side for window in windows}) == 1
    side = windows[0].side
    for axis, length in (("x", width), ("y", height)):
        starts = sorted({getattr(window, axis) for window in windows})
        assert starts[0] <= 0
        assert starts[-1] + side >= length
        gaps = np.diff(starts)
        assert (gaps <= side // 2 + 1).all(), "at least half overlapping"


@given(st.floats(0, 1), st.floats(0, 1), st.integers(1, 500), st.integers(-50, 50))
def test_a_place_in_a_window_is_a_place_in_the_image(
    across: float, down: float, side: int, start: int
) -> None:
    ((x, y),) = Window(start, 2 * start, side).to_image(np.array([(across, down)], np.float32))
    assert x == pytest.approx(start + across * side, abs=0.01)
    assert y == pytest.approx(2 * start + down * side, abs=0.01)


def test_a_window_shows_its_part_of_the_image_blurred_as_asked() -> None:
    sharp, soft = views(NOISE, Window(10, 20, 90), (0.3, 5.0))
    assert sharp.shape == soft.shape == (VIEW_SIDE, VIEW_SIDE, 3)
    assert soft.std() < 0.5 * sharp.std()
    assert np.abs(sharp.mean(axis=(0, 1)) - NOISE[20:110, 10:100].mean(axis=(0, 1))).max() < 3


def test_beyond_the_image_its_border_goes_on() -> None:
    image = NOISE.copy()
    image[:, 0] = (255, 0, 0)
    (view,) = views(image, Window(-100, 0, 120), (0.3,))
    assert (view[:, :150] == (255, 0, 0)).all()


def test_a_flat_window_is_not_looked_at() -> None:
    assert list(views(np.full((50, 50, 3), 77, np.uint8), Window(0, 0, 50), (1.0,))) == []


def test_a_window_is_expected_to_show_what_lies_in_it_at_a_fitting_size() -> None:
    window = Window(100, 100, 100)
    assert window.should_show(Box(120, 120, 170, 180))
    assert not window.should_show(Box(120, 120, 130, 130)), "too small"
    assert not window.should_show(Box(90, 90, 210, 210)), "too large"
    assert not window.should_show(Box(170, 120, 230, 180)), "half outside"
