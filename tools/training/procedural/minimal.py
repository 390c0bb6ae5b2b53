"""Faces of a few marks: two dots or strokes for eyes, a line for a mouth, rarely more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tools.training.procedural.body import draw_body
from tools.training.procedural.chance import around_zero, between, chance, count, pick, weighted
from tools.training.procedural.colors import WHITE, Color, brightness, mix
from tools.training.procedural.curves import (
    Point,
    Points,
    arc,
    curve,
    ellipse,
    joined,
    points,
    polyline,
    scaled,
    smooth,
    turned,
)
from tools.training.procedural.ears import draw_ears
from tools.training.procedural.hair import draw_hair_before, draw_hair_behind
from tools.training.procedural.head import Head, random_head
from tools.training.procedural.headwear import draw_headwear, random_headwear
from tools.training.procedural.looks import Looks, random_looks
from tools.training.procedural.pen import Pen
from tools.training.procedural.shading import shade_face
from tools.training.procedural.svg import Role

_CONTRAST = 50
"""Least difference in brightness of marks and skin. Chosen by eye."""


def draw_minimal(pen: Pen) -> list[Points]:
    """Draws a head with such a face. Returns canvas points on each eye."""
    rng = pen.rng
    head = random_head(rng, weighted(rng, {"frontal": 0.75, "three-quarter": 0.25}))
    looks = random_looks(rng, creature=chance(rng, 0.08))
    if chance(rng, 0.45):
        draw_body(pen, head, looks.skin)
    if chance(rng, 0.35):
        draw_hair_behind(pen, head, looks.hair)
    if chance(rng, 0.55):
        draw_ears(pen, head, looks)
    outline = head.outline()
    pen.paint(smooth(outline), looks.skin, Role.FACE)
    if chance(rng, 0.25):
        shade_face(pen, outline, looks.skin)
    if chance(rng, 0.12):
        _stubble(pen, head)
    face = _random_face(pen, head, looks)
    eyes = _draw_face(face)
    if chance(rng, 0.7):
        draw_hair_before(pen, head, looks.hair, face.eyes)
    if chance(rng, 0.2):
        draw_headwear(pen, head, random_headwear(rng), face.eyes)
    return eyes


@dataclass(frozen=True, slots=True)
class _Face:
    """`ink` and `width` are those of lines, the width in units of the canvas. `spacing` is half the
    distance of the eyes, `eyes` and `mouth` are heights, `size` is half an eye's: in radians.
    """

    pen: Pen
    head: Head
    looks: Looks
    ink: Color
    width: float
    spacing: float
    eyes: float
    mouth: float
    size: float

    def stroke(self, at: Point, shape: Points, size: float, width: float = 1.0) -> None:
        """Draws a line around a face point. `width` is relative to that of the face's lines."""
        placed = self.head.place(at, shape, size)
        path = polyline(placed) if len(placed) == 2 else curve(placed)
        self.pen.stroke(path, self.ink, self.width * width)

    def spot(self, at: Point, shape: Points, size: float) -> None:
        self.pen.spot(smooth(self.head.place(at, shape, size)), self.ink)


def _random_face(pen: Pen, head: Head, looks: Looks) -> _Face:
    rng = pen.rng
    eyes = between(rng, -0.35, 0.25)
    return _Face(
        pen,
        head,
        looks,
        _ink_on(pen.style.tone(looks.skin), pen),
        width=head.across * between(rng, 0.03, 0.13),
        spacing=between(rng, 0.15, 0.6),
        eyes=eyes,
        mouth=min(eyes + between(rng, 0.22, 0.7), 0.85),
        size=between(rng, 0.05, 0.16),
    )


def _ink_on(skin: Color, pen: Pen) -> Color:
    """A colour in which marks are seen."""
    dark = pen.style.dark
    return dark if abs(brightness(skin) - brightness(dark)) > _CONTRAST else WHITE


def _draw_face(face: _Face) -> list[Points]:
    """Draws the marks. Returns canvas points on each eye."""
    rng = face.pen.rng
    eye = weighted(rng, _EYES)
    lean = around_zero(rng, 18) if chance(rng, 0.3) else 0.0
    tall = between(rng, 0.8, 1.8)
    for side in (-1, 1):
        eye(face, (side * face.spacing, face.eyes), lean * side, tall)
    if chance(rng, 0.25):
        _brows(face)
    if chance(rng, 0.25):
        _nose(face)
    if chance(rng, 0.2):
        _cheeks(face)
    mouth = weighted(rng, _MOUTHS)
    if mouth is not None:
        mouth(face, (around_zero(rng, 0.03), face.mouth), between(rng, 0.1, 0.55))
    shape = points((0, 0), (0, face.size))
    return [face.head.place((side * face.spacing, face.eyes), shape) for side in (-1, 1)]


def _dot(face: _Face, at: Point, lean: float, tall: float) -> None:
    face.spot(at, turned(ellipse(1, tall), lean), face.size)


def _upright(face: _Face, at: Point, lean: float, tall: float) -> None:
    face.stroke(at, turned(points((0, -tall), (0, tall)), lean), face.size)


def _level(face: _Face, at: Point, lean: float, _: float) -> None:
    face.stroke(at, turned(points((-1.4, 0), (1.4, 0)), lean), face.size)


def _happy(face: _Face, at: Point, lean: float, tall: float) -> None:
    face.stroke(at, turned(arc(200, 340, 1.4, tall), lean), face.size)


def _asleep(face: _Face, at: Point, lean: float, tall: float) -> None:
    face.stroke(at, turned(arc(20, 160, 1.4, tall), lean), face.size)


def _cross(face: _Face, at: Point, lean: float, _: float) -> None:
    for degrees in (45, -45):
        face.stroke(at, turned(points((0, -1.3), (0, 1.3)), degrees + lean), face.size, 0.8)


def _pinched(face: _Face, at: Point, lean: float, _: float) -> None:
    """As > <."""
    side = 1 if at[0] > 0 else -1
    half = scaled(points((1.1, -1), (-0.9, 0), (1.1, 1)), side, 1)
    face.pen.stroke(
        polyline(face.head.place(at, turned(half, lean), face.size)),
        face.ink,
        face.width * 0.8,
    )


_EYES: dict[Callable[[_Face, Point, float, float], None], float] = {
    _dot: 0.4, _upright: 0.2, _level: 0.12, _happy: 0.1, _asleep: 0.08, _cross: 0.04,
    _pinched: 0.06,
}  # fmt: skip


def _smile(face: _Face, at: Point, wide: float) -> None:
    face.stroke(at, arc(15, 165, 1, between(face.pen.rng, 0.2, 1)), wide)


def _frown(face: _Face, at: Point, wide: float) -> None:
    face.stroke(at, arc(195, 345, 1, between(face.pen.rng, 0.2, 0.9)), wide)


def _straight(face: _Face, at: Point, wide: float) -> None:
    face.stroke(at, turned(points((-1, 0), (1, 0)), around_zero(face.pen.rng, 8)), wide)


def _round(face: _Face, at: Point, wide: float) -> None:
    face.spot(at, ellipse(1, between(face.pen.rng, 0.7, 1.3)), min(wide, 0.2))


def _laugh(face: _Face, at: Point, wide: float) -> None:
    face.spot(at, joined(points((-1, 0), (1, 0)), arc(10, 170, 1, 0.9)), min(wide, 0.4))


def _wave(face: _Face, at: Point, wide: float) -> None:
    x = np.linspace(-1, 1, 7)
    face.stroke(at, np.stack([x, 0.25 * np.sin(x * 6)], axis=1), wide)


_MOUTHS: dict[Callable[[_Face, Point, float], None] | None, float] = {
    _smile: 0.36, _frown: 0.12, _straight: 0.2, _round: 0.08, _laugh: 0.12, _wave: 0.04, None: 0.08,
}  # fmt: skip


def _brows(face: _Face) -> None:
    rise, lean = face.size + between(face.pen.rng, 0.1, 0.2), around_zero(face.pen.rng, 15)
    for side in (-1, 1):
        brow = turned(points((-1.5, 0), (1.5, 0)), lean * side)
        face.stroke((side * face.spacing, face.eyes - rise), brow, max(face.size, 0.08))


def _nose(face: _Face) -> None:
    rng = face.pen.rng
    at = (face.head.yaw * 0.25, (face.eyes + face.mouth) / 2)
    shape = pick(rng, [arc(20, 160), arc(-70, 70), points((0, -1), (0, 1))])
    face.stroke(at, shape, between(rng, 0.04, 0.12), 0.8)


def _cheeks(face: _Face) -> None:
    tone = mix(face.looks.skin, (255, 90, 90), between(face.pen.rng, 0.2, 0.6))
    for side in (-1, 1):
        at = (side * (face.spacing + 0.15), (face.eyes + face.mouth) / 2)
        face.pen.spot(smooth(face.head.place(at, ellipse(1, 0.8), 0.13)), tone)


def _stubble(pen: Pen, head: Head) -> None:
    """Single hairs around the chin."""
    for _ in range(count(pen.rng, 6, 20)):
        at = (between(pen.rng, -0.9, 0.9), between(pen.rng, 0.3, 1.1))
        hair = turned(points((0, -0.05), (0, 0.05)), around_zero(pen.rng, 20))
        pen.stroke(polyline(head.place(at, hair)), pen.style.dark, head.across * 0.05)
