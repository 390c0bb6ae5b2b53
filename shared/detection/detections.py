"""Results of the detectors."""

from dataclasses import dataclass

from shared.imaging.geometry import Points, Polygon
from shared.schemas.box import Box
from shared.schemas.prompt import FacePart, Label, Side


@dataclass(frozen=True, slots=True, eq=False)
class Detection:
    """A face or hand, in image coordinates (pixels).

    `score` is 0..1; `shared/detection/verification.py` says how it is computed. `polygon` is the
    outline, float32 (n, 2). `interior` are float32 (m, 2) points that lie on the target with
    greater certainty than the polygon's interior, the most certain first, or None where there are
    no such points. `parts` are the parts of a face that the polygon outlines; an oval has none.
    """

    label: Label
    score: float
    polygon: Polygon
    interior: Points | None = None
    side: Side | None = None
    parts: frozenset[FacePart] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """Detections, best first, and the boxes of candidates that score slightly too little.

    `candidates` are these near misses as detections, best first, if they were asked for.
    """

    detections: list[Detection]
    near_misses: list[Box]
    candidates: tuple[Detection, ...] = ()
