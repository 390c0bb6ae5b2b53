"""Pictures of several drawings: what they show, and that their truth is there."""

import numpy as np
import pytest

from tests.tools.training.sprites import sources
from tools.training.pictures import picture


@pytest.mark.parametrize("number", range(8))
def test_each_face_lies_in_its_image_and_has_features(number: int) -> None:
    made = picture(sources(), 0, number, with_faces=True)
    height, width = made.pixels.shape[:2]
    assert made.faces
    for x0, y0, x1, y1 in made.faces:
        assert 0 <= x0 < x1 <= width
        assert 0 <= y0 < y1 <= height
        inside = made.pixels[round(y0) : round(y1), round(x0) : round(x1)]
        assert inside.std() > 10


@pytest.mark.parametrize("number", range(8))
def test_an_image_without_faces_has_none(number: int) -> None:
    assert picture(sources(), 0, number, with_faces=False).faces == ()


def test_a_number_is_always_the_same_image() -> None:
    first, again, other = (picture(sources(), 0, number, with_faces=True) for number in (3, 3, 4))
    assert np.array_equal(first.pixels, again.pixels)
    assert first.pixels.shape != other.pixels.shape or (first.pixels != other.pixels).any()
