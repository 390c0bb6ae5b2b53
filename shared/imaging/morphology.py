"""Connected components and morphological operations of bool masks."""

import cv2
import numpy as np
import numpy.typing as npt

from shared.imaging.geometry import BoolMask
from shared.schemas.box import Box


def parts(mask: BoolMask) -> tuple[int, npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """4-connected components: their number, labels, int32 (h, w), and areas in pixels, int32 (n,).

    Component 0 is the background.
    """
    count, labels, stats, _ = cv2.connectedComponentsWithStats(
        mask.astype(np.uint8), connectivity=4
    )
    return count, np.asarray(labels, np.int32), np.asarray(stats[:, cv2.CC_STAT_AREA], np.int32)


def morphed(mask: BoolMask, operation: int, radius: int) -> BoolMask:
    """Applies a morphological operation (`cv2.MORPH_...`) with a disc of `radius` pixels.

    Pixels outside the array are background. A radius below 1 returns the mask itself.
    """
    if radius < 1:
        return mask
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    margin = radius + 1
    padded = cv2.copyMakeBorder(
        mask.astype(np.uint8), margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=(0,)
    )
    return cv2.morphologyEx(padded, operation, disc)[margin:-margin, margin:-margin] > 0


def ellipse(box: Box, share: float, shape: tuple[int, ...]) -> BoolMask:
    """The bool mask (h, w) of the ellipse in the box, its axes scaled by `share`."""
    inside = np.zeros(shape[:2], np.uint8)
    centre = ((box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2)
    cv2.ellipse(inside, (centre, (box.width * share, box.height * share), 0), (1,), cv2.FILLED)
    return inside > 0
