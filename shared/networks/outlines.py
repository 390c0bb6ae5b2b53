"""From the mask of a network to the outline of one thing in it."""

import cv2
import numpy as np

from shared.imaging.geometry import BoolMask, Polygon
from shared.imaging.morphology import parts
from shared.schemas.prompt import MOST_OUTLINE

_SIMPLE = 0.6
"""How far an outline may be from the border of the mask, in cells: less than a pixel of the
networks' masks, whose grids have several cells for each."""


def part_in(expected: BoolMask, mask: BoolMask) -> BoolMask:
    """The connected part of the mask that shares most with what is expected."""
    count, labels, _ = parts(mask)
    shared = np.bincount(labels[expected], minlength=count)
    shared[0] = 0
    return np.asarray((labels == shared.argmax()) & mask)


def outline_of(part: BoolMask) -> Polygon:
    """The outer border of a connected part, in cells, float32 (n, 2), n <= MOST_OUTLINE."""
    contours, _ = cv2.findContours(part.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    (border,) = contours
    distance = _SIMPLE
    # a ragged border, as of noise, could have more vertices than a prompt may have
    while len(simple := cv2.approxPolyDP(border, distance, closed=True)) > MOST_OUTLINE:
        distance *= 2
    return simple[:, 0].astype(np.float32) + 0.5
