"""From hands seen in many views to one detection each, scored by how well the views agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from shared.detection.windows import Window
from shared.imaging.geometry import Points, bounding_box
from shared.schemas.box import Box
from shared.schemas.prompt import Side

_SAME = 0.4
"""Findings whose boxes meet with this IoU are one target."""

_INSIDE = 0.5
"""Of two targets that share more than this part of the smaller, the better scored one stays."""

_UNSTEADY = 0.2
"""What is there stays put from view to view. A box whose edges vary by this share of its width, or
that was seen once only, scores 0."""

_SEEN_SHARES = (0.18, 0.9)
"""A model is expected to see what takes up between these shares of a window's side …"""

_SEEN_PART = 0.9
"""… and of which at least this part lies in the window."""


@dataclass(frozen=True, slots=True, eq=False)
class Finding:
    """What a model saw in one view: its landmarks, float32 (n, 2), in image coordinates."""

    landmarks: Points
    side: Side | None = None

    @property
    def box(self) -> Box:
        """The bounds of the landmarks."""
        return bounding_box(self.landmarks)


@dataclass(frozen=True, slots=True, eq=False)
class Agreement:
    """One target: the median of all findings of it, and a score of 0..1.

    The score is the share of the views that should have shown the target and did, times how
    steady its box was from view to view.
    """

    landmarks: Points
    side: Side | None
    score: float

    @property
    def box(self) -> Box:
        """The bounds of the landmarks."""
        return bounding_box(self.landmarks)


def agreements(
    findings: Sequence[Finding], looked_at: Sequence[Window], blurs: int
) -> list[Agreement]:
    """The targets that the findings show, best first.

    `looked_at` are all windows that were shown, each in `blurs` views.
    """
    groups: list[list[Finding]] = []
    for finding in findings:
        overlaps = [_typical_box(group).iou(finding.box) for group in groups]
        if overlaps and max(overlaps) >= _SAME:
            groups[int(np.argmax(overlaps))].append(finding)
        else:
            groups.append([finding])
    scored = [_agreement(group, looked_at, blurs) for group in groups]
    kept: list[Agreement] = []
    for candidate in sorted(scored, key=lambda one: -one.score):
        if not any(_is_inside(candidate.box, better.box) for better in kept):
            kept.append(candidate)
    return kept


def _agreement(group: Sequence[Finding], looked_at: Sequence[Window], blurs: int) -> Agreement:
    box = _typical_box(group)
    expected = blurs * max(1, sum(_should_show(window, box) for window in looked_at))
    boxes = np.array([finding.box for finding in group], np.float64)
    spread = boxes.std(axis=0).mean() / max(box.width, 1) if len(group) > 1 else _UNSTEADY
    sides = [finding.side for finding in group]
    return Agreement(
        landmarks=np.median([one.landmarks for one in group], axis=0).astype(np.float32),
        side=max(set(sides), key=lambda side: (sides.count(side), str(side))),
        score=min(1.0, len(group) / expected) * max(0.0, 1 - spread / _UNSTEADY),
    )


def _typical_box(group: Sequence[Finding]) -> Box:
    return Box(*np.median([finding.box for finding in group], axis=0).round().astype(int).tolist())


def _is_inside(one: Box, other: Box) -> bool:
    return one.intersection(other).area > _INSIDE * min(one.area, other.area)


def _should_show(window: Window, box: Box) -> bool:
    """Whether a model that looks at the window is expected to see what the box bounds."""
    low, high = (window.to_image(np.array([[0, 0], [1, 1]], np.float32))).round().astype(int)
    inside = box.intersection(Box(*low.tolist(), *high.tolist()))
    least, most = _SEEN_SHARES
    share = max(box.width, box.height) / window.side
    return least < share < most and inside.area > _SEEN_PART * box.area
