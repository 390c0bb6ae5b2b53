"""Masks: scores, cleans and chooses a segmenter's candidates; resolves overlaps; merges masks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import cv2
import numpy as np
import numpy.typing as npt

from shared.imaging.geometry import (
    BoolMask,
    disjoint,
    fill_holes,
    mask_iou,
    polygon_mask,
    polygon_of,
)
from shared.imaging.sparse_image import SparseImage, Tile
from shared.schemas.box import Box
from shared.schemas.prompt import Prompt

_SPECK = 0.05
"""Connected components smaller than this share of the largest are removed. Chosen by hand: a larger
share removes parts that were prompted, a smaller one keeps noise."""

_WEIGHTS = {"polygon": 0.4, "positive": 0.25, "negative": 0.15, "predicted_iou": 0.2}
"""Weights of the terms in `agreement`. They decide which candidate becomes each mask.

All four are chosen by hand. They come from no paper and no measurement. `polygon` favours a mask of
the detected outline's size and shape, even where the true border differs from it. `positive` and
`negative` favour a mask that follows the points, even if it is much smaller or larger than the
outline. `predicted_iou` favours the segmenter's own ranking, even against the prompt. The
thresholds on `quality` in `review` depend on these values."""


@dataclass(frozen=True, eq=False)
class Mask:
    """The pixels of one instance: bool (window.height, window.width).

    Pixels outside the window are background. Do not modify the pixels: `bounds` is cached.
    """

    window: Box
    pixels: BoolMask

    @property
    def area(self) -> int:
        """Number of pixels set."""
        return int(np.count_nonzero(self.pixels))

    @cached_property
    def bounds(self) -> Box | None:
        """The bounding box of the set pixels, in image coordinates; None if the mask is empty."""
        x, y, width, height = cv2.boundingRect(self.pixels.view(np.uint8))
        if not width:
            return None
        return Box(x, y, x + width, y + height).shifted(self.window.x0, self.window.y0)


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """One mask of a segmenter for a prompt: bool (crop.height, crop.width) pixels.

    `predicted_iou` is the segmenter's own estimate, 0..1, or None if it has none.
    """

    pixels: BoolMask
    predicted_iou: float | None = None


def outline_mask(prompt: Prompt) -> BoolMask:
    """Returns the prompt's polygon as a mask of its crop, bool (crop.height, crop.width)."""
    return polygon_mask(polygon_of(prompt.polygon), prompt.crop)


def agreement(candidate: Candidate, prompt: Prompt) -> float:
    """Returns how well a candidate fits its prompt, 0..1.

    It is the weighted mean of up to four terms: IoU with the polygon, share of positive points
    inside, share of negative points outside, and the predicted IoU if the segmenter has one.
    """
    terms = {
        "polygon": mask_iou(candidate.pixels, outline_mask(prompt)),
        "positive": _hit_rate(candidate.pixels, prompt.positive, prompt.crop, default=1.0),
        "negative": 1 - _hit_rate(candidate.pixels, prompt.negative, prompt.crop, default=0.0),
    }
    if candidate.predicted_iou is not None:
        terms["predicted_iou"] = float(np.clip(candidate.predicted_iou, 0, 1))
    total = sum(_WEIGHTS[name] for name in terms)
    return sum(_WEIGHTS[name] * value for name, value in terms.items()) / total


def choose(candidates: Iterable[Candidate], prompt: Prompt) -> tuple[Mask, float]:
    """Returns the candidate with the highest agreement, cleaned, and its agreement (0..1).

    At most two candidates are in memory: the best so far and the current one.

    Raises:
        ValueError: `candidates` is empty.
    """
    best: BoolMask | None = None
    quality = -1.0
    for candidate in candidates:
        cleaned = Candidate(clean(candidate.pixels, prompt), candidate.predicted_iou)
        agrees = agreement(cleaned, prompt)
        if agrees > quality:
            best, quality = cleaned.pixels, agrees
    if best is None:
        raise ValueError("no candidate to choose from")
    return Mask(prompt.crop, best), quality


def clean(pixels: BoolMask, prompt: Prompt) -> BoolMask:
    """Removes holes and small components from a mask, bool (crop.height, crop.width).

    Keeps the largest connected component, and components with a positive point that are not specks.
    """
    count, labels, stats, _ = cv2.connectedComponentsWithStats(pixels.view(np.uint8))
    if count == 1:
        return pixels
    areas = stats[:, cv2.CC_STAT_AREA]
    largest = int(areas[1:].argmax()) + 1
    xs, ys = _to_window(prompt.positive, prompt.crop)
    clicked = {int(label) for label in labels[ys, xs] if label}
    kept = np.zeros(count, bool)
    kept[[label for label in clicked if areas[label] >= _SPECK * areas[largest]]] = True
    kept[largest] = True
    return fill_holes(kept[labels])


def resolve_overlaps(masks: Sequence[Mask], prompts: Sequence[Prompt]) -> list[Mask]:
    """Returns the masks without overlaps. `masks` and `prompts` are in the same order.

    A pixel in two masks goes to the mask whose nearest positive point is closer.
    """
    separate = list(masks)
    for i, j in combinations(range(len(masks)), 2):
        shared = separate[i].window.intersection(separate[j].window)
        if not shared.area:
            continue
        first, second = _part(separate[i], shared), _part(separate[j], shared)
        both = first & second
        if both.any():
            nearer = _distance(prompts[i], shared) <= _distance(prompts[j], shared)
            separate[i] = _without(separate[i], shared, both & ~nearer)
            separate[j] = _without(separate[j], shared, both & nearer)
    return separate


def picture(pixels: BoolMask) -> npt.NDArray[np.uint8]:
    """Returns the mask as a grey image, uint8 (h, w): 0 or 255."""
    return np.where(pixels, np.uint8(255), np.uint8(0))


def bounds(masks: Sequence[Mask]) -> list[Box]:
    """Returns the bounds of each mask that is not empty."""
    return [found for mask in masks if (found := mask.bounds)]


def covered(masks: Sequence[Mask], window: Box) -> BoolMask:
    """Returns the union of the masks in the window, bool (window.height, window.width)."""
    pixels = np.zeros((window.height, window.width), bool)
    for mask in masks:
        part = mask.window.intersection(window)
        if part.area:
            pixels[part.within(window)] |= _part(mask, part)
    return pixels


def union(masks: Sequence[Mask], image: Box) -> SparseImage:
    """Returns the union of the masks as a grey image of the size of `image`: 0 or 255."""
    regions = disjoint(bounds(masks))
    tiles = [Tile(region, picture(covered(masks, region))) for region in regions]
    return SparseImage(image, (), tiles)


def _part(mask: Mask, window: Box) -> BoolMask:
    return mask.pixels[window.within(mask.window)]


def _without(mask: Mask, window: Box, pixels: BoolMask) -> Mask:
    left = mask.pixels.copy()
    left[window.within(mask.window)] &= ~pixels
    return Mask(mask.window, left)


def _distance(prompt: Prompt, window: Box) -> npt.NDArray[np.float32]:
    """Returns the distances, in pixels, to the prompt's nearest positive point.

    float32 (window.height, window.width). Without positive points, the box's centre is used.
    """
    xs, ys = np.arange(window.x0, window.x1), np.arange(window.y0, window.y1)
    points = prompt.positive or [
        ((prompt.box.x0 + prompt.box.x1) // 2, (prompt.box.y0 + prompt.box.y1) // 2)
    ]
    squares = [(xs[None, :] - x) ** 2 + (ys[:, None] - y) ** 2 for x, y in points]
    return np.sqrt(np.minimum.reduce(squares)).astype(np.float32)


def _to_window(points: Sequence[tuple[int, int]], window: Box) -> tuple[list[int], list[int]]:
    """Returns the columns and rows, in the window's array, of the points inside the window."""
    inside = [(x - window.x0, y - window.y0) for x, y in points if window.holds(x, y)]
    return [x for x, _ in inside], [y for _, y in inside]


def _hit_rate(
    pixels: BoolMask, points: Sequence[tuple[int, int]], window: Box, *, default: float
) -> float:
    xs, ys = _to_window(points, window)
    return float(pixels[ys, xs].mean()) if xs else default
