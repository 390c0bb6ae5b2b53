"""Outlines of the visible skin of drawn faces, from the mask of the drawn-face network."""

from dataclasses import dataclass

import cv2
import numpy as np

from shared.imaging.geometry import BoolMask, Floats, Polygon, mask_iou, polygon_mask
from shared.imaging.morphology import parts
from shared.imaging.pyramid import Pyramid
from shared.imaging.windows import Window, mirrored
from shared.networks.drawn_face import SIDE, DrawnFaceNetwork
from shared.schemas.box import Box
from shared.schemas.prompt import MOST_OUTLINE

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

_SIMPLE = 0.6
"""How far the outline may be from the border of the skin, in cells: less than a pixel of the
network's mask."""

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
    low, high = oval.min(axis=0), oval.max(axis=0)
    x, y = ((low + high) / 2).tolist()
    side = float(np.sqrt((high - low).prod()))
    windows = [Window((x, y), side * context, angle) for context in _CONTEXTS]
    largest = windows[-1]
    expected = polygon_mask(largest.from_image(oval) * _GRID.width, _GRID)
    log_odds = _log_odds(pyramid, windows, network)
    skin = _part_in(expected, log_odds > 0)
    if mask_iou(skin, expected) < _MIN_IOU:
        return None
    strict, loose = (_part_in(skin, log_odds > limit) for limit in (_MARGIN, -_MARGIN))
    polygon = largest.to_image(_outline(skin) / _GRID.width)
    return SkinOutline(polygon, mask_iou(strict, loose))


def _log_odds(pyramid: Pyramid, windows: list[Window], network: DrawnFaceNetwork) -> Floats:
    """The means over the windows' views and their mirror images, on the last window's grid."""
    views = [pyramid.view(window, SIDE) for window in windows]
    masks = network.skin(np.stack([*views, *map(mirrored, views)]))
    means = (masks[: len(views)] + masks[len(views) :, :, ::-1]) / 2
    total = np.zeros((_GRID.height, _GRID.width), np.float32)
    for window, mean in zip(windows, means, strict=True):
        size = round(_GRID.width * window.side / windows[-1].side)
        margin = (_GRID.width - size) // 2
        place = slice(margin, margin + size)
        on_grid = np.full_like(total, _OUTSIDE)
        on_grid[place, place] = cv2.resize(mean, (size, size), interpolation=cv2.INTER_CUBIC)
        total += on_grid
    return total / len(windows)


def _part_in(expected: BoolMask, skin: BoolMask) -> BoolMask:
    """The connected part of the skin that shares most with what is expected."""
    count, labels, _ = parts(skin)
    shared = np.bincount(labels[expected], minlength=count)
    shared[0] = 0
    return np.asarray((labels == shared.argmax()) & skin)


def _outline(skin: BoolMask) -> Polygon:
    """The outer border of a connected part, in cells."""
    contours, _ = cv2.findContours(skin.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    (border,) = contours
    distance = _SIMPLE
    # a ragged border, as of noise, could have more vertices than a prompt may have
    while len(simple := cv2.approxPolyDP(border, distance, closed=True)) > MOST_OUTLINE:
        distance *= 2
    return simple[:, 0].astype(np.float32) + 0.5
