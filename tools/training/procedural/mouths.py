"""Mouths."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tools.training.procedural.chance import (
    around_zero,
    between,
    chance,
    count,
    either_side,
    pick,
    weighted,
)
from tools.training.procedural.colors import BLACK, WHITE, Color, darker, mix
from tools.training.procedural.curves import (
    Point,
    Points,
    arc,
    curve,
    ellipse,
    joined,
    moved,
    points,
    polygon,
    polyline,
    scaled,
    smooth,
)
from tools.training.procedural.head import Head
from tools.training.procedural.looks import Looks
from tools.training.procedural.pen import Pen
from tools.training.procedural.svg import Line, Role


def draw_mouth(pen: Pen, head: Head, looks: Looks, height: float) -> None:
    rng, style = pen.rng, pen.style
    kinds: dict[Callable[[_Mouth], None] | None, float] = {
        _smile: 0.2, _frown: 0.08, _flat: 0.1, _wavy: 0.03, _round: 0.08, _laugh: 0.14,
        _scream: 0.05, _grin: 0.1, _lips: 0.1, _smirk: 0.05, None: 0.03, _tongue_out: 0.03,
        _fangs: 0.3 if looks.creature else 0.015, _small: 0.04,
    }  # fmt: skip
    draw = weighted(rng, kinds)
    wide = between(rng, 0.1, 0.5)
    at = (head.yaw * 0.08 + around_zero(rng, 0.03), height)
    ink = style.dark if chance(rng, 0.75) else (150, 50, 50)
    deep = between(rng, 0.15, 0.9)
    throats = [BLACK, (110, 25, 30), (70, 20, 25), (150, 40, 50)]
    inside = pick(rng, throats) if style.filled else style.dark
    mouth = _Mouth(pen, head, looks.skin, at, wide, deep, ink, inside)
    if draw is not None:
        draw(mouth)
    if draw not in (None, _lips, _grin) and chance(rng, 0.12):
        chin = arc(30, 150, 0.4, 0.25)
        path = curve(head.place((at[0], at[1] + wide * (deep + 0.35)), chin, wide))
        pen.stroke(path, style.line_color(looks.skin), style.detail * 0.7)


@dataclass(frozen=True, slots=True)
class _Mouth:
    """Shapes are in halves of the mouth's width, `wide`, around its middle, `at`. `deep` is how far
    it bends or opens, `ink` the colour of its line.
    """

    pen: Pen
    head: Head
    skin: Color
    at: Point
    wide: float
    deep: float
    ink: Color
    inside: Color

    def put(self, shape: Points) -> Points:
        """Canvas points."""
        return self.head.place(self.at, shape, self.wide)

    def stroke(self, shape: Points, width: float = 1.0) -> None:
        """Draws a line. `width` is in widths of the style's details."""
        self.pen.stroke(curve(self.put(shape)), self.ink, self.pen.style.detail * width)

    def open(self, shape: Points, color: Color) -> str:
        """Draws an open mouth, which is face even where it is larger than the head. Returns its
        path.
        """
        path, style = smooth(self.put(shape)), self.pen.style
        line = Line(style.line_color(self.skin), style.line)
        self.pen.drawing.add(path, Role.FACE, fill=color, line=line)
        return path


def _smile(mouth: _Mouth) -> None:
    _bow(mouth, 1)


def _frown(mouth: _Mouth) -> None:
    _bow(mouth, -1)


def _bow(mouth: _Mouth, down: int) -> None:
    mouth.stroke(scaled(arc(15, 165, 1, mouth.deep), 1, down))
    if chance(mouth.pen.rng, 0.25):  # dimples
        for sign in (-1, 1):
            corner = (mouth.at[0] + sign * mouth.wide, mouth.at[1])
            dimple = scaled(arc(-60, 60, 0.15, 0.25), sign, 1)
            path = curve(mouth.head.place(corner, dimple, 0.6))
            mouth.pen.stroke(path, mouth.ink, mouth.pen.style.detail * 0.8)


def _flat(mouth: _Mouth) -> None:
    mouth.stroke(_level(mouth))


def _small(mouth: _Mouth) -> None:
    mouth.stroke(_level(mouth) * 0.4)


def _level(mouth: _Mouth) -> Points:
    middle = (0, between(mouth.pen.rng, -0.1, 0.1))
    return points((-1, 0), middle, (1, between(mouth.pen.rng, -0.15, 0.15)))


def _wavy(mouth: _Mouth) -> None:
    mouth.stroke(points((-1, 0), (-0.5, -0.25), (0, 0.1), (0.5, -0.25), (1, 0)))


def _smirk(mouth: _Mouth) -> None:
    side = either_side(mouth.pen.rng)
    mouth.stroke(points((-side * 0.6, 0.1), (0, 0.15), (side, -0.35)))


def _round(mouth: _Mouth) -> None:
    size = between(mouth.pen.rng, 0.4, 0.8)
    _oval(mouth, size, size * between(mouth.pen.rng, 0.6, 1.4))


def _scream(mouth: _Mouth) -> None:
    _oval(mouth, 1.0, between(mouth.pen.rng, 0.9, 1.3))


def _oval(mouth: _Mouth, size: float, tall: float) -> None:
    _teeth_and_tongue(mouth, mouth.open(ellipse(size, tall), mouth.inside), tall)


def _laugh(mouth: _Mouth) -> None:
    rng, tall = mouth.pen.rng, mouth.deep * 1.4
    shape = joined(points((-1, -0.1)), arc(0, 180, 1, tall)[::-1], points((1, -0.1)))
    lip = points((0, between(rng, -0.05, 0.3)))
    path = mouth.open(shape if chance(rng, 0.5) else joined(shape, lip), mouth.inside)
    _teeth_and_tongue(mouth, path, tall)


def _grin(mouth: _Mouth) -> None:
    """Bare teeth, in one row or two."""
    pen, style = mouth.pen, mouth.pen.style
    tall = between(pen.rng, 0.25, 0.6)
    bend = between(pen.rng, -0.2, 0.4)
    upper = points((-1, -bend), (0, -tall * 0.3), (1, -bend))
    lower = points((0.8, tall - bend * 0.5), (0, tall), (-0.8, tall - bend * 0.5))
    path = mouth.open(joined(upper, lower), WHITE if chance(pen.rng, 0.8) else (250, 235, 180))
    gaps = [points((x, -1), (x, 1)) for x in np.linspace(-0.8, 0.8, count(pen.rng, 3, 9))]
    if chance(pen.rng, 0.5):
        gaps.append(points((-1, tall * 0.4), (1, tall * 0.4)))
    with pen.drawing.clipped(path):
        for gap in gaps:
            pen.stroke(polyline(mouth.put(gap)), style.line_color(mouth.skin), style.detail * 0.5)


def _lips(mouth: _Mouth) -> None:
    pen, style = mouth.pen, mouth.pen.style
    lipstick = pick(pen.rng, [(200, 40, 60), (160, 60, 60), (230, 90, 120)])
    red = mix(mouth.skin, lipstick, between(pen.rng, 0.3, 1))
    tall = between(pen.rng, 0.2, 0.5)
    upper = points((-1, 0), (-0.35, -tall), (0, -tall * 0.7), (0.35, -tall), (1, 0), (0, 0.1))
    lower = points((-1, 0), (0, 0.08), (1, 0), (0.4, tall), (-0.4, tall))
    line = Line(style.line_color(red), style.line * 0.5)
    for shape, tone in ((upper, darker(red, 0.88)), (lower, red)):
        path = smooth(mouth.head.place(mouth.at, shape, mouth.wide * 0.8))
        pen.drawing.add(path, Role.DETAIL, fill=style.tone(tone), line=line)
    mouth.stroke(points((-0.8, 0), (0, 0.05), (0.8, 0)), 0.6)


def _tongue_out(mouth: _Mouth) -> None:
    mouth.stroke(arc(15, 165, 1, mouth.deep))
    tongue = joined(points((-0.35, 0)), arc(180, 0, 0.35, -0.9), points((0.35, 0)))
    at = (mouth.at[0], mouth.at[1] + mouth.wide * mouth.deep * 0.8)
    mouth.pen.paint(smooth(mouth.head.place(at, tongue, mouth.wide)), (235, 90, 110), Role.FACE)


def _fangs(mouth: _Mouth) -> None:
    rng = mouth.pen.rng
    left, right = between(rng, -0.2, 0.2), between(rng, -0.2, 0.2)
    mouth.stroke(points((-1, left), (0, 0), (1, right)), 1.2)
    down = -1 if chance(rng, 0.6) else 1  # tusks or fangs
    for sign in (-1, 1):
        length = between(rng, 0.3, 1.0) * down
        tooth = points((sign * 0.75, 0), (sign * 0.6, length), (sign * 0.45, 0))
        mouth.pen.paint(polygon(mouth.put(tooth)), (250, 245, 220), Role.FACE)


def _teeth_and_tongue(mouth: _Mouth, path: str, tall: float) -> None:
    """Fills an open mouth down to `tall`."""
    pen, rng = mouth.pen, mouth.pen.rng
    with pen.drawing.clipped(path):
        if chance(rng, 0.6):
            row = points((-1, -1.5), (1, -1.5), (1, -tall * 0.35), (-1, -tall * 0.35))
            pen.spot(polygon(mouth.put(scaled(row, 1, 0.4) if chance(rng, 0.3) else row)), WHITE)
        if chance(rng, 0.6):
            tongue = moved(ellipse(0.6, tall * 0.4), 0, tall * 0.85)
            red = mix((225, 80, 95), (255, 130, 140), between(rng, 0, 1))
            pen.spot(smooth(mouth.put(tongue)), red)
