"""The drawn-face network: our own, trained only on drawings.

tools/training trains it; models/drawn-face.md beside the model says on what, and what it cannot do.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from shared.imaging.geometry import Floats
from shared.networks.opencv_network import OpenCvNetwork

FILE = Path(__file__).parent / "models/drawn-face.onnx.base64"
SIDE = 96
"""Side in pixels of the pictures that the network was trained on. It takes any multiple of 16."""
STRIDE = 8
"""A cell of its outputs stands for a square of so many pixels."""
BOX_UNIT = 48.0
"""Distances to the edges of a box are in so many pixels: most are near 0.5, where softplus, which
makes them, has a steady slope."""
FACE_SIDES = 30, 66
"""Sides of the faces that the network was taught to find: roots of the areas of their boxes, in
pixels of the picture. A pyramid with a factor of two has each face once so."""

CENTRES, BOXES, TILT, MASK = "centres", "boxes", "tilt", "mask"
OUTPUTS = (CENTRES, BOXES, TILT, MASK)
"""Names of the outputs, in their order. For a picture (n, 3, h, w) of RGB, 0 to 255:
`centres` (n, 2, h/8, w/8), logits of a face and of a hand;
`boxes` (n, 8, h/8, w/8), for each of both the distances of the cell's centre from the left, upper,
right and lower edge, in BOX_UNIT;
`tilt` (n, 2, h/8, w/8), sine and cosine of the face's angle, clockwise, not normalised;
`mask` (n, 1, h/2, w/2), logits of a face's visible skin."""

_FACE = 0
"""The channel of faces; the other is that of hands."""


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """What the network says about the cells of pictures, float32.

    `log_odds` (n, h, w): that the cell is in the middle of a face. If so, `boxes` (n, h, w, 4) are
    the bounds of its visible skin, in pixels of the picture.
    """

    log_odds: Floats
    boxes: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Skin:
    """The visible skin of the faces in the middle of pictures, and their tilts.

    `log_odds` are float32 (n, h / 2, w / 2). `tilts`, float32 (n, 2), are sines and cosines of the
    angles, clockwise; the less sure the network is, the shorter these vectors are.
    """

    log_odds: Floats
    tilts: Floats


class DrawnFaceNetwork:
    """Not thread-safe."""

    def __init__(self, file: Path = FILE) -> None:
        self._file = file

    @cached_property
    def _cells(self) -> OpenCvNetwork:
        # apart from the mask: its layers would cost a seventh more
        return OpenCvNetwork(self._file, [CENTRES, BOXES])

    @cached_property
    def _skin(self) -> OpenCvNetwork:
        return OpenCvNetwork(self._file, [MASK, TILT])

    def skin(self, pictures: npt.NDArray[np.uint8]) -> Skin:
        """The skin and the tilt of faces. `pictures` are as those of `faces`."""
        masks, tilts = self._skin.run(pictures)
        rows, columns = (count // 2 for count in tilts.shape[2:])
        middle = tilts[:, :, rows - 1 : rows + 1, columns - 1 : columns + 1].mean(axis=(2, 3))
        return Skin(masks[:, 0], middle)

    def faces(self, pictures: npt.NDArray[np.uint8]) -> Cells:
        """The faces in pictures, RGB uint8 (n, h, w, 3), whose sides are multiples of 16."""
        centres, outputs = self._cells.run(pictures)
        distances = np.moveaxis(outputs[:, 4 * _FACE : 4 * _FACE + 4], 1, 3) * BOX_UNIT
        rows, columns = (STRIDE * (np.arange(count) + 0.5) for count in centres.shape[2:])
        middles = np.stack(np.meshgrid(columns, rows), axis=2)
        corners = middles - distances[..., :2], middles + distances[..., 2:]
        return Cells(centres[:, _FACE], np.concatenate(corners, axis=3).astype(np.float32))
