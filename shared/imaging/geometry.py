"""Polygons, masks and boxes in pixel coordinates.

A polygon is a float32 array of shape (n, 2), n >= 3, in the coordinates of `Box`. An edge connects
its last vertex to its first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from shared.schemas.box import Box

Floats: TypeAlias = npt.NDArray[np.float32]
Polygon: TypeAlias = npt.NDArray[np.float32]
Points: TypeAlias = npt.NDArray[np.float32]
BoolMask: TypeAlias = npt.NDArray[np.bool_]
Image: TypeAlias = npt.NDArray[np.uint8]

_FAR = 2.0**17
"""Stands for a longer distance, in pixels: no side of an image has more than 100,000. OpenCV has
2**64 where there is no distance, and its square is no float32."""


def bounding_box(points: Points) -> Box:
    """The smallest box that contains every point of the (n, 2) array `points`."""
    x0, y0 = np.floor(points.min(axis=0))
    x1, y1 = np.floor(points.max(axis=0)) + 1
    return Box(int(x0), int(y0), int(x1), int(y1))


def image_box(image: npt.NDArray[np.generic]) -> Box:
    """The box of an (h, w, ...) array: its corner is the origin."""
    return Box(0, 0, image.shape[1], image.shape[0])


def polygon_of(vertices: Sequence[tuple[float, float]]) -> Polygon:
    """Converts (x, y) vertices to a polygon, float32 (n, 2)."""
    return np.array(vertices, np.float32)


def enclosing(boxes: Iterable[Box]) -> Box:
    """The smallest box that contains all boxes, or an empty box at the origin if there are none.

    No box may be empty.
    """
    corners = list(zip(*boxes, strict=True))
    if not corners:
        return Box(0, 0, 0, 0)
    left, top, right, bottom = corners
    return Box(min(left), min(top), max(right), max(bottom))


def disjoint(boxes: Iterable[Box]) -> list[Box]:
    """Boxes without overlaps that cover all of these: overlapping ones are joined."""
    result: list[Box] = []
    for box in boxes:
        union = box
        while overlapping := [other for other in result if other.intersection(union).area]:
            union = enclosing([union, *overlapping])
            result = [other for other in result if other not in overlapping]
        result.append(union)
    return result


def polygon_mask(polygon: Polygon, window: Box) -> BoolMask:
    """Bool (window.height, window.width): the pixels whose centres lie inside `polygon`.

    Even-odd rule, scan line by scan line. OpenCV's fillPoly also sets the pixels of the outline,
    which makes a mask half a pixel too large on all sides.
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


def mask_iou(first: BoolMask, second: BoolMask) -> float:
    """Intersection over union of two bool masks of equal shape; 1.0 if both are empty."""
    union = np.count_nonzero(first | second)
    return np.count_nonzero(first & second) / union if union else 1.0


def depths(pixels: BoolMask) -> npt.NDArray[np.float32]:
    """Distance transform: each pixel's distance to the nearest pixel that is not set.

    Euclidean, float32 (h, w), in pixels; 0 for pixels that are not set, as are all outside the
    array.
    """
    return np.sqrt(squared_distances(np.pad(pixels, 1))[1:-1, 1:-1])


def squared_distances(pixels: BoolMask) -> Floats:
    """Squared Euclidean distance of each pixel to the nearest pixel that is not set.

    float32 (h, w), in pixels; 0 for pixels that are not set. Pixels outside the array count as set.
    Where no pixel is left that is not set, the value is `_FAR` squared. OpenCV's exact distances
    (4.11) differ in their last bits from call to call. Squared distances are integers, so rounding
    the squares makes the result deterministic.
    """
    distances = cv2.distanceTransform(pixels.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.rint(np.minimum(distances, _FAR) ** 2).astype(np.float32)


def fill_holes(pixels: BoolMask) -> BoolMask:
    """The mask with all holes filled: background regions that the mask surrounds."""
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
    """The polygon scaled about the centre of its bounds."""
    centre = (polygon.min(axis=0) + polygon.max(axis=0)) / 2
    return (centre + (polygon - centre) * factor).astype(np.float32)


def shrunk(image: Image, longest: float) -> Image:
    """The uint8 (h, w, 3) image scaled down, by averaging, to at most `longest` pixels a side.

    A smaller image is returned unchanged. Each side keeps at least one pixel, so the horizontal and
    the vertical scale of a narrow image differ.
    """
    height, width = image.shape[:2]
    scale = longest / max(height, width)
    if scale >= 1:
        return image
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
