"""Noses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tools.training.procedural.chance import between, chance, either_side, weighted
from tools.training.procedural.colors import BLACK, WHITE, Color, darker, mix
from tools.training.procedural.curves import (
    Point,
    Points,
    arc,
    curve,
    ellipse,
    moved,
    points,
    polygon,
    scaled,
    smooth,
)
from tools.training.procedural.head import Head
from tools.training.procedural.looks import Looks
from tools.training.procedural.pen import Pen
from tools.training.procedural.svg import Role


def draw_nose(pen: Pen, head: Head, looks: Looks, height: float) -> None:
    rng, style, skin = pen.rng, pen.style, looks.skin
    kinds: dict[Callable[[_Nose], None] | None, float] = {
        None: 0.08, _nostrils: 0.09, _hook: 0.16, _bulb: 0.2, _ball: 0.1, _triangle: 0.08,
        _curve: 0.11, _line: 0.06, _clown: 0.03, _long: 0.06, _wedge: 0.1,
        _snout: 0.12 if looks.creature else 0.01,
    }  # fmt: skip
    draw = weighted(rng, kinds)
    size = between(rng, 0.05, 0.12)
    side = head.side if abs(head.yaw) > 0.15 else either_side(rng)
    ink = style.line_color(skin) if style.line or not style.filled else darker(skin, 0.6)
    tone = skin if chance(rng, 0.6) else mix(skin, (230, 70, 60), between(rng, 0.1, 0.5))
    # a nose stands out: it turns further than the face
    nose = _Nose(pen, head, (head.yaw * 0.25, height), size, side, ink, tone, skin)
    if draw is not None:
        draw(nose)
    if draw in (_hook, _wedge, _bulb) and chance(rng, 0.3):
        _wings(nose)


@dataclass(frozen=True, slots=True)
class _Nose:
    """Shapes are in units of `size`, in radians, around the nose's middle, `at`. `side` is where it
    points to, -1 or 1.
    """

    pen: Pen
    head: Head
    at: Point
    size: float
    side: int
    ink: Color
    tone: Color
    skin: Color

    def put(self, shape: Points) -> Points:
        """Canvas points."""
        return self.head.place(self.at, shape, self.size)

    def stroke(self, shape: Points, width: float = 1.0) -> None:
        """Draws a line. `width` is in widths of the style's details."""
        self.pen.stroke(curve(self.put(shape)), self.ink, self.pen.style.detail * width)

    def paint(self, shape: Points, color: Color) -> None:
        """Paints a shape, which is face even beyond the outline of the head."""
        self.pen.paint(smooth(self.put(shape)), color, Role.FACE)


def _nostrils(nose: _Nose) -> None:
    for sign in (-1, 1):
        nose.pen.spot(smooth(nose.put(moved(ellipse(0.35, 0.25), sign * 0.8, 0))), nose.ink)


def _hook(nose: _Nose) -> None:
    top, side = (0, -between(nose.pen.rng, 0.5, 3)), nose.side
    nose.stroke(points(top, (side * 0.9, 0.5), (side * 0.5, 1), (-side * 0.4, 0.8)))


def _bulb(nose: _Nose) -> None:
    _blob(nose, between(nose.pen.rng, 1.6, 3.2))


def _ball(nose: _Nose) -> None:
    _blob(nose, between(nose.pen.rng, 0.9, 1.5))


def _blob(nose: _Nose, large: float) -> None:
    rng = nose.pen.rng
    nose.paint(ellipse(large * between(rng, 0.7, 1.2), large), nose.tone)
    if chance(rng, 0.3):
        light = moved(ellipse(0.3, 0.4) * 0.6, -0.3, -0.35) * large
        nose.pen.spot(smooth(nose.put(light)), WHITE, opacity=0.7)


def _triangle(nose: _Nose) -> None:
    shape = points((0, -between(nose.pen.rng, 1, 3.5)), (1.3, 0.8), (-1.3, 0.8))
    nose.pen.paint(polygon(nose.put(shape)), darker(nose.tone, 0.9), Role.FACE)


def _curve(nose: _Nose) -> None:
    nose.stroke(arc(20, 160, 1, 0.8))


def _line(nose: _Nose) -> None:
    nose.stroke(points((0, -1.2), (0, 0.6)))


def _clown(nose: _Nose) -> None:
    nose.paint(ellipse(1.5, 1.4), (230, 40, 40))


def _long(nose: _Nose) -> None:
    reach = between(nose.pen.rng, 3, 7) * nose.side
    tip = (reach, between(nose.pen.rng, -0.5, 1.5))
    nose.paint(points((0, -1.5), tip, (reach * 0.9, 1.2), (0, 1)), nose.tone)


def _wedge(nose: _Nose) -> None:
    """A shadow at the side of the nose."""
    pen, side = nose.pen, nose.side
    top = (-side * 0.2, -between(pen.rng, 1.5, 3.5))
    shape = points(top, (side * 0.9, 0.6), (-side * 0.9, 0.9))
    shadow = darker(pen.style.tone(nose.skin), between(pen.rng, 0.6, 0.9))
    pen.spot(smooth(nose.put(shape)), shadow)


def _snout(nose: _Nose) -> None:
    nose.paint(ellipse(3, 2), nose.tone)
    for sign in (-1, 1):
        hole = moved(ellipse(0.4, 0.7), sign * 1.1, 0)
        nose.pen.spot(smooth(nose.put(hole)), mix(nose.ink, BLACK, 0.4))


def _wings(nose: _Nose) -> None:
    for sign in (-1, 1):
        wing = scaled(arc(90, 270, 0.5, 0.6), -sign, 1)
        nose.stroke(moved(wing, sign * 1.2, 0.3), 0.7)
