"""Connected parts of bool masks, and what morphology makes of them."""

import cv2
import numpy as np
import numpy.typing as npt

from shared.imaging.geometry import BoolMask
from shared.schemas.box import Box


def parts(mask: BoolMask) -> tuple[int, npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Number of 4-connected parts (part 0 is the background), their labels, their areas."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(
        mask.astype(np.uint8), connectivity=4
    )
    return count, np.asarray(labels, np.int32), np.asarray(stats[:, cv2.CC_STAT_AREA], np.int32)


def morphed(mask: BoolMask, operation: int, radius: int) -> BoolMask:
    """A morphological operation with a disc; beyond the array is background."""
    if radius < 1:
        return mask
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    margin = radius + 1
    wide = cv2.copyMakeBorder(
        mask.astype(np.uint8), margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=(0,)
    )
    return cv2.morphologyEx(wide, operation, disc)[margin:-margin, margin:-margin] > 0


def ellipse(box: Box, share: float, shape: tuple[int, ...]) -> BoolMask:
    """The ellipse in the box, its axes scaled by `share`."""
    inside = np.zeros(shape[:2], np.uint8)
    centre = ((box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2)
    cv2.ellipse(inside, (centre, (box.width * share, box.height * share), 0), (1,), cv2.FILLED)
    return inside > 0
