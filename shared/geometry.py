"""Boxes and polygons in pixel coordinates.

x grows right, y grows down. Pixel (x, y) covers the square [x, x+1) x [y, y+1). A `Box` is
half-open: right and bottom are exclusive. A polygon is a float32 array of shape (n, 2), n >= 3,
whose last vertex joins the first.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

Polygon: TypeAlias = npt.NDArray[np.float32]
Points: TypeAlias = npt.NDArray[np.float32]
BoolMask: TypeAlias = npt.NDArray[np.bool_]
Image: TypeAlias = npt.NDArray[np.uint8]


class Box(NamedTuple):
    """A half-open rectangle of whole pixels: x0 <= x < x1, y0 <= y < y1. JSON: a list of four."""

    x0: int
    y0: int
    x1: int
    y1: int

    @classmethod
    def around(cls, points: Points) -> Box:
        """The smallest box that contains every point of the (n, 2) array `points`."""
        x0, y0 = np.floor(points.min(axis=0))
        x1, y1 = np.floor(points.max(axis=0)) + 1
        return cls(int(x0), int(y0), int(x1), int(y1))

    @classmethod
    def of_image(cls, image: npt.NDArray[np.generic]) -> Box:
        """The box of a whole (h, w, ...) array."""
        return cls(0, 0, image.shape[1], image.shape[0])

    @property
    def width(self) -> int:
        """Columns, in pixels; negative where the box is empty."""
        return self.x1 - self.x0

    @property
    def height(self) -> int:
        """Rows, in pixels; negative where the box is empty."""
        return self.y1 - self.y0

    @property
    def area(self) -> int:
        """Pixels inside; 0 where the box is empty."""
        return max(self.width, 0) * max(self.height, 0)

    @property
    def slices(self) -> tuple[slice, slice]:
        """Index of the box in an (h, w, ...) array that contains it."""
        return slice(self.y0, self.y1), slice(self.x0, self.x1)

    def within(self, window: Box) -> tuple[slice, slice]:
        """Index of the box in an (h, w, ...) array of the window's pixels, which contains it."""
        return self.shifted(-window.x0, -window.y0).slices

    def widened(self, dx: float, dy: float) -> Box:
        """Grown by `dx` pixels to the left and right and `dy` up and down, rounded outwards."""
        return Box(
            int(np.floor(self.x0 - dx)),
            int(np.floor(self.y0 - dy)),
            int(np.ceil(self.x1 + dx)),
            int(np.ceil(self.y1 + dy)),
        )

    def intersection(self, other: Box) -> Box:
        """What the two boxes share; empty (area 0) where they do not meet."""
        return Box(
            max(self.x0, other.x0),
            max(self.y0, other.y0),
            min(self.x1, other.x1),
            min(self.y1, other.y1),
        )

    def shifted(self, dx: int, dy: int) -> Box:
        """Moved by (dx, dy) pixels."""
        return Box(self.x0 + dx, self.y0 + dy, self.x1 + dx, self.y1 + dy)

    def scaled(self, across: float, down: float) -> Box:
        """In an image of so many times the width and height, at least one pixel each way."""
        x0, y0 = int(self.x0 * across), int(self.y0 * down)
        right, bottom = round(self.x1 * across), round(self.y1 * down)
        return Box(x0, y0, max(right, x0 + 1), max(bottom, y0 + 1))

    def holds(self, x: float, y: float) -> bool:
        """Whether the point lies in the box."""
        return self.x0 <= x < self.x1 and self.y0 <= y < self.y1

    def iou(self, other: Box) -> float:
        """Intersection over union; 0.0 for boxes that do not meet."""
        shared_area = self.intersection(other).area
        union = self.area + other.area - shared_area
        return shared_area / union if union else 0.0


def enclosing(boxes: Iterable[Box]) -> Box:
    """The smallest box that contains all of them; an empty one at the origin where there are none.

    None of them may be empty.
    """
    corners = list(zip(*boxes, strict=True))
    if not corners:
        return Box(0, 0, 0, 0)
    left, top, right, bottom = corners
    return Box(min(left), min(top), max(right), max(bottom))


def disjoint(boxes: Iterable[Box]) -> list[Box]:
    """Boxes that contain these and do not overlap: those that do are put together."""
    apart: list[Box] = []
    for box in boxes:
        whole = box
        while meeting := [other for other in apart if other.intersection(whole).area]:
            whole = enclosing([whole, *meeting])
            apart = [other for other in apart if other not in meeting]
        apart.append(whole)
    return apart


def polygon_mask(polygon: Polygon, window: Box) -> BoolMask:
    """Bool (window.height, window.width): the pixels whose centres lie inside `polygon`.

    Even-odd rule, scan line by scan line; unlike OpenCV's fillPoly it does not add the outline,
    which is half a pixel too much all around.
    """
    flips = np.zeros((window.height, window.width + 1), np.uint8)
    for (x0, y0), (x1, y1) in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        first, last = np.ceil(np.sort([y0, y1]) - 0.5).astype(int)
        rows = np.arange(max(first, window.y0), min(last, window.y1))
        if rows.size:
            crossings = x0 + (rows + 0.5 - y0) * ((x1 - x0) / (y1 - y0))
            columns = np.ceil(crossings - 0.5 - window.x0).clip(0, window.width).astype(int)
            flips[rows - window.y0, columns] ^= 1
    return np.bitwise_xor.accumulate(flips, axis=1)[:, :-1].astype(bool)


def mask_iou(one: BoolMask, other: BoolMask) -> float:
    """Intersection over union of two bool masks of one shape; two empty ones agree, 1.0."""
    union = np.count_nonzero(one | other)
    return np.count_nonzero(one & other) / union if union else 1.0


def depths(pixels: BoolMask) -> npt.NDArray[np.float32]:
    """How far each pixel is from the nearest one that is not set, 0 where it is not set itself.

    Euclidean, float32 (h, w), in pixels; beyond the array nothing is set. OpenCV's exact distances
    (4.11) differ in their last bits from call to call. Their squares are whole numbers: from these
    they are taken anew.
    """
    framed = np.pad(pixels.astype(np.uint8), 1)
    found = cv2.distanceTransform(framed, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1]
    return np.sqrt(np.rint(found**2)).astype(np.float32)


def fill_holes(pixels: BoolMask) -> BoolMask:
    """With every region that background surrounded by the mask cannot leave set as well."""
    contours, _ = cv2.findContours(
        pixels.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )
    filled = np.zeros(pixels.shape, np.uint8)
    cv2.drawContours(filled, contours, -1, (1,), thickness=cv2.FILLED)
    return filled.astype(bool)


def contains(polygon: Polygon, x: float, y: float) -> bool:
    """Whether the point lies inside the polygon or on its edge."""
    return cv2.pointPolygonTest(polygon, (float(x), float(y)), measureDist=False) >= 0


def scaled(polygon: Polygon, factor: float) -> Polygon:
    """The polygon scaled about the middle of its bounds."""
    centre = (polygon.min(axis=0) + polygon.max(axis=0)) / 2
    return (centre + (polygon - centre) * factor).astype(np.float32)


def shrunk(image: Image, longest: float) -> Image:
    """The (h, w, 3) image scaled down, by averaging, to at most `longest` pixels a side.

    Each side keeps at least one pixel, so a narrow image is scaled differently across and down.
    """
    height, width = image.shape[:2]
    scale = longest / max(height, width)
    if scale >= 1:
        return image
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
