"""What the network has to say about a tile: centres, boxes, tilts and the mask.

The grid has a cell for each 8 x 8 pixels of the tile; the mask has half its resolution.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from shared.imaging.boxes import FloatBox
from shared.networks.drawn_face import BOX_UNIT, FACE_SIDES, SIDE, STRIDE
from tools.training.figure import Matrix, Points, side_of
from tools.training.sprite import BEARD, EAR, FACE, HAND, UNKNOWN, Pixels

GRID = SIDE // STRIDE
MASK = SIDE // 2
CLASSES = (FACE, HAND)

NO, YES, IGNORED = 0, 1, 255
"""Values of a centre."""

IGNORED_SIDES = (21, 92)
"""Between these and FACE_SIDES, either answer is right. Beyond them, the answer is no: else an eye
of a large face would count as a face of this size."""

VISIBLE = 0.6
"""With less of it in sight, a face need not be found: half a face still has an eye and a mouth."""
HIDDEN = 0.25
"""With less of it in sight, it must not be found: on the sheets, this is a patch of skin."""

LEGIBLE = 7.0
"""Standard deviation of the grey levels in a face, 0 to 255, below which no features
show on the sheets."""

_NEITHER = BEARD, EAR, UNKNOWN
"""What is neither the face's mask nor outside it."""

MASK_FULL = 4
"""A pixel of the mask counts the four pixels of the tile under it that are face."""

TILE = np.dtype(
    [
        ("image", np.uint8, (SIDE, SIDE, 3)),
        ("mask", np.uint8, (MASK, MASK)),
        ("centres", np.uint8, (len(CLASSES), GRID, GRID)),
        ("boxes", np.float16, (len(CLASSES), 4, GRID, GRID)),
        ("tilt", np.float16, (2, GRID, GRID)),
    ]
)
"""A tile with its targets. `boxes` are the distances of a cell's centre from the left, upper, right
and lower edge; `tilt` is sine and cosine of the angle by which a face is turned clockwise. Both
count where a centre is YES, tilts only for faces."""

_SWAPPED = (2, 1, 0, 3)
"""The order of a box's distances in a mirror."""


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """A face or hand in a tile: hull of its region, area, and angle in radians, clockwise."""

    value: int
    hull: Points
    area: float
    angle: float

    @property
    def box(self) -> FloatBox:
        """It may extend beyond the tile."""
        # hulls go through the centres of pixels
        return np.concatenate([self.hull.min(axis=0), self.hull.max(axis=0) + 1])


def transformed(points: Points, matrix: Matrix) -> Points:
    return np.asarray(points @ matrix[:, :2].T + matrix[:, 2])


def write(
    tile: npt.NDArray[np.void],
    label: Pixels,
    owners: npt.NDArray[np.uint8],
    placed: Sequence[Placed],
) -> None:
    """Writes the targets into a record of TILE, which has its image already.

    `label` is (96, 96) as a sprite's; `owners` holds the index in `placed`, from 1, of what is in
    sight at each pixel.
    """
    label = label.copy()
    visible = np.bincount(owners.ravel(), minlength=len(placed) + 1)[1:]
    grey = tile["image"].mean(axis=2)
    for index, one in enumerate(placed, start=1):
        side, share = side_of(one.box), visible[index - 1] / max(one.area, 1)
        if not IGNORED_SIDES[0] < side < IGNORED_SIDES[1]:
            label[owners == index] = UNKNOWN
        elif share >= HIDDEN:
            learned = FACE_SIDES[0] <= side <= FACE_SIDES[1] and share >= VISIBLE
            legible = _contrast(grey, owners == index) >= LEGIBLE
            _write_cells(tile, one, learned=learned and legible)
    quarters = label.reshape(MASK, 2, MASK, 2)
    tile["mask"] = np.where(
        np.isin(quarters, _NEITHER).any(axis=(1, 3)), UNKNOWN, (quarters == FACE).sum(axis=(1, 3))
    )


def _contrast(grey: npt.NDArray[np.float64], region: npt.NDArray[np.bool_]) -> float:
    """Standard deviation inside a region, without its edge, which has the colours of both sides."""
    inside = cv2.erode(region.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    return float(grey[inside].std()) if inside.any() else 0.0


def _write_cells(tile: npt.NDArray[np.void], one: Placed, *, learned: bool) -> None:
    box, kind = one.box, CLASSES.index(one.value)
    middle, half = (box[:2] + box[2:]) / 2, (box[2:] - box[:2]) / 2
    cells = (np.arange(GRID) + 0.5) * STRIDE
    away = np.stack(np.meshgrid(cells - middle[0], cells - middle[1]))
    centres = tile["centres"][kind]
    inside = (np.abs(away) <= half[:, None, None]).all(axis=0)
    centres[inside & (centres != YES)] = IGNORED
    if not learned:
        return
    # a third of the box, but at least one cell wherever the face is: cells are 8 pixels apart
    reach = np.maximum(5, half / 3)
    core = (np.abs(away) <= reach[:, None, None]).all(axis=0)
    centres[core] = YES
    distances = np.concatenate([half[:, None, None] + away, half[:, None, None] - away])
    tile["boxes"][kind][:, core] = distances[:, core] / BOX_UNIT
    if one.value == FACE:
        tile["tilt"][:, core] = np.array([[np.sin(one.angle)], [np.cos(one.angle)]])


def mirrored(tiles: npt.NDArray[np.void]) -> npt.NDArray[np.void]:
    """The tiles as a mirror shows them, with their targets."""
    result = np.empty_like(tiles)
    result["image"] = tiles["image"][:, :, ::-1]
    result["mask"] = tiles["mask"][:, :, ::-1]
    result["centres"] = tiles["centres"][..., ::-1]
    result["boxes"] = tiles["boxes"][:, :, list(_SWAPPED), :, ::-1]
    result["tilt"] = tiles["tilt"][..., ::-1]
    result["tilt"][:, 0] *= -1
    return result
