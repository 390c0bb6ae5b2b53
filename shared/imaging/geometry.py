"""Polygons, masks and boxes in pixel coordinates.

A polygon is a float32 array of shape (n, 2), n >= 3, in the coordinates of `Box`; its last vertex
joins the first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from shared.schemas.box import Box

Polygon: TypeAlias = npt.NDArray[np.float32]
Points: TypeAlias = npt.NDArray[np.float32]
BoolMask: TypeAlias = npt.NDArray[np.bool_]
Image: TypeAlias = npt.NDArray[np.uint8]


def bounding_box(points: Points) -> Box:
    """The smallest box that contains every point of the (n, 2) array `points`."""
    x0, y0 = np.floor(points.min(axis=0))
    x1, y1 = np.floor(points.max(axis=0)) + 1
    return Box(int(x0), int(y0), int(x1), int(y1))


def image_box(image: npt.NDArray[np.generic]) -> Box:
    """The box of a whole (h, w, ...) array."""
    return Box(0, 0, image.shape[1], image.shape[0])


def polygon_of(vertices: Sequence[tuple[float, float]]) -> Polygon:
    """The (x, y) vertices as a polygon, float32 (n, 2)."""
    return np.array(vertices, np.float32)


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
