"""The scaled-down part of an image around an outline."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from shared.flat_art.close_up import CloseUp
from shared.imaging.boxes import ellipse_in
from shared.imaging.geometry import image_box

_SIDES = st.integers(20, 900)


def _image(width: int, height: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.zeros((height, width, 3), np.uint8)


@given(_SIDES, _SIDES, st.floats(8, 700), st.floats(0, 1), st.floats(0, 1))
def test_points_come_back_to_their_place(
    width: int, height: int, side: float, across: float, down: float
) -> None:
    middle = np.array([across * width, down * height])
    outline = ellipse_in(np.concatenate([middle - side / 2, middle + side / 2]))
    close_up = CloseUp.of(_image(width, height), outline)
    if close_up is None:
        return
    there = close_up.from_image(outline)
    assert np.allclose(there, close_up.outline, atol=1e-3)
    assert np.allclose(close_up.to_image(there.astype(np.float64)), outline, atol=side / 100)
    assert close_up.target == close_up.target.intersection(image_box(close_up.picture))
    assert max(close_up.picture.shape[:2]) <= 2 * 128 + 4


def test_an_outline_beside_the_image_has_no_close_up() -> None:
    far = ellipse_in(np.array([500.0, 500, 600, 600]))
    assert CloseUp.of(_image(100, 100), far) is None
