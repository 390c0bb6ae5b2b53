"""Non-maximum suppression: of overlapping candidates the one with the highest score stays.

Neubeck and Van Gool, "Efficient non-maximum suppression", 2006. The measure is not the IoU but the
covered share of the smaller box: a part of a face, found as a face of its own, has a low IoU.
"""

from collections.abc import Callable, Iterable
from typing import TypeVar

from shared.detection.near_misses import Scored
from shared.imaging.boxes import FloatBox, overlap

_MAX_OVERLAP = 0.5
"""Highest share of the smaller box that two kept candidates have in common. Higher keeps parts of a
face beside the face; lower drops one of two faces that touch. Chosen by hand."""

S = TypeVar("S", bound=Scored)


def suppress_overlaps(candidates: Iterable[S], box_of: Callable[[S], FloatBox]) -> list[S]:
    """Returns the candidates without those that overlap a better one, the highest score first."""
    kept: list[S] = []
    for candidate in sorted(candidates, key=lambda other: -other.score):
        box = box_of(candidate)
        if not any(overlap(box, box_of(better)) > _MAX_OVERLAP for better in kept):
            kept.append(candidate)
    return kept
