"""Hair: behind the head, and before it down to a hairline."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tools.training.procedural.chance import Rng, between, chance, count, weighted
from tools.training.procedural.colors import WHITE, Color, darker, mix
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
from tools.training.procedural.svg import Role


def draw_hair_behind(pen: Pen, head: Head, color: Color) -> None:
    draw = weighted(pen.rng, {_long: 0.4, _round: 0.25, _tails: 0.12, _wild: 0.15, _bun: 0.08})
    draw(_Hair(pen, head, color))


def draw_hair_before(pen: Pen, head: Head, color: Color, eyes: float) -> None:
    """Draws the hair on top. Its hairline mostly leaves the brows free; `eyes` is their height."""
    kinds: dict[Callable[[_Front], None] | None, float] = {
        None: 0.14,
        _cap: 0.24,
        _parted: 0.2,
        _bangs: 0.12,
        _spiky: 0.1,
        _curls: 0.08,
        _tuft: 0.06,
        _bald: 0.06,
    }
    draw = weighted(pen.rng, kinds)
    if draw is not None:
        draw(_random_front(pen, head, color, eyes))


@dataclass(frozen=True, slots=True)
class _Hair:
    """Shapes are in the semi-axes of the head."""

    pen: Pen
    head: Head
    color: Color

    def paint(self, shape: Points, path: Callable[[Points], str] = smooth) -> None:
        self.pen.paint(path(self.head.beside(shape)), self.color, Role.HAIR)

    def strand(self, shape: Points, color: Color, width: float, role: Role = Role.HAIR) -> None:
        """Draws a line. `width` is in widths of the style's details."""
        style = self.pen.style
        path = curve(self.head.beside(shape))
        self.pen.stroke(path, style.inked(color), style.detail * width, role)


@dataclass(frozen=True, slots=True)
class _Front(_Hair):
    """`line` is the height of the hairline, `rise` that of the crown, `turn` follows the yaw."""

    line: float
    rise: float
    turn: float
    crown: Points


def _random_front(pen: Pen, head: Head, color: Color, eyes: float) -> _Front:
    rng = pen.rng
    lowest = np.sin(eyes) - between(rng, 0.12, 0.5)
    line = lowest if chance(rng, 0.85) else lowest + 0.35  # strands before the eyes
    rise = between(rng, 1.05, 1.35)
    width = between(rng, 1.0, 1.12)
    left, right = (-width, between(rng, -0.25, 0.25)), (width, between(rng, -0.25, 0.25))
    crown = joined(points(left), arc(200, 340, width, rise), points(right))
    return _Front(pen, head, color, line, rise, np.sin(head.yaw) * 0.35, crown)


def _long(hair: _Hair) -> None:
    width, low = between(hair.pen.rng, 1.1, 1.5), between(hair.pen.rng, 0.9, 2.2)
    hair.paint(
        points(
            (-width, -0.2),
            (-0.9, -1.05),
            (0, -1.3),
            (0.9, -1.05),
            (width, -0.2),
            (width * 1.05, low),
            (0, low * 1.05),
            (-width * 1.05, low),
        )
    )


def _round(hair: _Hair) -> None:
    ball = ellipse(between(hair.pen.rng, 1.2, 1.7), between(hair.pen.rng, 1.2, 1.6))
    hair.paint(moved(ball, 0, -between(hair.pen.rng, 0, 0.3)))


def _tails(hair: _Hair) -> None:
    for side in (-1, 1):
        hair.paint(
            points(
                (side * 0.9, -0.5),
                (side * 1.5, -0.7),
                (side * 1.7, 0.5),
                (side * 1.3, 1.3),
                (side * 1.1, 0.3),
            )
        )


def _wild(hair: _Hair) -> None:
    angles = np.linspace(np.radians(120), np.radians(420), count(hair.pen.rng, 8, 18))
    outer = between(hair.pen.rng, 1.25, 1.8)
    hair.paint(_spikes(hair.pen.rng, angles, 1.1, outer), polygon)


def _bun(hair: _Hair) -> None:
    hair.paint(moved(ellipse(0.45, 0.4), between(hair.pen.rng, -0.4, 0.4), -1.25))


def _cap(hair: _Front) -> None:
    turn, line = hair.turn, hair.line
    _fringe(
        hair,
        points(
            (0.75 + turn, line + 0.05),
            (0.3 + turn, line - 0.1),
            (-0.3 + turn, line - 0.1),
            (-0.75 + turn, line + 0.05),
        ),
    )


def _parted(hair: _Front) -> None:
    part, line = between(hair.pen.rng, -0.5, 0.5) + hair.turn, hair.line
    _fringe(
        hair,
        points(
            (0.85, line + 0.15),
            (part + 0.1, line - 0.4),
            (part - 0.1, line - 0.38),
            (-0.85, line + 0.15),
        ),
    )


def _bangs(hair: _Front) -> None:
    x = np.linspace(0.9, -0.9, count(hair.pen.rng, 5, 12))
    zigzag = hair.line + 0.12 * (-1) ** np.arange(len(x))
    _fringe(hair, np.stack([x, zigzag + hair.pen.rng.normal(0, 0.03, len(x))], axis=1))


def _fringe(hair: _Front, hairline: Points) -> None:
    """Hair from the crown down to the hairline, which runs from right to left."""
    rng, line, rise = hair.pen.rng, hair.line, hair.rise
    hair.paint(joined(hair.crown, hairline))
    if chance(rng, 0.35):
        shine = mix(hair.color, WHITE, 0.4) if chance(rng, 0.6) else darker(hair.color, 0.7)
        for _ in range(count(rng, 1, 5)):
            x = between(rng, -0.7, 0.7)
            strand = points((x * 0.7, -rise * 0.9), (x, (line - rise) / 2), (x * 1.1, line - 0.15))
            hair.strand(strand, shine, 0.7, Role.DETAIL)
    if chance(rng, 0.12):  # a strand across the face
        x = between(rng, -0.6, 0.6)
        middle = (x + between(rng, -0.2, 0.2), -0.2)
        end = (x + between(rng, -0.3, 0.3), between(rng, 0.1, 0.7))
        hair.strand(points((x, -0.9), middle, end), hair.color, between(rng, 1, 3))


def _spiky(hair: _Front) -> None:
    rng, line = hair.pen.rng, hair.line
    angles = np.radians(np.linspace(185, 355, count(rng, 6, 13)))
    spikes = _spikes(rng, angles, 1.0, between(rng, 1.2, 1.7))
    low = points((0.8, line + 0.1), (0.3, line - 0.15), (-0.3, line - 0.1), (-0.8, line + 0.1))
    hair.paint(joined(spikes, low), polygon)


def _curls(hair: _Front) -> None:
    for angle in np.linspace(185, 355, count(hair.pen.rng, 5, 11)):
        size = between(hair.pen.rng, 0.25, 0.42)
        at = arc(angle, angle, 0.95, between(hair.pen.rng, 0.85, 1.05), count=1)
        hair.paint(ellipse(size, size) + at)


def _tuft(hair: _Front) -> None:
    rng = hair.pen.rng
    for _ in range(count(rng, 1, 6)):
        x = between(rng, -0.3, 0.3)
        middle = (x + between(rng, -0.3, 0.3), -1.2)
        lock = points((x, -0.92), middle, (x + between(rng, -0.5, 0.5), -1.4))
        hair.strand(lock, hair.color, between(rng, 1, 3))


def _bald(hair: _Front) -> None:
    """A bald crown with hair at the sides."""
    for side in (-1, 1):
        top, low = (side * 0.98, -0.5), (side * 0.92, 0.25)
        hair.paint(points(top, (side * 1.25, -0.3), (side * 1.2, 0.35), low))


def _spikes(rng: Rng, angles: Points, inner: float, outer: float) -> Points:
    """A zigzag around the head: inner and outer points by turns. `angles` are in radians, (n,)."""
    tips = outer * rng.uniform(0.85, 1.1, len(angles))
    radius = np.where(np.arange(len(angles)) % 2, tips, inner)
    return np.stack([np.cos(angles) * radius, np.sin(angles) * radius], axis=1)
