"""Glasses, sunglasses, goggles, eye patches and masks over the eyes. They belong to the face."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from tools.training.procedural.chance import Rng, between, chance, either_side, pick, weighted
from tools.training.procedural.colors import BLACK, WHITE, Color, any_color
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
from tools.training.procedural.eyes import Eyes
from tools.training.procedural.head import Head
from tools.training.procedural.pen import Pen
from tools.training.procedural.svg import Line, Role

Eyewear = Literal[
    "none", "glasses", "sunglasses", "goggles", "dark goggles", "patch", "monocle", "domino",
    "visor",
]  # fmt: skip


def random_eyewear(rng: Rng) -> Eyewear:
    kinds: dict[Eyewear, float] = {
        "none": 0.7, "glasses": 0.12, "sunglasses": 0.06, "goggles": 0.025, "dark goggles": 0.015,
        "patch": 0.02, "monocle": 0.01, "domino": 0.03, "visor": 0.01,
    }  # fmt: skip
    return weighted(rng, kinds)


def covers_eyes(kind: Eyewear) -> bool:
    return kind in ("sunglasses", "dark goggles", "visor")


def draw_eyewear(pen: Pen, head: Head, eyes: Eyes, kind: Eyewear) -> None:
    """Draws it over the eyes."""
    if kind == "none":
        return
    rng = pen.rng
    frames = [BLACK, (40, 40, 50), (120, 70, 30)]
    color = pick(rng, frames) if chance(rng, 0.65) else any_color(rng)
    wide = max(eyes.size * between(rng, 1.05, 1.5), eyes.spacing * between(rng, 0.6, 0.92))
    tall = wide * between(rng, 0.55, 1.05)
    width = max(pen.style.detail, between(rng, 1.5, 5))
    lens = pick(rng, [_round, _round, _oval, _square, _cat, _half])(wide, tall)
    _DRAW[kind](_Glasses(pen, head, eyes, pen.style.inked(color), wide, width, lens))


@dataclass(frozen=True, slots=True)
class _Glasses:
    """`wide` is half the width of a lens, in radians; `width` that of the frame's line."""

    pen: Pen
    head: Head
    eyes: Eyes
    color: Color
    wide: float
    width: float
    lens: Points

    def middle(self, side: int) -> Point:
        """The face point of an eye's middle."""
        return (side * self.eyes.spacing, self.eyes.height)

    def across(self, shape: Points) -> Points:
        """Canvas points of a shape around the point between the eyes, in radians."""
        return self.head.at(moved(shape, 0, self.eyes.height))


def _glasses(glasses: _Glasses) -> None:
    glass, opacity = _clear(glasses.pen.rng, 0.1, 0.4)
    _lenses(glasses, glass if chance(glasses.pen.rng, 0.4) else None, opacity, glasses.width)


def _goggles(glasses: _Glasses) -> None:
    _strap(glasses)
    glass, opacity = _clear(glasses.pen.rng, 0.2, 0.6)
    _lenses(glasses, glass, opacity, glasses.width * _RUBBER)


def _sunglasses(glasses: _Glasses) -> None:
    _lenses(glasses, _dark(glasses.pen.rng), 1.0, glasses.width)


def _dark_goggles(glasses: _Glasses) -> None:
    _strap(glasses)
    _lenses(glasses, _dark(glasses.pen.rng), 1.0, glasses.width * _RUBBER)


_RUBBER = 1.8
"""The frame of goggles, in widths of a frame of glasses."""


def _clear(rng: Rng, low: float, high: float) -> tuple[Color, float]:
    return pick(rng, [WHITE, (200, 230, 255)]), between(rng, low, high)


def _dark(rng: Rng) -> Color:
    return pick(rng, [BLACK, (30, 30, 40), (60, 40, 20), any_color(rng)])


def _strap(glasses: _Glasses) -> None:
    """A band around the head."""
    pen = glasses.pen
    band = points((-1.4, -0.5), (1.4, -0.5), (1.4, 0.5), (-1.4, 0.5))
    path = polygon(glasses.across(scaled(band, 1, glasses.wide * 0.5)))
    pen.spot(path, any_color(pen.rng) if pen.style.filled else pen.style.dark)


def _lenses(glasses: _Glasses, glass: Color | None, opacity: float, width: float) -> None:
    """Two lenses, their arms and the bridge. Opaque lenses may shine."""
    pen, head, eyes, wide = glasses.pen, glasses.head, glasses.eyes, glasses.wide
    for side in (-1, 1):
        at = glasses.middle(side)
        pen.drawing.add(
            smooth(head.place(at, scaled(glasses.lens, side, 1))),
            Role.DETAIL,
            fill=glass,
            line=Line(glasses.color, width),
            attributes=f'fill-opacity="{opacity:.2f}"',
        )
        if opacity == 1 and chance(pen.rng, 0.6):
            shine = points((-0.5, -0.4), (-0.1, -0.5), (-0.4, 0.4), (-0.6, 0.3))
            pen.spot(polygon(head.place(at, shine, wide)), WHITE, opacity=0.6)
        arm = points((side * (eyes.spacing + wide), 0), (side * 1.45, -0.1))
        pen.stroke(polyline(glasses.across(arm)), glasses.color, width * 0.8)
    bridge = points((-0.05, 0), (0.05, 0))
    if wide < eyes.spacing:
        bridge = arc(200, 340, eyes.spacing - wide, wide * 0.35)
    pen.stroke(curve(glasses.across(bridge)), glasses.color, width)


def _patch(glasses: _Glasses) -> None:
    pen = glasses.pen
    side = either_side(pen.rng)
    x, y = glasses.middle(side)
    height = glasses.eyes.height
    strap = points(
        (-side * 1.3, height - 0.75), (x, y - glasses.wide * 0.4), (side * 1.3, height + 0.25)
    )
    pen.stroke(polyline(glasses.head.at(strap)), (25, 25, 25), pen.style.detail)
    patch = points((-1, -0.7), (1, -0.7), (0.8, 0.7), (0, 1), (-0.8, 0.7))
    pen.spot(smooth(glasses.head.place((x, y), patch, glasses.wide)), (25, 25, 25))


def _monocle(glasses: _Glasses) -> None:
    pen, wide = glasses.pen, glasses.wide
    side = either_side(pen.rng)
    at = glasses.middle(side)
    rim = smooth(glasses.head.place(at, ellipse(1, 1), wide))
    pen.stroke(rim, pen.style.dark, pen.style.detail)
    chain = points((0, wide), (side * 0.1, wide + 0.3), (side * 0.2, 1.0))
    pen.stroke(curve(glasses.head.place(at, chain)), pen.style.dark, 1.2)


def _domino(glasses: _Glasses) -> None:
    """A mask with two holes for the eyes."""
    eyes = glasses.eyes
    mask = points(
        (-1.0, -0.5), (0, -0.25), (1.0, -0.5),
        (1.05, 0.3), (0.5, 0.55), (0, 0.2), (-0.5, 0.55), (-1.05, 0.3),
    )  # fmt: skip
    path = smooth(glasses.across(scaled(mask, eyes.spacing * 2.0 + 0.1, glasses.wide * 1.6)))
    for side in (-1, 1):
        path += smooth(glasses.head.place(glasses.middle(side), ellipse(1, 0.8), eyes.size))
    glasses.pen.drawing.add(path, Role.DETAIL, fill=glasses.color, attributes='fill-rule="evenodd"')


def _visor(glasses: _Glasses) -> None:
    band = points((-1.2, -1), (1.2, -1), (1.2, 1), (-1.2, 1))
    path = smooth(glasses.across(scaled(band, 1, glasses.wide)))
    glasses.pen.spot(path, glasses.color)


_DRAW: dict[Eyewear, Callable[[_Glasses], None]] = {
    "glasses": _glasses, "sunglasses": _sunglasses, "goggles": _goggles,
    "dark goggles": _dark_goggles, "patch": _patch, "monocle": _monocle, "domino": _domino,
    "visor": _visor,
}  # fmt: skip


def _round(wide: float, _tall: float) -> Points:
    return ellipse(wide, wide)


def _oval(wide: float, tall: float) -> Points:
    return ellipse(wide, tall)


def _square(wide: float, tall: float) -> Points:
    shape = points(
        (-1, -1), (0, -1.05), (1, -1), (1.02, 0), (0.9, 1), (0, 1.05), (-0.9, 1), (-1.02, 0)
    )
    return scaled(shape, wide, tall * 0.8)


def _cat(wide: float, tall: float) -> Points:
    return scaled(points((-0.9, -0.5), (1.25, -1.1), (1, 0.6), (0, 0.9), (-0.9, 0.5)), wide, tall)


def _half(wide: float, tall: float) -> Points:
    return scaled(joined(points((-1, 0)), arc(180, 0, 1, -1, 10), points((1, 0))), wide, tall)
