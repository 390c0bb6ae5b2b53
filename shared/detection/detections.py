"""What the detectors return."""

from dataclasses import dataclass

from shared.imaging.geometry import Points, Polygon
from shared.schemas.prompt import Label, Side


@dataclass(frozen=True, slots=True, eq=False)
class Detection:
    """One face or hand as a detector reports it, in image coordinates (pixels).

    `polygon` is the outline, float32 (n, 2). `inner` are float32 (m, 2) points that lie on the
    target for sure, the surest first, or None where nothing surer is known than the polygon.
    """

    label: Label
    score: float
    polygon: Polygon
    inner: Points | None = None
    side: Side | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Detected:
    """Faces or hands, best first; `near_misses` is how many more places score nearly enough."""

    found: list[Detection]
    near_misses: int
