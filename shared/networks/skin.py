"""Outlines of the visible skin of drawn faces, from the mask of the drawn-face network."""

from dataclasses import dataclass

import cv2
import numpy as np

from shared.imaging.geometry import Floats, Polygon, mask_iou, polygon_mask
from shared.imaging.pyramid import Pyramid
from shared.imaging.windows import Window
from shared.networks.drawn_face import SIDE, DrawnFaceNetwork
from shared.networks.outlines import outline_of, part_in
from shared.networks.views import mean_outputs, windows_around
from shared.schemas.box import Box

_CONTEXTS = (1.85, 2.3)
"""Sides of the views, as multiples of the face's: the root of the area of its oval's bounds. The
face then has about the middle of the sizes that the network was taught."""

_GRID = Box(0, 0, 192, 192)
"""The cells of the larger view on which the views are averaged: four times as many as the network's
mask has, so that the outline becomes smooth."""

_OUTSIDE = -6.0
"""Log-odds beyond the smaller view: no skin."""

_MARGIN = 1.0
"""Log-odds by which the thresholds of the stability score differ from 0, as in SAM."""

_MIN_IOU = 0.4
"""Least IoU with the face's oval. Below it the network has outlined something else, or a part of a
face that it does not know, as of a photograph. Chosen by hand: lower values accept parts, higher
ones ovals although hair or a hat hides much of the face."""


@dataclass(frozen=True, slots=True, eq=False)
class SkinOutline:
    """The visible skin of a face: its outline in image coordinates, float32 (n, 2).

    `stability`, 0..1, is the IoU of the masks with a stricter and a looser threshold, as SAM's
    stability score (Kirillov et al., "Segment Anything", 2023).
    """

    polygon: Polygon
    stability: float


def skin_outline(
    pyramid: Pyramid, oval: Polygon, angle: float, network: DrawnFaceNetwork
) -> SkinOutline | None:
    """The skin of the face in `oval`, which is in image coordinates.

    `angle` is the face's tilt in radians, clockwise. None where the network sees no face of about
    the oval's place and size.
    """
    windows = windows_around(oval, _CONTEXTS, angle)
    largest = windows[-1]
    expected = polygon_mask(largest.from_image(oval) * _GRID.width, _GRID)
    log_odds = _on_grid(windows, mean_outputs(pyramid, windows, SIDE, network.skin))
    skin = part_in(expected, log_odds > 0)
    if mask_iou(skin, expected) < _MIN_IOU:
        return None
    strict, loose = (part_in(skin, log_odds > limit) for limit in (_MARGIN, -_MARGIN))
    polygon = largest.to_image(outline_of(skin) / _GRID.width)
    return SkinOutline(polygon, mask_iou(strict, loose))


def _on_grid(windows: list[Window], outputs: Floats) -> Floats:
    """The mean of the outputs for the windows, (n, h, w), on the last window's grid."""
    total = np.zeros((_GRID.height, _GRID.width), np.float32)
    for window, output in zip(windows, outputs, strict=True):
        size = round(_GRID.width * window.side / windows[-1].side)
        margin = (_GRID.width - size) // 2
        place = slice(margin, margin + size)
        on_grid = np.full_like(total, _OUTSIDE)
        on_grid[place, place] = cv2.resize(output, (size, size), interpolation=cv2.INTER_CUBIC)
        total += on_grid
    return total / len(windows)
