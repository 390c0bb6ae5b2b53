"""What scores nearly enough: not found, but a reason to look at a result."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

from shared.detection.detections import Detected
from shared.schemas.documents import Missed

_NEAR = 0.4
"""Of the least score. More than half of such places in drawings by people are missed faces:
docs/quality.md, `python -m tools.evaluation.review`."""


class Scored(Protocol):
    """What has a score of 0..1."""

    @property
    def score(self) -> float:
        """How sure it is."""
        ...


S = TypeVar("S", bound=Scored)


def parted(scored: Sequence[S], min_score: float) -> tuple[list[S], int]:
    """What scores at least `min_score`, in order, and how many others score nearly as much."""
    found = [one for one in scored if one.score >= min_score]
    near = sum(_NEAR * min_score <= one.score < min_score for one in scored)
    return found, near


def missed(detected: Detected, max_instances: int) -> Missed:
    """What was seen and does not become an instance."""
    omitted = max(0, len(detected.found) - max_instances)
    return Missed(near=detected.near_misses, omitted=omitted)
