"""Hats, helmets, hoods, headphones. All of them are ground."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from tools.training.procedural.chance import Rng, between, chance, pick, weighted
from tools.training.procedural.colors import Color, any_color, darker, mix
from tools.training.procedural.curves import (
    Points,
    arc,
    curve,
    ellipse,
    joined,
    moved,
    points,
    polygon,
    smooth,
)
from tools.training.procedural.head import Head
from tools.training.procedural.pen import Pen
from tools.training.procedural.svg import Line, Role

Headwear = Literal[
    "none", "cap", "brim", "beanie", "helmet", "hood", "crown", "cone", "band", "headphones",
    "turban",
]  # fmt: skip

_FOLDS = ((0, 0.4), (0.2, 0.7), (0, 0.6))
"""How far a turban's folds lie above its edge: at the left, in the middle, at the right."""


def random_headwear(rng: Rng) -> Headwear:
    kinds: dict[Headwear, float] = {
        "none": 0.62, "cap": 0.07, "brim": 0.07, "beanie": 0.04, "helmet": 0.06, "hood": 0.05,
        "crown": 0.02, "cone": 0.02, "band": 0.02, "headphones": 0.015, "turban": 0.015,
    }  # fmt: skip
    return weighted(rng, kinds)


def draw_headwear(pen: Pen, head: Head, kind: Headwear, eyes: float) -> None:
    """Draws it from the brows upwards, or further down: onto the eyes, whose height is given."""
    if kind == "none":
        return
    rng = pen.rng
    cloth = [(60, 60, 70), (110, 110, 120), (120, 80, 50), (180, 40, 40), (40, 60, 120)]
    color = any_color(rng) if chance(rng, 0.6) else pick(rng, cloth)
    above = between(rng, 0.15, 0.45) if chance(rng, 0.75) else between(rng, -0.02, 0.15)
    edge = np.sin(eyes) - above + np.sin(head.pitch) * 0.3
    dome = arc(195, 345, 1.1, between(rng, 1.1, 1.4))
    _DRAW[kind](_Hat(pen, head, color, float(np.sin(eyes)), float(edge), dome))


@dataclass(frozen=True, slots=True)
class _Hat:
    """Shapes are in the semi-axes of the head. `edge` is the height of the lower edge, `eyes` that
    of the eyes.
    """

    pen: Pen
    head: Head
    color: Color
    eyes: float
    edge: float
    dome: Points

    def paint(
        self,
        shape: Points,
        color: Color | None = None,
        path: Callable[[Points], str] = smooth,
    ) -> None:
        """Paints a part, in the hat's colour or another one."""
        self.pen.paint(path(self.head.around(shape)), color or self.color, Role.GROUND)

    def paint_dome(self, color: Color | None = None) -> None:
        edge = self.edge
        bow = points((0.5, edge - 0.1), (0, edge - 0.14), (-0.5, edge - 0.1))
        self.paint(joined(points((-1.08, edge)), self.dome, points((1.08, edge)), bow), color)


def _cap(hat: _Hat) -> None:
    hat.paint_dome()
    side = hat.head.side if abs(hat.head.yaw) > 0.2 else 0
    low, reach = hat.edge, between(hat.pen.rng, 0.1, 0.45)
    visor = points(
        (-0.95 + side * 0.5, low),
        (0.95 + side * 0.5, low),
        (0.9 + side * 0.75, low + reach),
        (side * 0.6, low + reach * 0.6),
        (-0.9 + side * 0.75, low + reach),
    )
    hat.paint(visor, darker(hat.color, 0.85))


def _beanie(hat: _Hat) -> None:
    rng, edge = hat.pen.rng, hat.edge
    hat.paint_dome()
    high, low = edge - 0.15, edge + 0.08
    seam = points((-1.12, high), (1.12, high), (1.12, low), (-1.12, low))
    hat.paint(seam, mix(hat.color, any_color(rng), 0.4))
    if chance(rng, 0.5):
        hat.paint(moved(ellipse(0.22, 0.22), 0, -1.3), any_color(rng))


def _turban(hat: _Hat) -> None:
    rng, edge, style = hat.pen.rng, hat.edge, hat.pen.style
    hat.paint_dome()
    for _ in range(3):
        left, middle, right = (edge - between(rng, low, high) for low, high in _FOLDS)
        fold = hat.head.around(points((-1.05, left), (0, middle), (1.05, right)))
        hat.pen.stroke(curve(fold), darker(hat.color, 0.6), style.detail * 0.8)


def _brim(hat: _Hat) -> None:
    rng, edge = hat.pen.rng, hat.edge
    high, wide = between(rng, 0.6, 1.5), between(rng, 1.3, 2.1)
    top = between(rng, 0.6, 1.05)
    middle = edge - high - between(rng, -0.2, 0.15)
    left, right = points((-0.95, edge - 0.05), (-top, edge - high)), points((top, edge - high))
    hat.paint(joined(left, points((0, middle)), right, points((0.95, edge - 0.05))))
    ribbon = points(
        (-0.98, edge - 0.25), (0.98, edge - 0.25), (0.98, edge - 0.02), (-0.98, edge - 0.02)
    )
    hat.paint(ribbon, any_color(rng), polygon)
    bend = between(rng, -0.25, 0.25)
    brim = points(
        (-wide, edge - bend),
        (-0.8, edge - 0.12),
        (0.8, edge - 0.12),
        (wide, edge - bend),
        (0.8, edge + 0.1),
        (0, edge + 0.15),
        (-0.8, edge + 0.1),
    )
    hat.paint(brim)


def _helmet(hat: _Hat) -> None:
    rng, edge = hat.pen.rng, hat.edge
    metal = pick(rng, [(150, 150, 160), (110, 110, 120), (180, 150, 70), hat.color])
    hat.paint_dome(metal)
    if chance(rng, 0.45):
        wide, low = between(rng, 0.06, 0.14), hat.eyes + between(rng, 0.2, 0.5)
        x = np.sin(hat.head.yaw)
        top, tip = (x - wide, edge - 0.2), (x + wide * 0.7, low)
        guard = points(top, (x + wide, edge - 0.2), tip, (x - wide * 0.7, low))
        hat.paint(guard, metal, polygon)
    if chance(rng, 0.5):
        for side in (-1, 1):
            cheek = points(
                (side * 1.12, edge - 0.1),
                (side * between(rng, 0.55, 0.8), edge),
                (side * between(rng, 0.5, 0.8), between(rng, 0.3, 0.9)),
                (side * 1.05, between(rng, 0.5, 1.0)),
            )
            hat.paint(cheek, metal)
    if chance(rng, 0.3):
        hat.paint(points((-0.1, -1.2), (0, -1.7), (0.1, -1.2)))


def _hood(hat: _Hat) -> None:
    rng, style = hat.pen.rng, hat.pen.style
    outer, inner = between(rng, 1.2, 1.5), between(rng, 0.78, 1.0)
    cloth = ellipse(outer, between(rng, 1.2, 1.6), 28)
    # against the direction of the cloth, so that the label has the opening too
    opening = ellipse(inner, between(rng, 0.85, 1.05), 28)[::-1]
    opening = moved(opening, np.sin(hat.head.yaw) * 0.15, 0.1)
    hat.pen.drawing.add(
        smooth(hat.head.around(cloth)) + smooth(hat.head.around(opening)),
        Role.GROUND,
        fill=style.tone(hat.color),
        line=Line(style.line_color(hat.color), style.line),
        attributes='fill-rule="evenodd"',
    )


def _crown(hat: _Hat) -> None:
    edge, high = hat.edge, between(hat.pen.rng, 0.4, 0.8)
    x = np.linspace(-0.95, 0.95, 7)
    teeth = np.stack([x, np.where(np.arange(7) % 2, edge - high * 0.5, edge - high)], axis=1)
    hat.paint(joined(points((-0.9, edge)), teeth, points((0.9, edge))), (250, 200, 50), polygon)


def _cone(hat: _Hat) -> None:
    rng, edge = hat.pen.rng, hat.edge
    tip = (between(rng, -0.3, 0.3), edge - between(rng, 1.2, 2.0))
    hat.paint(points((-0.85, edge), tip, (0.85, edge)), path=polygon)
    if chance(rng, 0.5):
        left, right = (-1.6, edge + 0.05), (1.6, edge + 0.05)
        hat.paint(points(left, (0, edge - 0.2), right, (0, edge + 0.15)))


def _band(hat: _Hat) -> None:
    edge = hat.edge
    upper = points((-1.06, edge - 0.25), (0, edge - 0.35), (1.06, edge - 0.25))
    hat.paint(joined(upper, points((1.06, edge), (0, edge - 0.1), (-1.06, edge))))


def _headphones(hat: _Hat) -> None:
    bow = curve(hat.head.around(arc(185, 355, 1.15, 1.2)))
    hat.pen.stroke(bow, hat.color, hat.pen.style.detail * 2.5, Role.GROUND)
    for side in (-1, 1):
        hat.paint(moved(ellipse(0.2, 0.35), side * 1.08, 0.05))


_DRAW: dict[Headwear, Callable[[_Hat], None]] = {
    "cap": _cap, "brim": _brim, "beanie": _beanie, "helmet": _helmet, "hood": _hood,
    "crown": _crown, "cone": _cone, "band": _band, "headphones": _headphones, "turban": _turban,
}  # fmt: skip
