"""Eyes and brows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from tools.training.procedural.chance import Rng, around_zero, between, chance, pick, weighted
from tools.training.procedural.colors import BLACK, WHITE, Color, any_color, darker, mix
from tools.training.procedural.curves import (
    Point,
    Points,
    arc,
    curve,
    ellipse,
    joined,
    points,
    polygon,
    polyline,
    scaled,
    smooth,
    turned,
)
from tools.training.procedural.head import Head
from tools.training.procedural.looks import Looks
from tools.training.procedural.pen import Pen
from tools.training.procedural.svg import Line, Role

EyeKind = Literal[
    "dot", "oval", "white", "iris", "almond", "closed", "line", "cross", "spiral", "hollow",
    "lidded", "slit", "glow", "socket",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Eyes:
    """Where the eyes are: half the distance between them, their height, their size, in radians."""

    spacing: float
    height: float
    size: float
    kind: EyeKind

    def on(self, head: Head) -> list[Points]:
        """Canvas points of each eye: its middle and its lower rim."""
        shape = points((0, 0), (0, self.size * 0.6))
        return [head.place((side * self.spacing, self.height), shape) for side in (-1, 1)]


def random_eyes(rng: Rng, *, creature: bool) -> Eyes:
    kinds: dict[EyeKind, float] = {
        "dot": 0.14, "oval": 0.07, "white": 0.2, "iris": 0.14, "almond": 0.12, "closed": 0.1,
        "line": 0.04, "cross": 0.015, "spiral": 0.01, "hollow": 0.03, "lidded": 0.1, "slit": 0.02,
        "glow": 0.05 if creature else 0.005, "socket": 0.02,
    }  # fmt: skip
    kind = weighted(rng, kinds)
    size = between(rng, 0.04, 0.09) if kind == "dot" else between(rng, 0.09, 0.32)
    if kind in _ALMONDS:
        size = between(rng, 0.1, 0.22)
    spacing = between(rng, max(0.14, size * 0.9), 0.52)
    return Eyes(spacing, between(rng, -0.42, 0.08), size, kind)


def draw_eyes(
    pen: Pen, head: Head, looks: Looks, eyes: Eyes, sides: tuple[int, ...] = (-1, 1)
) -> None:
    """Draws both eyes, or those of the given sides."""
    rng = pen.rng
    look = rng.uniform(-0.5, 0.5, 2)
    natural = [(70, 45, 25), (60, 110, 170), (60, 120, 70)]
    iris = any_color(rng) if chance(rng, 0.5) else pick(rng, natural)
    kinds = dict.fromkeys(sides, eyes.kind)
    if len(sides) == 2 and chance(rng, 0.05):
        winks: tuple[EyeKind, ...] = ("closed", "line")
        kinds[pick(rng, sides)] = pick(rng, winks)
    manner = _Manner(
        look,
        iris,
        tall=float(rng.choice([0.5, 0.75, 1.0, 1.0, 1.3, 1.6])),
        slant=around_zero(rng, 8),
        upward=chance(rng, 0.5),
        pupil=between(rng, 0.2, 0.75),
    )
    seed = int(rng.integers(2**32))
    for side, kind in kinds.items():
        # both eyes get the same random details
        same = replace(pen, rng=np.random.default_rng(seed))
        _DRAW[kind](_Eye(same, head, looks.skin, replace(eyes, kind=kind), side, manner))


def draw_brows(pen: Pen, head: Head, looks: Looks, eyes: Eyes) -> None:
    rng, style = pen.rng, pen.style
    color = looks.hair if style.filled and chance(rng, 0.7) else style.dark
    lift = eyes.size * between(rng, 1.2, 1.9) + between(rng, 0.02, 0.14)
    anger = around_zero(rng, 0.35)
    width = style.detail * between(rng, 0.8, 2.5)
    bend = between(rng, -0.1, 0.5)
    for side in (-1, 1):
        uneven = between(rng, -0.04, 0.04)
        brow = points((-side * 0.9, anger * 0.8), (0, -bend), (side * 1.1, -anger * 0.6))
        at = (side * eyes.spacing, eyes.height - lift + uneven)
        placed = head.place(at, brow, max(eyes.size, 0.14))
        pen.stroke(curve(placed), mix(color, BLACK, 0.1), width)


@dataclass(frozen=True, slots=True)
class _Manner:
    """What both eyes share: the height of their shape in widths, its slant outwards in degrees,
    whether closed eyes bend upwards, the pupil's size as a share of the eye.
    """

    look: Points
    iris: Color
    tall: float
    slant: float
    upward: bool
    pupil: float


@dataclass(frozen=True, slots=True)
class _Eye:
    """Shapes are in halves of the eye's width, around its middle."""

    pen: Pen
    head: Head
    skin: Color
    eyes: Eyes
    side: int
    manner: _Manner

    def put(self, shape: Points, shift: Point = (0, 0)) -> Points:
        """Canvas points."""
        eyes = self.eyes
        x = self.side * eyes.spacing + shift[0] * eyes.size
        y = eyes.height + shift[1] * eyes.size
        return self.head.place((x, y), turned(shape, self.manner.slant * self.side), eyes.size)

    def spot(self, shape: Points, color: Color, shift: Point = (0, 0)) -> None:
        self.pen.spot(smooth(self.put(shape, shift)), color)

    def stroke(self, path: str, width: float = 1.0) -> None:
        """Draws a dark line. `width` is in widths of the style's details."""
        style = self.pen.style
        self.pen.stroke(path, style.dark, style.detail * width)

    @property
    def dark(self) -> Color:
        return self.pen.style.dark


def _dot(eye: _Eye) -> None:
    eye.spot(ellipse(1, between(eye.pen.rng, 0.9, 1.8)), eye.dark)


def _oval(eye: _Eye) -> None:
    eye.spot(ellipse(0.55, 1), eye.dark)
    if chance(eye.pen.rng, 0.6):
        eye.spot(ellipse(0.18, 0.28), WHITE, shift=(0.15, -0.4))


def _closed(eye: _Eye) -> None:
    upward = eye.manner.upward
    eye.stroke(curve(eye.put(arc(200, 340, 1, 0.8) if upward else arc(20, 160, 1, 0.6))))
    if chance(eye.pen.rng, 0.35):
        _lashes(eye, down=not upward)


def _line(eye: _Eye) -> None:
    eye.stroke(polyline(eye.put(points((-1, 0), (1, 0)))))


def _cross(eye: _Eye) -> None:
    for sign in (-1, 1):
        eye.stroke(polyline(eye.put(points((-0.8, -0.8 * sign), (0.8, 0.8 * sign)))))


def _spiral(eye: _Eye) -> None:
    for radius in (0.3, 0.65, 1.0):
        eye.stroke(smooth(eye.put(ellipse(radius, radius))), 0.7)


def _glow(eye: _Eye) -> None:
    eye.spot(
        _almond(0.5), pick(eye.pen.rng, [(255, 60, 40), (255, 220, 60), WHITE, (120, 255, 120)])
    )


def _hollow(eye: _Eye) -> None:
    eye.stroke(smooth(eye.put(ellipse(1, eye.manner.tall))))


def _socket(eye: _Eye) -> None:
    eye.spot(ellipse(1.1, 1.2), eye.dark)
    eye.spot(ellipse(0.3, 0.3), WHITE)


def _open(eye: _Eye) -> None:
    pen, style, tall = eye.pen, eye.pen.style, eye.manner.tall
    tinted = [(255, 250, 215), (255, 240, 120), (235, 235, 235)]
    white = WHITE if chance(pen.rng, 0.85) else pick(pen.rng, tinted)
    almond = eye.eyes.kind in _ALMONDS
    height = 0.45 if almond else tall
    rim = smooth(eye.put(_almond(min(tall, 0.8) * 0.75) if almond else ellipse(1, tall)))
    width = style.line * 0.7 or (1.5 if chance(pen.rng, 0.5) else 0)
    line = Line(style.line_color(eye.skin), width)
    pen.drawing.add(rim, Role.DETAIL, fill=white, line=line)
    with pen.drawing.clipped(rim):
        _pupil(eye, height)
        if eye.eyes.kind == "lidded" or chance(pen.rng, 0.15):
            _lid(eye, height, replace(line, width=max(width, 1.2)))
    if almond and chance(pen.rng, 0.7):
        eye.stroke(curve(eye.put(arc(195, 345, 1.1, height * 1.4))))
    if chance(pen.rng, 0.2):
        _lashes(eye, down=False)


def _pupil(eye: _Eye, height: float) -> None:
    kind, look = eye.eyes.kind, eye.manner.look
    radius = min(1, height) * eye.manner.pupil
    at = (float(look[0]) * (1 - radius), float(look[1]) * max(height - radius, 0))
    if kind in ("iris", "almond", "lidded"):
        large = max(radius * 1.5, 0.4)
        eye.spot(ellipse(large, large), eye.manner.iris, at)
    if kind == "slit":
        eye.spot(ellipse(0.16, 0.8), BLACK, at)
    else:
        eye.spot(ellipse(radius, radius), eye.dark, at)
    if chance(eye.pen.rng, 0.5):
        light = (at[0] - radius * 0.35, at[1] - radius * 0.35)
        eye.spot(ellipse(radius * 0.35, radius * 0.35), WHITE, light)


def _lid(eye: _Eye, height: float, line: Line) -> None:
    """A heavy, angry or sad lid."""
    cut = between(eye.pen.rng, -0.6, 0.3)
    lean = eye.side * between(eye.pen.rng, -0.6, 0.6)
    lid = points((-1.4, -2), (1.4, -2), (1.4, cut + lean), (-1.4, cut - lean))
    eye.pen.drawing.add(
        polygon(eye.put(scaled(lid, 1, height))),
        Role.DETAIL,
        fill=darker(eye.pen.style.tone(eye.skin), 0.88),
        line=line,
    )


def _lashes(eye: _Eye, *, down: bool) -> None:
    for angle in (215, 235, 305, 325):
        root = scaled(arc(angle, angle, count=1), 1, -1 if down else 1)
        eye.stroke(polyline(eye.put(joined(root, root * 1.5))), 0.7)


def _almond(tall: float) -> Points:
    upper, lower = arc(210, 330, 1, tall), arc(30, 150, 1, tall * 0.9)
    return joined(points((-1.15, 0.1)), upper, points((1.15, -0.05)), lower)


_ALMONDS: tuple[EyeKind, ...] = ("almond", "lidded", "slit")

_DRAW: dict[EyeKind, Callable[[_Eye], None]] = {
    "dot": _dot, "oval": _oval, "white": _open, "iris": _open, "almond": _open, "closed": _closed,
    "line": _line, "cross": _cross, "spiral": _spiral, "hollow": _hollow, "lidded": _open,
    "slit": _open, "glow": _glow, "socket": _socket,
}  # fmt: skip
