"""Boxes in pixel coordinates.

x grows right, y grows down. Pixel (x, y) covers the square [x, x+1) x [y, y+1). A `Box` is
half-open: right and bottom are exclusive.
"""

from __future__ import annotations

import math
from typing import NamedTuple


class Box(NamedTuple):
    """A half-open integer rectangle: x0 <= x < x1, y0 <= y < y1. JSON: a list of four numbers."""

    x0: int
    y0: int
    x1: int
    y1: int

    @property
    def width(self) -> int:
        """Width in pixels; may be negative if the box is empty."""
        return self.x1 - self.x0

    @property
    def height(self) -> int:
        """Height in pixels; may be negative if the box is empty."""
        return self.y1 - self.y0

    @property
    def area(self) -> int:
        """Area in pixels; 0 if the box is empty."""
        return max(self.width, 0) * max(self.height, 0)

    @property
    def slices(self) -> tuple[slice, slice]:
        """Index of the box in an (h, w, ...) array that contains it."""
        return slice(self.y0, self.y1), slice(self.x0, self.x1)

    def within(self, window: Box) -> tuple[slice, slice]:
        """Index of the box in an (h, w, ...) array of the window's pixels, which contains it."""
        return self.shifted(-window.x0, -window.y0).slices

    def widened(self, dx: float, dy: float) -> Box:
        """Returns the box grown by `dx` pixels left and right and `dy` up and down.

        Coordinates are rounded outwards.
        """
        return Box(
            math.floor(self.x0 - dx),
            math.floor(self.y0 - dy),
            math.ceil(self.x1 + dx),
            math.ceil(self.y1 + dy),
        )

    def intersection(self, other: Box) -> Box:
        """Returns the intersection; it is empty (area 0) if the boxes do not overlap."""
        return Box(
            max(self.x0, other.x0),
            max(self.y0, other.y0),
            min(self.x1, other.x1),
            min(self.y1, other.y1),
        )

    def shifted(self, dx: int, dy: int) -> Box:
        """Returns the box moved by (dx, dy) pixels."""
        return Box(self.x0 + dx, self.y0 + dy, self.x1 + dx, self.y1 + dy)

    def scaled(self, across: float, down: float) -> Box:
        """Returns the box in an image scaled by `across` in x and `down` in y.

        It has at least one pixel in each direction.
        """
        x0, y0 = int(self.x0 * across), int(self.y0 * down)
        right, bottom = round(self.x1 * across), round(self.y1 * down)
        return Box(x0, y0, max(right, x0 + 1), max(bottom, y0 + 1))

    def holds(self, x: float, y: float) -> bool:
        """Whether the point (x, y) lies in the box."""
        return self.x0 <= x < self.x1 and self.y0 <= y < self.y1

    def iou(self, other: Box) -> float:
        """Returns the intersection over union, 0..1; 0.0 for boxes that do not overlap."""
        shared_area = self.intersection(other).area
        union = self.area + other.area - shared_area
        return shared_area / union if union else 0.0
