"""Mask selection: cleans the candidates of a segmenter and chooses the one that fits best."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from shared.imaging.geometry import BoolMask, fill_holes, mask_iou, polygon_mask, polygon_of
from shared.schemas.box import Box
from shared.schemas.prompt import Prompt
from shared.segmentation.mask_quality import Evidence
from shared.segmentation.masks import Mask

_SPECK = 0.05
"""Connected components smaller than this share of the largest are removed. Chosen by hand: a larger
share removes parts that were prompted, a smaller one keeps noise."""


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


def evidence_of(candidate: Candidate, prompt: Prompt, outline: BoolMask) -> Evidence:
    """Returns how a candidate fits its prompt. `outline` is the prompt's outline mask."""
    pixels, crop = candidate.pixels, prompt.crop
    return Evidence(
        outline=mask_iou(pixels, outline),
        positive=_hit_rate(pixels, prompt.positive, crop, default=1.0),
        negative=1 - _hit_rate(pixels, prompt.negative, crop, default=0.0),
        predicted_iou=candidate.predicted_iou,
    )


def choose(candidates: Iterable[Candidate], prompt: Prompt) -> tuple[Mask, float]:
    """Returns the candidate that is most probably meant, cleaned, and its quality.

    It is among those that agree with most clicks. At most two candidates are in memory: the best so
    far and the current one.

    Raises:
        ValueError: `candidates` is empty.
    """
    outline = outline_mask(prompt)
    best: BoolMask | None = None
    preference, quality = (-1, -np.inf), 0.0
    for candidate in candidates:
        cleaned = replace(candidate, pixels=clean(candidate.pixels, prompt))
        evidence = evidence_of(cleaned, prompt, outline)
        rank = _agreeing(cleaned.pixels, prompt), evidence.preference
        if rank > preference:
            best = cleaned.pixels
            preference, quality = rank, evidence.quality
    if best is None:
        raise ValueError("no candidate to choose from")
    return Mask(prompt.crop, best), quality


def _agreeing(pixels: BoolMask, prompt: Prompt) -> int:
    """The number of clicks on their side of the mask."""
    left, top = prompt.crop.x0, prompt.crop.y0
    return sum(
        bool(pixels[y - top, x - left]) == bool(label)
        for x, y, label in prompt.clicks
        if prompt.crop.holds(x, y)
    )


def clean(pixels: BoolMask, prompt: Prompt) -> BoolMask:
    """Removes holes and small components from a mask, bool (crop.height, crop.width).

    Keeps the largest connected component, and components with a positive point that are not specks.
    With negative clicks, holes stay: a click may have made them.
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
    is_cut = any(not label for *_, label in prompt.clicks)
    return kept[labels] if is_cut else fill_holes(kept[labels])


def _to_window(points: Sequence[tuple[int, int]], window: Box) -> tuple[list[int], list[int]]:
    """Returns the columns and rows, in the window's array, of the points inside the window."""
    inside = [(x - window.x0, y - window.y0) for x, y in points if window.holds(x, y)]
    return [x for x, _ in inside], [y for _, y in inside]


def _hit_rate(
    pixels: BoolMask, points: Sequence[tuple[int, int]], window: Box, *, default: float
) -> float:
    xs, ys = _to_window(points, window)
    return float(pixels[ys, xs].mean()) if xs else default
