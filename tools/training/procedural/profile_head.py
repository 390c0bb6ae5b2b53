"""Heads seen from the side: drawn from back to front, with ears, hair and hats."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tools.training.procedural.chance import between, chance, weighted
from tools.training.procedural.colors import Color, any_color, darker
from tools.training.procedural.curves import (
    Points,
    arc,
    curve,
    ellipse,
    joined,
    moved,
    points,
    smooth,
)
from tools.training.procedural.looks import Looks
from tools.training.procedural.pen import Pen
from tools.training.procedural.profile import Profile
from tools.training.procedural.profile_features import draw_profile_features
from tools.training.procedural.shading import shade_face
from tools.training.procedural.svg import Role

_METAL: Color = (140, 140, 150)


def draw_profile(pen: Pen, head: Profile, looks: Looks) -> None:
    """Draws the head with its features and, mostly, hair or a hat."""
    if chance(pen.rng, 0.3):
        _hair_behind(pen, head, looks.hair)
    outline = head.outline()
    pen.paint(smooth(outline), looks.skin, Role.FACE)
    shade_face(pen, outline, looks.skin)
    draw_profile_features(pen, head, looks)
    if chance(pen.rng, 0.75):
        _ear(pen, head, looks)
    _hair_or_hat(pen, head, looks.hair)


def _hair_behind(pen: Pen, head: Profile, color: Color) -> None:
    back, neck = between(pen.rng, 0.8, 2), between(pen.rng, 0.8, 1.8)
    shape = points((0.2, -1.1), (-0.9, -0.9), (-1.3, 0), (-1.2, back), (-0.2, neck), (0.1, 0))
    pen.paint(smooth(head.put(shape)), color, Role.HAIR)


def _ear(pen: Pen, head: Profile, looks: Looks) -> None:
    rng, style = pen.rng, pen.style
    size = between(rng, 0.12, 0.26)
    at = (between(rng, -0.28, -0.05), between(rng, -0.05, 0.12))
    shape = ellipse(0.75, 1.2)
    if looks.creature and chance(rng, 0.5):
        shape = points((0.3, 0.8), (0.3, -0.6), (-between(rng, 1.5, 3.5), -1.8), (-0.4, 0.8))
    pen.paint(smooth(head.put(moved(shape * size, *at))), looks.skin, Role.EAR)
    inner = curve(head.put(moved(arc(-120, 100, size * 0.4, size * 0.7), *at)))
    pen.stroke(inner, darker(style.line_color(looks.skin), 0.9), style.detail * 0.7)


@dataclass(frozen=True, slots=True)
class _Top:
    """`rise` is the height of hair and hats; `color` and `edge` are a hat's."""

    pen: Pen
    head: Profile
    hair: Color
    rise: float
    color: Color
    edge: float

    def paint(self, shape: Points, color: Color, role: Role = Role.GROUND) -> None:
        self.pen.paint(smooth(self.head.put(shape)), color, role)


def _hair_or_hat(pen: Pen, head: Profile, hair: Color) -> None:
    kinds: dict[Callable[[_Top], None] | None, float] = {
        None: 0.14,
        _short: 0.34,
        _long: 0.16,
        _cap: 0.14,
        _helmet: 0.1,
        _hood: 0.06,
        _wreath: 0.06,
    }
    draw = weighted(pen.rng, kinds)
    rise = between(pen.rng, 1.08, 1.3)
    if draw is None:
        return
    color = hair if draw in (_short, _long) else any_color(pen.rng)
    edge = between(pen.rng, -0.55, -0.25) if draw in (_cap, _helmet, _hood) else 0.0
    draw(_Top(pen, head, hair, rise, color, edge))


def _short(top: _Top) -> None:
    _hair(top, between(top.pen.rng, 0.3, 0.7))


def _long(top: _Top) -> None:
    _hair(top, between(top.pen.rng, 0.9, 1.6))


def _hair(top: _Top, low: float) -> None:
    """Hair down to `low`, with a hairline before the ear."""
    rng, rise = top.pen.rng, top.rise
    line = between(rng, -0.75, -0.45)
    brow = (between(rng, 0.45, 0.8), line - 0.15)
    temple = (between(rng, 0.1, 0.45), line + 0.15)
    sideburn = (-0.12, between(rng, -0.2, 0.15))
    front = points(brow, temple, (0.08, -0.1), sideburn, (-0.4, 0.15), (-0.5, low))
    back = points((-1.0, low - 0.1), (-1.15, 0), (-1.05, -0.6))
    crown = points((-0.6, -rise), (0.1, -rise - 0.05), (0.6, -0.95))
    top.paint(joined(front, back, crown), top.hair, Role.HAIR)


def _wreath(top: _Top) -> None:
    """Hair around a bald crown."""
    shape = points((-0.35, -0.2), (-0.3, 0.3), (-0.8, 0.5), (-1.08, 0.1), (-0.95, -0.3))
    top.paint(shape, top.hair, Role.HAIR)


def _hood(top: _Top) -> None:
    front = points((0.55, -0.95), (0.35, -0.3), (0.2, 0.5), (0.4, 1.1))
    back = points((-0.3, 1.5), (-1.25, 0.9), (-1.3, -0.4), (-0.7, -1.35), (0.2, -1.35))
    top.paint(joined(front, back), top.color)


def _cap(top: _Top) -> None:
    rng, edge = top.pen.rng, top.edge
    _dome(top, top.color)
    reach = 0.9 + between(rng, 0.2, 0.8)
    tip = (reach, edge + between(rng, -0.1, 0.15))
    top.paint(points((0.6, edge - 0.08), tip, (0.8, edge + 0.05)), darker(top.color, 0.8))


def _helmet(top: _Top) -> None:
    _dome(top, _METAL)
    if chance(top.pen.rng, 0.6):
        edge = top.edge
        cheek = points((0.1, edge), (0.35, 0.5), (0.1, 0.8), (-0.3, 0.5), (-0.35, edge))
        top.paint(cheek, _METAL)


def _dome(top: _Top, color: Color) -> None:
    crown = arc(-20, -160, 1.02, top.rise)
    back = points((-1.05, top.edge + between(top.pen.rng, 0, 0.5)), (0, top.edge - 0.02))
    top.paint(joined(points((0.85, top.edge)), crown, back), color)
