"""A scaled-down image in which a target is segmented, and the way back to full size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from shared.flat_art.skin import LabelledPoint
from shared.imaging.geometry import BoolMask, Image, Polygon, image_box, polygon_mask, shrunk
from shared.imaging.matting import refine_mask
from shared.schemas.box import Box
from shared.segmentation.mask_selection import Candidate

_SIDE = 256
"""Limit for the target's longer side, in pixels, during segmentation. Chosen by hand: a larger size
keeps more detail, but takes longer."""


@dataclass(frozen=True, slots=True, eq=False)
class WorkingImage:
    """`pixels` are `original`, RGB uint8, scaled down; points and target are in its pixels."""

    original: Image
    pixels: Image
    points: Sequence[LabelledPoint]
    target: Box

    @classmethod
    def of(cls, image: Image, points: Sequence[LabelledPoint], target: Box) -> WorkingImage:
        """Scales an image down; points and target are in its pixels. The target is not empty."""
        bounds = image_box(image)
        scale = min(1.0, _SIDE / max(target.width, target.height))
        small = shrunk(image, max(bounds.width, bounds.height) * scale)
        x_scale, y_scale = small.shape[1] / bounds.width, small.shape[0] / bounds.height
        scaled_target = Box(
            int(target.x0 * x_scale),
            int(target.y0 * y_scale),
            min(small.shape[1], round(target.x1 * x_scale) + 1),
            min(small.shape[0], round(target.y1 * y_scale) + 1),
        )
        scaled_points = [(x * x_scale, y * y_scale, label) for x, y, label in points]
        return cls(image, small, scaled_points, scaled_target)

    def filled(self, outline: Polygon) -> BoolMask:
        """The inside of an outline in the original's pixels, as a mask of the working image."""
        scale = np.array(self.pixels.shape[1::-1]) / self.original.shape[1::-1]
        return polygon_mask((outline * scale).astype(np.float32), image_box(self.pixels))

    def finished(self, candidate: Candidate) -> Candidate:
        """The candidate at full size, with its border moved to the edges that the original has."""
        bounds = image_box(self.original)
        reach = max(2, round(bounds.width / self.pixels.shape[1]))
        mask = refine_mask(self.original, _enlarged(candidate.pixels, bounds), reach)
        return replace(candidate, pixels=mask)


def _enlarged(small: BoolMask, image: Box) -> BoolMask:
    """Scales the mask to the image's size with an interpolated edge."""
    if small.shape == (image.height, image.width):
        return small
    size = image.width, image.height
    smooth = cv2.resize(small.astype(np.float32), size, interpolation=cv2.INTER_LINEAR)
    return np.asarray(smooth > 0.5)
