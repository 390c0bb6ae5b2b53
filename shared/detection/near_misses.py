"""Near misses: candidates that score too little to be detections, but enough to need a review."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

_NEAR_MISS_RATIO = 0.4
"""Lowest score of a near miss, as a share of the minimum score. A quarter of such candidates in
drawings by people are missed faces (docs/quality.md, calibration). A lower ratio flags more missed
faces and more correct results."""


class Scored(Protocol):
    """An object with a score of 0..1."""

    @property
    def score(self) -> float:
        """Score, 0..1."""
        ...


S = TypeVar("S", bound=Scored)


def split_by_score(candidates: Sequence[S], min_score: float) -> tuple[list[S], list[S]]:
    """Returns the candidates that score at least `min_score`, and the near misses, in order.

    A near miss scores less than `min_score`, but at least `_NEAR_MISS_RATIO` times that.
    """
    accepted = [candidate for candidate in candidates if candidate.score >= min_score]
    near_misses = [
        candidate
        for candidate in candidates
        if _NEAR_MISS_RATIO * min_score <= candidate.score < min_score
    ]
    return accepted, near_misses
