"""Boxes with fractional coordinates, in pixels: float (4,), x0, y0, x1, y1; lists are (n, 4)."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from shared.imaging.geometry import Points, Polygon, bounding_box
from shared.schemas.box import Box

FloatBox: TypeAlias = npt.NDArray[np.float64]
FloatBoxes: TypeAlias = npt.NDArray[np.float64]


def bounds_of(points: Points) -> FloatBox:
    """The smallest box that contains every point of an (n, 2) array."""
    return np.concatenate([points.min(axis=0), points.max(axis=0)]).astype(np.float64)


def whole_box(box: FloatBox) -> Box:
    """The smallest box of whole pixels that contains both corners."""
    return bounding_box(box.reshape(2, 2).astype(np.float32))


def mirrored_box(box: FloatBox, width: float) -> FloatBox:
    """The box in a horizontally mirrored picture, which is `width` pixels wide."""
    x0, y0, x1, y1 = box
    return np.array([width - x1, y0, width - x0, y1])


def centred(middle: npt.NDArray[np.float64], size: npt.NDArray[np.float64]) -> FloatBox:
    """The box of size (width, height) centred on a point (x, y)."""
    return np.concatenate([middle - size / 2, middle + size / 2])


def ellipse_in(box: FloatBox) -> Polygon:
    """The outline of the ellipse that touches all sides of the box, float32 (36, 2)."""
    angles = np.arange(36) * (np.pi / 18)
    rim = np.column_stack([np.cos(angles), np.sin(angles)])
    middle, half = (box[:2] + box[2:]) / 2, (box[2:] - box[:2]) / 2
    return np.asarray(middle + rim * half, np.float32)


def ious(boxes: FloatBoxes, box: FloatBox) -> npt.NDArray[np.float64]:
    """Intersection over union of each of the boxes, (n, 4), with one box; float64 (n,)."""
    shared = _shared_areas(boxes, box)
    return shared / np.maximum(_areas(boxes) + _areas(box) - shared, 1e-9)


def iou(first: FloatBox, second: FloatBox) -> float:
    """Intersection over union of two boxes."""
    return float(ious(first[None], second)[0])


def overlap(first: FloatBox, second: FloatBox) -> float:
    """The area of the intersection of two boxes, as a share of the smaller box's area."""
    smaller = min(_areas(first), _areas(second))
    return float(_shared_areas(first[None], second)[0] / max(smaller, 1e-9))


def _shared_areas(boxes: FloatBoxes, box: FloatBox) -> npt.NDArray[np.float64]:
    low, high = np.maximum(boxes[:, :2], box[:2]), np.minimum(boxes[:, 2:], box[2:])
    sizes = np.maximum(high - low, 0)
    return np.asarray(sizes[:, 0] * sizes[:, 1])


def _areas(boxes: FloatBoxes) -> npt.NDArray[np.float64]:
    sizes = boxes[..., 2:] - boxes[..., :2]
    return np.asarray(sizes[..., 0] * sizes[..., 1])
