import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.detection.windows import WINDOW_SCALES, is_flat, sliding_windows
from shared.imaging.windows import Window, blurred, mirrored
from shared.schemas.box import Box

sides = st.integers(1, 3000)
VIEW_SIDE = 256
NOISE = np.random.default_rng(0).integers(0, 255, (120, 200, 3), np.uint8)


@given(sides, sides, st.sampled_from(WINDOW_SCALES))
def test_sliding_windows_cover_the_image(width: int, height: int, share: float) -> None:
    image = Box(0, 0, width, height)
    windows = sliding_windows(image, share)
    assert len({window.side for window in windows}) == 1
    side = windows[0].side
    for axis, length in enumerate((width, height)):
        starts = sorted({window.centre[axis] - side / 2 for window in windows})
        assert starts[0] <= 0
        assert starts[-1] + side >= length
        assert (np.diff(starts) <= side // 2 + 1).all(), "at least half overlapping"


@given(
    st.floats(0, 1), st.floats(0, 1), st.integers(1, 500), st.integers(-50, 50), st.floats(-3, 3)
)
def test_a_place_in_a_window_is_a_place_in_the_image(
    across: float, down: float, side: int, start: int, angle: float
) -> None:
    window = Window((start, 2 * start), side, angle)
    (place,) = window.to_image(np.array([(across, down)], np.float32))
    right, below = (across - 0.5) * side, (down - 0.5) * side
    turned = complex(right, below) * np.exp(1j * angle)
    assert place == pytest.approx((start + turned.real, 2 * start + turned.imag), abs=0.01)
    assert window.from_image(place[None])[0] == pytest.approx((across, down), abs=0.01)


def test_a_window_shows_its_part_of_the_image() -> None:
    view = Window((55, 65), 90).view(NOISE, VIEW_SIDE)
    assert view.shape == (VIEW_SIDE, VIEW_SIDE, 3)
    assert np.abs(view.mean(axis=(0, 1)) - NOISE[20:110, 10:100].mean(axis=(0, 1))).max() < 3


@pytest.mark.parametrize("factor", [0.4, 1, 3, 9])
@pytest.mark.parametrize("angle", [0, 0.6, -1.2])
def test_what_a_view_shows_lies_where_the_window_says(factor: float, angle: float) -> None:
    """A dot in the image, found again in the view, at any scale and angle."""
    image = np.zeros((round(200 * factor), round(300 * factor), 3), np.uint8)
    x, y, radius = 170 * factor, 90 * factor, 8 * factor
    rows, columns = np.mgrid[: image.shape[0], : image.shape[1]] + 0.5
    image[(columns - x) ** 2 + (rows - y) ** 2 < radius**2] = 255
    window = Window((150 * factor, 100 * factor), 120 * factor, angle)
    rows, columns = np.nonzero(window.view(image, VIEW_SIDE)[..., 0] > 127)
    middle = np.array([[columns.mean() + 0.5, rows.mean() + 0.5]], np.float32) / VIEW_SIDE
    assert np.abs(window.to_image(middle) - (x, y)).max() < 0.6 * max(1, factor)


def test_beyond_the_image_its_border_goes_on() -> None:
    image = NOISE.copy()
    image[:, 0] = (255, 0, 0)
    view = Window((-40, 60), 120).view(image, VIEW_SIDE)
    assert (view[:, :150] == (255, 0, 0)).all()


def test_beyond_the_image_there_are_mirrors_where_they_are_wanted() -> None:
    half = NOISE[:, :100]
    view = Window((100, 60), 120).view(half, 120, mirrors=True).astype(int)
    assert np.abs(view - view[:, ::-1]).max() <= 1


@pytest.mark.parametrize("side", [40, 600])
def test_a_window_beside_the_image_shows_its_border(side: int) -> None:
    image = np.full((20, 300, 3), (10, 200, 30), np.uint8)
    view = Window((150, 2000), side, 0.3).view(image, VIEW_SIDE)
    assert (view == (10, 200, 30)).all()


def test_a_blur_softens_and_a_mirror_turns_around() -> None:
    view = Window((55, 65), 90).view(NOISE, VIEW_SIDE)
    assert blurred(view, 5.0).std() < 0.5 * view.std()
    assert (blurred(view, 0.0) == view).all()
    assert (mirrored(view)[:, 0] == view[:, -1]).all()


def test_a_view_of_one_colour_shows_nothing() -> None:
    assert is_flat(np.full((50, 50, 3), 77, np.uint8))
    assert not is_flat(NOISE)
    grain = np.random.default_rng(0).normal(200, 4, (512, 512, 3))
    assert is_flat(grain.clip(0, 255).astype(np.uint8))


def test_a_small_face_on_a_large_blank_is_something() -> None:
    page = np.full((512, 512, 3), 235, np.uint8)
    page[300:320, 100:116] = (240, 190, 160)
    page[306:309, [104, 111]] = 20
    assert not is_flat(page)


def test_a_view_of_a_strip_longer_than_opencv_warps_is_that_of_its_part() -> None:
    strip = np.tile(NOISE, (1, 300, 1))
    there = Window((200 * 150 + 90, 60), 100, 0.4).view(strip, VIEW_SIDE)
    here = Window((90 + 200, 60), 100, 0.4).view(np.tile(NOISE, (1, 3, 1)), VIEW_SIDE)
    assert np.abs(there.astype(int) - here).max() <= 1
