"""Heads seen from the side: their shape."""

from __future__ import annotations

from dataclasses import dataclass

from tools.training.procedural.chance import Rng, between, chance, either_side, weighted
from tools.training.procedural.curves import Points, joined, moved, points, scaled


@dataclass(frozen=True, slots=True)
class Profile:
    """A head from the side.

    `x`, `y` is the centre, `across` and `down` are the semi-axes. Shapes are in these: x from -1,
    the back, to about 1, the brow; y from -1 to 1. `side` is where the head looks to, -1 or 1. The
    others say how far nose, chin, lips, forehead and a snout stand out.
    """

    x: float
    y: float
    across: float
    down: float
    side: int
    nose: float
    nose_height: float
    chin: float
    lips: float
    forehead: float
    snout: float

    def put(self, shape: Points) -> Points:
        """Canvas points."""
        return moved(scaled(shape, self.side * self.across, self.down), self.x, self.y)

    def outline(self) -> Points:
        """Canvas points, clockwise where the head looks to the right."""
        back = points(
            (0.0, 0.86), (-0.3, 0.6), (-0.7, 0.5), (-0.98, 0.05), (-0.95, -0.45), (-0.6, -0.92),
            (-0.1, -1.08),
        )  # fmt: skip
        return self.put(joined(self._front(), back))

    @property
    def eye(self) -> Points:
        """Canvas points where the eye is."""
        return self.put(points((0.58, -0.2), (0.58, -0.13), (0.58, -0.06)))

    def _front(self) -> Points:
        """The contour from the hairline down to the chin."""
        nose, height, lips, muzzle = self.nose, self.nose_height, self.lips, self.snout
        return points(
            (0.35, -1.0),
            (0.7 + self.forehead, -0.68),
            (0.83 + self.forehead, -0.32),
            (0.74, -0.12),
            (0.8 + nose * 0.55 + muzzle * 0.5, height - 0.12),
            (0.8 + nose + muzzle, height),
            (0.78 + nose * 0.3 + muzzle, height + 0.1),
            (0.8 + muzzle, 0.36),
            (0.82 + lips + muzzle, 0.43),
            (0.72 + muzzle, 0.5),
            (0.8 + lips + muzzle * 0.8, 0.58),
            (0.68 + muzzle * 0.6, 0.68),
            (0.72 + self.chin, 0.86),
            (0.45 + self.chin * 0.5, 1.02),
        )


def random_profile(rng: Rng, *, creature: bool) -> Profile:
    across = between(rng, 44, 66)
    kind = weighted(rng, {"small": 0.4, "large": 0.4, "huge": 0.2})
    nose = {
        "small": between(rng, 0.05, 0.2),
        "large": between(rng, 0.2, 0.5),
        "huge": between(rng, 0.5, 1.1),
    }[kind]
    return Profile(
        x=128 - between(rng, -6, 10),
        y=118 + between(rng, -6, 6),
        across=across,
        down=across * between(rng, 1.05, 1.5),
        side=either_side(rng),
        nose=nose,
        nose_height=between(rng, 0.05, 0.28),
        chin=between(rng, -0.25, 0.35),
        lips=between(rng, 0, 0.15),
        forehead=between(rng, -0.15, 0.15),
        snout=between(rng, 0.2, 0.6) if creature and chance(rng, 0.4) else 0,
    )
