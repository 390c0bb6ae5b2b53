"""Outlines of the visible skin of drawn faces, from the mask of the drawn-face network."""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from shared.imaging.geometry import Floats, Polygon, mask_iou, polygon_mask
from shared.imaging.pyramid import Pyramid
from shared.imaging.windows import Window
from shared.networks.drawn_face import SIDE, DrawnFaceNetwork
from shared.networks.outlines import outline_of, part_in
from shared.networks.views import mean_of_mirrors, windows_around, with_mirrors
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
    stability score (Kirillov et al., "Segment Anything", 2023). `tilt`, radians, clockwise, is the
    face's angle in the image, and `tilt_certainty`, 0..1, how sure the network is of it.
    `log_odds`, float32 (192, 192), are those of skin in the cells of `window`.
    """

    polygon: Polygon
    stability: float
    tilt: float
    tilt_certainty: float
    window: Window
    log_odds: Floats

    def log_odds_in(self, image: Box) -> Floats:
        """The log-odds of the image's pixels, float32 (h, w); `_OUTSIDE` beyond the window."""
        cells = np.array([[0, 0], [1, 0], [0, 1]], np.float32)
        pixels = self.window.to_image(cells) - 0.5
        matrix = cv2.getAffineTransform(cells * _GRID.width - 0.5, pixels)
        size = image.width, image.height
        return np.asarray(cv2.warpAffine(self.log_odds, matrix, size, borderValue=(_OUTSIDE,)))


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
    seen = network.skin(with_mirrors(pyramid, windows, SIDE))
    log_odds = _on_grid(windows, mean_of_mirrors(seen.log_odds))
    skin = part_in(expected, log_odds > 0)
    if mask_iou(skin, expected) < _MIN_IOU:
        return None
    strict, loose = (part_in(skin, log_odds > limit) for limit in (_MARGIN, -_MARGIN))
    polygon = largest.to_image(outline_of(skin) / _GRID.width)
    sine, cosine = _mean_tilt(seen.tilts)
    return SkinOutline(
        polygon=polygon,
        stability=mask_iou(strict, loose),
        tilt=angle + math.atan2(sine, cosine),
        tilt_certainty=min(1.0, math.hypot(sine, cosine)),
        window=largest,
        log_odds=log_odds,
    )


def _mean_tilt(tilts: Floats) -> tuple[float, float]:
    """The mean sine and cosine of n views and their mirror images, (2n, 2)."""
    views, mirrors = np.split(tilts, 2)
    return float(views[:, 0].mean() - mirrors[:, 0].mean()) / 2, float(tilts[:, 1].mean())


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
