"""A head: its outline, and where a part of the face comes to lie when the head is turned."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tools.training.procedural.chance import (
    Rng,
    around_zero,
    between,
    chance,
    either_side,
    weighted,
)
from tools.training.procedural.curves import Point, Points, moved


@dataclass(frozen=True, slots=True)
class Head:
    """An ellipsoid with a warped outline.

    `x`, `y` is the centre, `across` and `down` are the semi-axes. `yaw` and `pitch` turn it, in
    radians: to the right and downwards. The outline is a superellipse (`exponent`), narrower
    towards the chin by `taper`, with cheeks or a jaw (`bulge` at the height `bulge_at`), and
    uneven by `waves`.
    """

    x: float
    y: float
    across: float
    down: float
    yaw: float = 0.0
    pitch: float = 0.0
    exponent: float = 2.0
    taper: float = 0.0
    bulge: float = 0.0
    bulge_at: float = 0.0
    waves: tuple[float, ...] = (0.0,)

    @property
    def side(self) -> int:
        """Where the face looks to: -1 left, 1 right."""
        return 1 if self.yaw >= 0 else -1

    def at(self, face: Points) -> Points:
        """Canvas points of face points: longitude and latitude in radians, 0 in the middle."""
        longitude, latitude = face[:, 0] + self.yaw, face[:, 1] + self.pitch
        x = np.sin(np.clip(longitude, -1.5, 1.5)) * np.cos(latitude * 0.8)
        y = np.sin(np.clip(latitude, -1.5, 1.5))
        return self.around(np.stack([x, y], axis=1))

    def place(self, at: Point, shape: Points, size: float = 1.0) -> Points:
        """Canvas points of a shape around a face point, foreshortened as the face is there."""
        return self.at(np.array(at) + shape * size)

    def around(self, shape: Points) -> Points:
        """Canvas points of a shape around the head, in its semi-axes."""
        x, y = shape[:, 0], shape[:, 1]
        cheeks = self.bulge * np.exp(-(((y - self.bulge_at) / 0.35) ** 2))
        wide = (1 - self.taper * y) * (1 + cheeks)
        return np.stack([self.x + self.across * x * wide, self.y + self.down * y], axis=1)

    def beside(self, shape: Points) -> Points:
        """As `around`, for hair and horns: the shape leans with the head's turn."""
        return self.around(moved(shape, np.sin(self.yaw) * -0.08, np.sin(self.pitch) * 0.25))

    def _turned(self, circle: Points) -> Points:
        """How the contour of the far side departs from an oval: in at the eye, out at the cheek."""
        if abs(self.yaw) < 0.25:
            return np.ones(len(circle))
        x, y = circle[:, 0] * self.side, circle[:, 1]
        eye, cheek = np.exp(-(((y + 0.12) / 0.2) ** 2)), np.exp(-(((y - 0.3) / 0.25) ** 2))
        return 1 + np.clip(x, 0, 1) * abs(self.yaw) * (0.12 * cheek - 0.16 * eye)

    def outline(self) -> Points:
        """Canvas points."""
        angle = np.linspace(0, 2 * np.pi, 28, endpoint=False)
        circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
        radius = (np.abs(circle) ** self.exponent).sum(axis=1) ** (-1 / self.exponent)
        radius = radius * self._turned(circle)
        uneven = 1 + np.interp(angle, np.linspace(0, 2 * np.pi, len(self.waves)), self.waves)
        return self.around(circle * (radius * uneven)[:, None])


def random_head(rng: Rng, view: str) -> Head:
    """A head in a view: frontal or three-quarter."""
    kind = weighted(
        rng, {"egg": 0.35, "round": 0.2, "box": 0.12, "long": 0.13, "jaw": 0.1, "wide": 0.1}
    )
    across = between(rng, 44, 72)
    ratio = {
        "egg": between(rng, 1.05, 1.4),
        "round": between(rng, 0.92, 1.1),
        "box": between(rng, 0.9, 1.4),
        "long": between(rng, 1.4, 1.9),
        "jaw": between(rng, 1.1, 1.5),
        "wide": between(rng, 0.65, 0.92),
    }[kind]
    yaw = around_zero(rng, 0.1) if view == "frontal" else between(rng, 0.3, 0.85) * either_side(rng)
    bulge, bulge_at = 0.0, 0.3
    if kind == "jaw" or chance(rng, 0.25):
        bulge, bulge_at = between(rng, 0.05, 0.35), between(rng, 0.2, 0.7)
    waves = rng.normal(0, 0.012 if chance(rng, 0.7) else 0.04, 9)
    waves[-1] = waves[0]
    return Head(
        x=128 + between(rng, -8, 8),
        y=118 + between(rng, -6, 6),
        across=across,
        down=min(across * ratio, 88),
        yaw=yaw,
        pitch=around_zero(rng, 0.1),
        exponent=between(rng, 3, 6) if kind == "box" else between(rng, 1.8, 2.6),
        taper=around_zero(rng, 0.05) if kind == "round" else between(rng, -0.1, 0.38),
        bulge=bulge,
        bulge_at=bulge_at,
        waves=tuple(waves),
    )
