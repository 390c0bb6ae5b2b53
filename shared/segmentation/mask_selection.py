"""Mask selection: cleans the candidates of a segmenter and chooses the one that fits best."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from shared.imaging.geometry import BoolMask, fill_holes, mask_iou, polygon_mask, polygon_of
from shared.schemas.box import Box
from shared.schemas.prompt import Prompt
from shared.segmentation.masks import Mask

_SPECK = 0.05
"""Connected components smaller than this share of the largest are removed. Chosen by hand: a larger
share removes parts that were prompted, a smaller one keeps noise."""

_WEIGHTS = {"polygon": 0.4, "positive": 0.25, "negative": 0.15, "predicted_iou": 0.2}
"""Weights of the terms in `_agreement`. They decide which candidate becomes each mask.

All four are chosen by hand. They come from no paper and no measurement. `polygon` favours a mask of
the detected outline's size and shape, even where the true border differs from it. `positive` and
`negative` favour a mask that follows the points, even if it is much smaller or larger than the
outline. `predicted_iou` favours the segmenter's own ranking, even against the prompt. The
thresholds on `quality` in `review` depend on these values."""


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


def _agreement(candidate: Candidate, prompt: Prompt, outline: BoolMask) -> float:
    """Returns how well a candidate fits its prompt, 0..1. `outline` is the prompt's outline mask.

    It is the weighted mean of up to four terms: IoU with the polygon, share of positive points
    inside, share of negative points outside, and the predicted IoU if the segmenter has one.
    """
    terms = {
        "polygon": mask_iou(candidate.pixels, outline),
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
    outline = outline_mask(prompt)
    best: BoolMask | None = None
    quality = -1.0
    for candidate in candidates:
        cleaned = Candidate(clean(candidate.pixels, prompt), candidate.predicted_iou)
        agreement = _agreement(cleaned, prompt, outline)
        if agreement > quality:
            best, quality = cleaned.pixels, agreement
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


def _to_window(points: Sequence[tuple[int, int]], window: Box) -> tuple[list[int], list[int]]:
    """Returns the columns and rows, in the window's array, of the points inside the window."""
    inside = [(x - window.x0, y - window.y0) for x, y in points if window.holds(x, y)]
    return [x for x, _ in inside], [y for _, y in inside]


def _hit_rate(
    pixels: BoolMask, points: Sequence[tuple[int, int]], window: Box, *, default: float
) -> float:
    xs, ys = _to_window(points, window)
    return float(pixels[ys, xs].mean()) if xs else default
