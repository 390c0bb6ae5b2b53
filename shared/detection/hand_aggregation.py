"""Groups raw hands from many views into candidates, scored by how well the views agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from shared.detection.suppression import suppress_overlaps
from shared.detection.windows import Window
from shared.imaging.geometry import Points, bounding_box
from shared.schemas.box import Box
from shared.schemas.prompt import Side

_MIN_IOU = 0.4
"""Raw hands whose boxes have at least this IoU with a group's median box belong to that group.
Lower values join neighbouring hands, higher ones split one hand into several. Chosen by hand."""

_MAX_SPREAD = 0.2
"""Standard deviation of a box's edges over the views, as a share of its width, from which the score
is 0. A single raw hand counts as having this spread. Lower values lose hands, higher ones accept
chance patterns. Chosen by hand."""

_VISIBLE_SIZES = (0.18, 0.9)
"""Smallest and largest size of a hand, as shares of a window's side, at which the model is expected
to detect it. A wider range lowers scores of hands that some views are unsuited to. Chosen by
hand."""

_VISIBLE_PART = 0.9
"""Part of a hand's box that has to lie in a window for the model to be expected to detect it. Lower
values lower the scores of hands at the edges of windows. Chosen by hand."""


@dataclass(frozen=True, slots=True, eq=False)
class RawHand:
    """A hand in one view: its landmarks, float32 (n, 2), in image coordinates, and its side."""

    landmarks: Points
    side: Side | None = None

    @property
    def box(self) -> Box:
        """The bounds of the landmarks."""
        return bounding_box(self.landmarks)


@dataclass(frozen=True, slots=True, eq=False)
class HandCandidate:
    """One hand: the median landmarks of a group of raw hands, float32 (n, 2), and a score, 0..1.

    The score is the share of the suitable views that agree on the hand, times the steadiness of its
    box over these views, 0..1. It is compared to `MIN_SCORE`, and not comparable to the score of a
    face: see `VerifiedFace` in `verification.py`.
    """

    landmarks: Points
    side: Side | None
    score: float

    @property
    def box(self) -> Box:
        """The bounds of the landmarks."""
        return bounding_box(self.landmarks)


def aggregate_hands(
    raw_hands: Sequence[RawHand], windows: Sequence[Window], blurs: int
) -> list[HandCandidate]:
    """Candidates after non-maximum suppression, best first.

    `windows` are all windows that the model ran on, each in `blurs` views.
    """
    groups: list[list[RawHand]] = []
    for raw_hand in raw_hands:
        overlaps = [_median_box(group).iou(raw_hand.box) for group in groups]
        if overlaps and max(overlaps) >= _MIN_IOU:
            groups[int(np.argmax(overlaps))].append(raw_hand)
        else:
            groups.append([raw_hand])
    candidates = [_candidate(group, windows, blurs) for group in groups]
    return suppress_overlaps(candidates, lambda hand: np.array(hand.box, np.float64))


def _candidate(group: Sequence[RawHand], windows: Sequence[Window], blurs: int) -> HandCandidate:
    box = _median_box(group)
    expected = blurs * max(1, sum(_is_visible(box, window) for window in windows))
    boxes = np.array([raw_hand.box for raw_hand in group], np.float64)
    spread = boxes.std(axis=0).mean() / max(box.width, 1) if len(group) > 1 else _MAX_SPREAD
    sides = [raw_hand.side for raw_hand in group]
    return HandCandidate(
        landmarks=np.median([raw_hand.landmarks for raw_hand in group], axis=0).astype(np.float32),
        side=max(set(sides), key=lambda side: (sides.count(side), str(side))),
        score=min(1.0, len(group) / expected) * max(0.0, 1 - spread / _MAX_SPREAD),
    )


def _median_box(group: Sequence[RawHand]) -> Box:
    return Box(*np.median([hand.box for hand in group], axis=0).round().astype(int).tolist())


def _is_visible(box: Box, window: Window) -> bool:
    """Whether the model is expected to detect a hand with this box in the window's view."""
    low, high = (window.to_image(np.array([[0, 0], [1, 1]], np.float32))).round().astype(int)
    inside = box.intersection(Box(*low.tolist(), *high.tolist()))
    smallest, largest = _VISIBLE_SIZES
    share = max(box.width, box.height) / window.side
    return smallest < share < largest and inside.area > _VISIBLE_PART * box.area
