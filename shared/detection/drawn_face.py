"""The drawn-face network: our own, trained only on drawings.

tools/training trains it; models/drawn-face.md beside the model says on what, and what it cannot do.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shared.detection.blazeface import Floats, sigmoid
from shared.detection.opencv_network import OpenCvNetwork
from shared.imaging.boxes import FloatBox, ious
from shared.schemas.prompt import Label

NAME = "drawn-face"
SIDE = 96
"""Side in pixels of the pictures that the network was trained on. It is fully convolutional."""
STEP = 16
"""Sides of its pictures are multiples of so many pixels."""
STRIDE = 8
"""A cell of its outputs stands for a square of so many pixels."""
BOX_UNIT = 48.0
"""Distances to the edges of a box are in so many pixels: most are near 0.5, where softplus, which
makes them, has a steady slope."""
FACE_SIDES = 30, 66
"""Sides of the faces that the network was taught to find: roots of the areas of their boxes, in
pixels of the picture. A pyramid with a factor of two has each face once so."""

CENTRES, BOXES, TILT, MASK = OUTPUTS = ("centres", "boxes", "tilt", "mask")
"""Names of the outputs, in their order. For a picture (n, 3, h, w) of RGB, 0 to 255:
`centres` (n, 2, h/8, w/8), logits of a face and of a hand;
`boxes` (n, 8, h/8, w/8), for each of both the distances of the cell's centre from the left, upper,
right and lower edge, in BOX_UNIT;
`tilt` (n, 2, h/8, w/8), sine and cosine of the face's angle, clockwise, not normalised;
`mask` (n, 1, h/2, w/2), logits of a face's visible skin."""

_KINDS: tuple[Label, ...] = ("face", "hand")
"""The order of the outputs' channels."""

_MIN_IOU = 0.4
"""Cells whose boxes have a greater IoU with the box of a better cell belong to the same object."""


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """What the network says about the cells of pictures, float32.

    `log_odds` (n, h, w): that the cell is in the middle of a face, or hand. If so, `boxes`
    (n, h, w, 4) are the bounds of its visible skin, in pixels of the picture, and `angles`
    (n, h, w) how far a face is turned clockwise, in radians.
    """

    log_odds: Floats
    boxes: Floats
    angles: Floats


@dataclass(frozen=True, slots=True, eq=False)
class DrawnObject:
    """A face or hand in a picture: log-odds, box in pixels, and a face's angle in radians."""

    log_odds: float
    box: FloatBox
    angle: float


class DrawnFaceNetwork:
    """Not thread-safe."""

    def __init__(self) -> None:
        # without the mask: the layers before it are half of the network's time
        self._network = OpenCvNetwork(NAME, [CENTRES, BOXES, TILT])

    def cells(self, pictures: npt.NDArray[np.uint8], kind: Label) -> Cells:
        """What is in pictures, RGB uint8 (n, h, w, 3), whose sides are multiples of STEP."""
        centres, boxes, tilt = self._network.run(pictures)
        channel = _KINDS.index(kind)
        distances = np.moveaxis(boxes[:, 4 * channel : 4 * channel + 4], 1, 3) * BOX_UNIT
        rows, columns = (STRIDE * (np.arange(count) + 0.5) for count in centres.shape[2:])
        middles = np.stack(np.meshgrid(columns, rows), axis=2)
        corners = middles - distances[..., :2], middles + distances[..., 2:]
        return Cells(
            centres[:, channel],
            np.concatenate(corners, axis=3).astype(np.float32),
            np.arctan2(tilt[:, 0], tilt[:, 1]),
        )

    def objects(
        self, picture: npt.NDArray[np.uint8], kind: Label, min_log_odds: float
    ) -> Iterator[DrawnObject]:
        """Yields what is in a picture, RGB uint8 (h, w, 3), each object once, the best first.

        Its box is the mean of its cells' boxes, weighted by their probabilities.
        """
        cells = self.cells(picture[None], kind)
        kept = cells.log_odds[0] >= min_log_odds
        log_odds, angles = cells.log_odds[0][kept], cells.angles[0][kept]
        boxes = cells.boxes[0][kept].astype(np.float64)
        remaining = np.argsort(-log_odds, kind="stable")
        while len(remaining):
            best = remaining[0]
            same = ious(boxes[remaining], boxes[best]) > _MIN_IOU
            same[0] = True  # an empty box has an IoU of 0 with itself
            group, remaining = remaining[same], remaining[~same]
            box = np.average(boxes[group], axis=0, weights=sigmoid(log_odds[group]))
            yield DrawnObject(float(log_odds[best]), box, float(angles[best]))
