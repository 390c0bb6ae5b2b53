"""Beards and moustaches."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tools.training.procedural.chance import between, chance, count, weighted
from tools.training.procedural.colors import darker, mix
from tools.training.procedural.curves import Points, joined, moved, points, polyline, smooth
from tools.training.procedural.head import Head
from tools.training.procedural.looks import Looks
from tools.training.procedural.pen import Pen
from tools.training.procedural.svg import Role


def draw_beard(pen: Pen, head: Head, looks: Looks, mouth: float) -> None:
    """Draws a beard around the height of the mouth, which is drawn afterwards."""
    draw = weighted(pen.rng, {_full: 0.4, _long: 0.2, _goatee: 0.15, _stubble: 0.25})
    draw(_Chin(pen, head, looks, mouth, mouth - between(pen.rng, 0.05, 0.25)))


def draw_moustache(pen: Pen, head: Head, looks: Looks, mouth: float) -> None:
    wide, thick = between(pen.rng, 0.2, 0.7), between(pen.rng, 0.05, 0.18)
    tip = between(pen.rng, -0.25, 0.3)
    at = (head.yaw * 0.12, mouth - between(pen.rng, 0.08, 0.16))
    for side in (-1, 1):
        half = points(
            (0, -thick * 0.6),
            (side * wide * 0.5, -thick),
            (side * wide, tip),
            (side * wide * 0.5, thick),
            (0, thick * 0.7),
        )
        pen.paint(smooth(head.place(at, half)), looks.hair, Role.BEARD, line=0.7)


@dataclass(frozen=True, slots=True)
class _Chin:
    """`top` is the beard's upper edge below the nose, in radians, as is the mouth's height."""

    pen: Pen
    head: Head
    looks: Looks
    mouth: float
    top: float

    def hanging(self, shape: Points) -> Points:
        """Canvas points. What is below the chin hangs straight down."""
        placed = self.head.at(np.minimum(shape, [[9, 1.3]]))
        placed[:, 1] += np.maximum(shape[:, 1] - 1.3, 0) * self.head.down * 0.7
        return placed


def _full(chin: _Chin) -> None:
    _bushy(chin, between(chin.pen.rng, 1.15, 1.5), 1.35)


def _long(chin: _Chin) -> None:
    low = between(chin.pen.rng, 1.6, 2.6)
    _bushy(chin, low, between(chin.pen.rng, 1.0, 1.5))


def _bushy(chin: _Chin, low: float, edge: float) -> None:
    """A beard down to `low`; its sides reach as far as `edge`."""
    pen, hair, top = chin.pen, chin.looks.hair, chin.top
    rough = pen.rng.normal(0, 0.06, 5)
    middle = top + between(pen.rng, -0.06, 0.1)
    shape = joined(
        points((-1.4, -0.25), (-0.9, top + 0.05), (-0.4, top), (0, middle)),
        points((0.4, top), (0.9, top + 0.05), (1.4, -0.25)),
        points((edge, 0.6 + rough[0]), (0.8, low * 0.85 + rough[1]), (rough[2], low)),
        points((-0.8, low * 0.85 + rough[3]), (-edge, 0.6 + rough[4])),
    )
    pen.paint(smooth(chin.hanging(shape)), hair, Role.BEARD)
    high = chin.mouth + 0.2
    if chance(pen.rng, 0.5):
        for _ in range(count(pen.rng, 3, 9)):
            x = between(pen.rng, -0.8, 0.8)
            y = between(pen.rng, high, max(low * 0.8, high))
            lock = chin.hanging(points((x, y), (x * 0.95, y + 0.25)))
            pen.stroke(polyline(lock), darker(hair, 0.6), pen.style.detail * 0.6)


def _goatee(chin: _Chin) -> None:
    low, top = between(chin.pen.rng, 1.2, 2.0), chin.mouth + 0.12
    shape = points((-0.3, top), (0.3, top), (0.22, 1.1), (0, low), (-0.22, 1.1))
    placed = chin.hanging(moved(shape, chin.head.yaw * 0.1, 0))
    chin.pen.paint(smooth(placed), chin.looks.hair, Role.BEARD)


def _stubble(chin: _Chin) -> None:
    """A tone over the skin, which is still face."""
    pen, top = chin.pen, chin.top
    shape = points(
        (-1.25, -0.1), (-0.5, top), (0, top - 0.02), (0.5, top), (1.25, -0.1),
        (1.0, 0.9), (0, 1.4), (-1.0, 0.9),
    )  # fmt: skip
    tone = mix(pen.style.tone(chin.looks.skin), chin.looks.hair, between(pen.rng, 0.15, 0.4))
    pen.drawing.add(smooth(chin.head.at(shape)), Role.FACE, fill=tone)
