"""A sprite at about the size it gets in a tile, with one region for each of its faces and hands."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from shared.imaging.boxes import FloatBox
from tools.training.sprite import FACE, HAND, Pixels, Sprite

Matrix = npt.NDArray[np.float64]
Points = npt.NDArray[np.float64]

RESERVE = 1.5
"""A figure has so many times the pixels that it gets in the tile: it can be turned without blur."""


@dataclass(frozen=True, slots=True, eq=False)
class Figure:
    """`image` is RGBA uint8 with straight alpha. `label` is a sprite's. `regions` uint8 holds the
    index of the face or hand at each pixel, from 1, as in `classes`; 0 is none of them.
    """

    image: Pixels
    label: Pixels
    regions: Pixels
    classes: tuple[int, ...]

    def hull(self, index: int) -> Points:
        """The convex hull of a region, float (n, 2), x and y of pixel centres; may be empty."""
        ys, xs = np.nonzero(self.regions == index)
        if not len(xs):
            return np.zeros((0, 2))
        points = np.stack([xs, ys], axis=1).astype(np.int32)
        return cv2.convexHull(points)[:, 0].astype(np.float64)

    def with_image(self, image: Pixels) -> Figure:
        return replace(self, image=image)


def figure_of(sprite: Sprite, scale: float) -> Figure:
    """The sprite for a tile in which it appears `scale` times as large as it is."""
    regions = _regions(sprite)
    image, label = sprite.image, sprite.label
    shrink = scale * RESERVE
    if shrink < 1:
        height, width = label.shape
        size = max(2, round(width * shrink)), max(2, round(height * shrink))
        image = unpremultiplied(_resized(premultiplied(image), size, cv2.INTER_AREA))
        label = _resized(label, size, cv2.INTER_NEAREST)
        regions = _resized(regions, size, cv2.INTER_NEAREST)
    classes = (FACE,) * len(sprite.faces) + (HAND,) * len(sprite.hands)
    return Figure(image, label, regions, classes)


def side_of(box: FloatBox) -> float:
    """The size of a face or hand: the root of its box's area."""
    return float(np.sqrt(max(box[2] - box[0], 0) * max(box[3] - box[1], 0)))


def premultiplied(image: Pixels) -> Pixels:
    """RGBA with colours times alpha. Resampling needs it: else transparent pixels bleed."""
    alpha = cv2.merge([image[..., 3]] * 3 + [_opaque(image)])
    return np.asarray(cv2.multiply(image, alpha, scale=1 / 255), np.uint8)


def unpremultiplied(image: Pixels) -> Pixels:
    alpha = cv2.merge([np.maximum(image[..., 3], 1)] * 3 + [_opaque(image)])
    return np.asarray(cv2.divide(image, alpha, scale=255), np.uint8)


def _resized(pixels: Pixels, size: tuple[int, int], interpolation: int) -> Pixels:
    return np.asarray(cv2.resize(pixels, size, interpolation=interpolation), np.uint8)


def _opaque(image: Pixels) -> Pixels:
    return np.full(image.shape[:2], 255, np.uint8)


def _regions(sprite: Sprite) -> Pixels:
    """A face without an exact mask gets the ellipse in its box."""
    regions = np.zeros_like(sprite.label)
    boxes = [(FACE, box) for box in sprite.faces] + [(HAND, box) for box in sprite.hands]
    for index, (value, box) in enumerate(boxes, start=1):
        x0, y0 = np.maximum(box[:2], 0).round().astype(int)
        x1, y1 = np.maximum(box[2:], 0).round().astype(int)
        window = regions[y0:y1, x0:x1]
        inside = sprite.label[y0:y1, x0:x1] == value
        if sprite.exact and inside.any():
            window[inside] = index
        else:
            window[_ellipse(*window.shape)] = index
    return regions


def _ellipse(height: int, width: int) -> npt.NDArray[np.bool_]:
    y = (np.arange(height) + 0.5) / max(height, 1) * 2 - 1
    x = (np.arange(width) + 0.5) / max(width, 1) * 2 - 1
    return np.asarray(y[:, None] ** 2 + x[None] ** 2 <= 1)
