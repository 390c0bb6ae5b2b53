"""A scaled-down part of an image around an outline, in which skin is searched."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shared.imaging.geometry import Image, Points, Polygon, bounding_box, image_box, shrunk
from shared.schemas.box import Box

_SIDE = 128
"""Longer side of the outline's bounds, in pixels, after scaling. A larger side costs time, a
smaller one merges skin across thin lines. Chosen by hand."""

_CONTEXT = 0.5
"""Margin around the outline's bounds, as a share of their longer side. More context costs time.
Chosen by hand."""


@dataclass(frozen=True, slots=True, eq=False)
class CloseUp:
    """`picture` is RGB uint8 (h, w, 3); the outline and its bounds, `target`, are in its pixels."""

    picture: Image
    outline: Polygon
    target: Box
    _corner: npt.NDArray[np.float64]
    _step: npt.NDArray[np.float64]

    @staticmethod
    def of(image: Image, outline: Polygon) -> CloseUp | None:
        """The part of an image around an outline. None if it is not in the image."""
        bounds = bounding_box(outline)
        margin = _CONTEXT * max(bounds.width, bounds.height)
        window = bounds.widened(margin, margin).intersection(image_box(image))
        if not window.area:
            return None
        scale = _SIDE / max(bounds.width, bounds.height)
        picture = shrunk(image[window.slices], max(window.width, window.height) * scale)
        extent = image_box(picture)
        step = np.array([window.width / extent.width, window.height / extent.height])
        corner = np.array([window.x0, window.y0], np.float64)
        local = ((outline - corner) / step).astype(np.float32)
        target = bounding_box(local).intersection(extent)
        if target.width < 2 or target.height < 2:
            return None
        return CloseUp(picture, local, target, corner, step)

    def from_image(self, points: Points) -> Points:
        """Converts points of the image, (n, 2), to pixels of the picture."""
        return np.asarray((points - self._corner) / self._step, np.float32)

    def to_image(self, points: npt.NDArray[np.float64]) -> Points:
        """Converts points in pixels of the picture, (n, 2), to image coordinates."""
        return np.asarray(points * self._step + self._corner, np.float32)
