"""The parts of a drawn face, and their outline, as the face-parsing network sees them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from shared.imaging.geometry import BoolMask, Floats, Polygon, mask_iou, polygon_mask
from shared.imaging.morphology import parts
from shared.imaging.pyramid import Pyramid
from shared.imaging.windows import Window, mirrored
from shared.networks.face_parsing import PARTS, SIDE, FaceParsingNetwork
from shared.schemas.box import Box
from shared.schemas.prompt import MOST_OUTLINE, FacePart

_CONTEXTS = (1.7, 2.3)
"""Sides of the views, as multiples of the face's: the root of the area of its oval's bounds."""

_HAIR_CONTEXTS = (*_CONTEXTS, 3.2)
"""With a view of long hair and beards. The face then has the least size that the network was
taught."""

_CELLS = 176
"""Cells per side of the smallest view, of the grid on which the views are averaged: two for each of
the network's, so that outlines become smooth."""

_SIMPLE = 0.6
"""How far the outline may be from the border of a mask, in cells: less than a pixel of the
network's mask."""

_MARGIN = 1.5
"""Log-odds by which the thresholds of the stability score differ from 0."""

_MIN_IOU = 0.4
"""Least IoU of the skin with the face's oval. Below it the network has outlined something else, or
a part of a face that it does not know, as of a photograph. Chosen by hand: lower values accept
parts, higher ones ovals although hair or a hat hides much of the face."""

_SKIN: FacePart = "skin"


@dataclass(frozen=True, slots=True, eq=False)
class FaceParts:
    """The masks of a face's parts, bool (n, n) on a grid over `window`.

    `skin` is one connected part; `log_odds`, float32 (parts, n, n), are those of PARTS.
    """

    window: Window
    skin: BoolMask
    log_odds: Floats

    @property
    def stability(self) -> float:
        """The IoU of the skin's masks with a stricter and a looser threshold, 0..1.

        As SAM's stability score (Kirillov et al., "Segment Anything", 2023).
        """
        odds = self.log_odds[PARTS.index(_SKIN)]
        strict, loose = (_part_in(self.skin, odds > limit) for limit in (_MARGIN, -_MARGIN))
        return mask_iou(strict, loose)

    def outline(self, wanted: Iterable[FacePart]) -> Polygon:
        """The outline of the wanted parts, skin always among them, as far as they are connected.

        In image coordinates, float32 (n, 2).
        """
        others = [self.log_odds[PARTS.index(part)] for part in wanted if part != _SKIN]
        together = np.logical_or.reduce([self.skin, *(odds > 0 for odds in others)])
        connected = _part_in(self.skin, np.asarray(together))
        return self.window.to_image(_outline(connected) / len(self.skin))


def face_parts(
    pyramid: Pyramid,
    oval: Polygon,
    angle: float,
    network: FaceParsingNetwork,
    *,
    with_hair: bool = False,
) -> FaceParts | None:
    """The parts of the face in `oval`, which is in image coordinates.

    `angle` is the face's tilt in radians, clockwise. `with_hair` looks as far as hair and beards
    reach. None where the network sees no face of about the oval's place and size.
    """
    low, high = oval.min(axis=0), oval.max(axis=0)
    x, y = ((low + high) / 2).tolist()
    side = float(np.sqrt((high - low).prod()))
    contexts = _HAIR_CONTEXTS if with_hair else _CONTEXTS
    windows = [Window((x, y), side * context, angle) for context in contexts]
    log_odds = _log_odds(pyramid, windows, network)
    grid = Box(0, 0, *log_odds.shape[1:])
    expected = polygon_mask(windows[-1].from_image(oval) * grid.width, grid)
    skin = _part_in(expected, log_odds[PARTS.index(_SKIN)] > 0)
    if mask_iou(skin, expected) < _MIN_IOU:
        return None
    return FaceParts(windows[-1], skin, log_odds)


def _log_odds(pyramid: Pyramid, windows: Sequence[Window], network: FaceParsingNetwork) -> Floats:
    """The means over all views of a cell and their mirror images, on the last window's grid."""
    views = [pyramid.view(window, SIDE) for window in windows]
    both = network.parts(np.stack([*views, *map(mirrored, views)]))
    means = (both[: len(views)] + both[len(views) :, :, :, ::-1]) / 2
    largest = windows[-1].side
    cells = round(_CELLS * largest / windows[0].side)
    total = np.zeros((len(PARTS), cells, cells), np.float32)
    count = np.zeros((cells, cells), np.float32)
    for window, mean in zip(windows, means, strict=True):
        size = round(cells * window.side / largest)
        first = (cells - size) // 2
        place = slice(first, first + size)
        for on_grid, part in zip(total, mean, strict=True):
            on_grid[place, place] += cv2.resize(part, (size, size), interpolation=cv2.INTER_CUBIC)
        count[place, place] += 1
    return total / count


def _part_in(expected: BoolMask, mask: BoolMask) -> BoolMask:
    """The connected part of the mask that shares most with what is expected."""
    count, labels, _ = parts(mask)
    shared = np.bincount(labels[expected], minlength=count)
    shared[0] = 0
    return np.asarray((labels == shared.argmax()) & mask)


def _outline(mask: BoolMask) -> Polygon:
    """The outer border of a connected part, in cells."""
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    (border,) = contours
    distance = _SIMPLE
    # a ragged border, as of noise, could have more vertices than a prompt may have
    while len(simple := cv2.approxPolyDP(border, distance, closed=True)) > MOST_OUTLINE:
        distance *= 2
    return simple[:, 0].astype(np.float32) + 0.5
