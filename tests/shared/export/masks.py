"""Masks for the tests of exports, and the filling of polygons."""

from collections.abc import Iterable

import cv2
import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from shared.export.outlines import Outline, Ring, trace
from shared.imaging import rle
from shared.imaging.geometry import BoolMask, image_box, polygon_mask

_noise = hnp.arrays(
    bool, st.tuples(st.integers(1, 12), st.integers(1, 12)), elements=st.booleans(), fill=st.nothing()
)


@st.composite
def _nested(draw: st.DrawFn) -> BoolMask:
    """Rectangles that are set and cleared by turns: parts in holes of parts."""
    height, width = draw(st.integers(1, 24)), draw(st.integers(1, 24))
    mask = np.zeros((height, width), bool)
    for number in range(draw(st.integers(1, 7))):
        x, y = draw(st.integers(0, width - 1)), draw(st.integers(0, height - 1))
        mask[y : y + draw(st.integers(1, height)), x : x + draw(st.integers(1, width))] ^= (
            number % 2 == 0 or draw(st.booleans())
        )
    return mask


masks: st.SearchStrategy[BoolMask] = st.one_of(_noise, _nested())


def outline(mask: BoolMask) -> Outline:
    encoded = rle.encode(mask)
    return trace(encoded.counts, encoded.size)


def filled(rings: Iterable[Ring], mask: BoolMask) -> BoolMask:
    """Fills the rings, by the even-odd rule, in an image of the mask's size."""
    result = np.zeros(mask.shape, bool)
    for ring in rings:
        result ^= polygon_mask(ring.astype(np.float32), image_box(mask))
    return result


def signed_area(ring: Ring) -> float:
    """The area by the shoelace formula: positive if the ring runs clockwise on the screen."""
    x, y = ring.T
    return float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum()) / 2


def components(mask: BoolMask, connectivity: int) -> int:
    """The number of connected parts of the mask."""
    count, _ = cv2.connectedComponents(mask.astype(np.uint8), connectivity=connectivity)
    return count - 1
