"""Painted portraits: faces made of soft lights and shadows instead of lines."""

from __future__ import annotations

import numpy as np

from tools.training.procedural.chance import (
    BLACK,
    WHITE,
    Color,
    Rng,
    between,
    chance,
    darker,
    mix,
    pick,
    weighted,
)
from tools.training.procedural.curves import Points, arc, ellipse, joined, points, smooth
from tools.training.procedural.eyes import Eyes
from tools.training.procedural.head import Head
from tools.training.procedural.svg import Drawing, Role, css


class Brush:
    """Soft shapes on a head, lit from one side."""

    def __init__(self, rng: Rng, drawing: Drawing, head: Head, skin: Color) -> None:
        self._rng, self._drawing, self._head = rng, drawing, head
        self.skin = skin
        self.light = int(rng.choice([-1, 1]))
        warm = chance(rng, 0.6)
        contrast = between(rng, 0.25, 0.75)
        self.shadow = mix(skin, (50, 25, 40) if warm else (20, 25, 50), contrast)
        self.glow = mix(skin, (255, 240, 200) if warm else (220, 235, 255), between(rng, 0.2, 0.6))
        soft = between(rng, 0.6, 3.5)
        self._blurs = {
            factor: drawing.define(
                "filter", 'x="-0.6" y="-0.6" width="2.2" height="2.2"',
                f'<feGaussianBlur stdDeviation="{soft * factor:.1f}"/>',
            )
            for factor in (0.3, 1.0, 2.5)
        }  # fmt: skip

    def dab(
        self,
        at: tuple[float, float],
        shape: Points,
        color: Color,
        opacity: float,
        *,
        blur: float = 1.0,
    ) -> None:
        """A soft spot on the face, at a face point, in radians."""
        path = smooth(self._head.place(at, shape))
        more = f'opacity="{opacity:.2f}" filter="{self._blurs[blur]}"'
        self._drawing.add(path, Role.DETAIL, fill=css(color), more=more)

    def line(
        self,
        at: tuple[float, float],
        shape: Points,
        color: Color,
        width: float,
        *,
        blur: float = 0.3,
    ) -> None:
        """A soft line on the face."""
        path = smooth(self._head.place(at, shape), closed=False)
        self._drawing.add(
            path, Role.DETAIL, stroke=css(color), width=width, more=f'filter="{self._blurs[blur]}"'
        )

    def side(self) -> None:
        """The shadow over the half of the face that is turned away from the light."""
        outline = self._head.outline()
        size = float(np.ptp(outline, axis=0).max())
        middle = outline.mean(axis=0)
        shift = (
            np.array([self.light * between(self._rng, 0.05, 0.4), -between(self._rng, 0, 0.25)])
            * size
        )
        path = smooth((outline - middle) * 3 + middle) + smooth(outline + shift)
        more = f'fill-rule="evenodd" opacity="{between(self._rng, 0.5, 1):.2f}" filter="{self._blurs[2.5]}"'
        self._drawing.add(path, Role.DETAIL, fill=css(self.shadow), more=more)

    def strokes(self, count: int) -> None:
        """Short strokes of near colours, as a brush leaves them."""
        for _ in range(count):
            at = (between(self._rng, -1, 1), between(self._rng, -1, 1))
            tone = mix(
                self.skin,
                pick(self._rng, [self.shadow, self.glow, (190, 80, 70)]),
                between(self._rng, 0.1, 0.6),
            )
            slope = between(self._rng, -0.2, 0.2)
            self.line(at, points((-0.12, -slope), (0.12, slope)), tone, between(self._rng, 1, 6))


def draw_portrait(
    rng: Rng, drawing: Drawing, head: Head, skin: Color, hair: Color, *, creature: bool
) -> Eyes:
    """Paints a face on the head, whose outline is clipped. Returns where the eyes are."""
    path = smooth(head.outline())
    drawing.add(path, Role.FACE, fill=css(skin))
    clip = drawing.define("clipPath", "", f'<path d="{path}"/>')
    size = between(rng, 0.1, 0.19)
    eyes = Eyes(between(rng, 0.3, 0.48), between(rng, -0.22, 0.02), size, "almond", skin, hair)
    brush = Brush(rng, drawing, head, skin)
    with drawing.group(f'clip-path="{clip}"'):
        brush.side()
        brush.strokes(int(rng.integers(0, 30)))
        _sockets(rng, brush, eyes)
        nose = eyes.height + between(rng, 0.3, 0.5)
        mouth = nose + between(rng, 0.2, 0.36)
        _nose(rng, brush, head, eyes, nose, creature=creature)
        _mouth(rng, brush, mouth, creature=creature)
        _cheeks(rng, brush, nose)
        closed = chance(rng, 0.12)
        for side in (-1, 1):
            _eye(rng, brush, eyes, side, closed=closed, creature=creature)
            _brow(rng, brush, eyes, side)
    return eyes


def _sockets(rng: Rng, brush: Brush, eyes: Eyes) -> None:
    depth = between(rng, 0.2, 0.9)
    for side in (-1, 1):
        brush.dab(
            (side * eyes.spacing, eyes.height - 0.06),
            ellipse(eyes.size * 1.6, eyes.size * 1.3),
            brush.shadow,
            depth,
        )
    if chance(rng, 0.4):
        brush.dab(
            (0, eyes.height - 0.35),
            ellipse(0.5, 0.14),
            brush.glow,
            between(rng, 0.3, 0.8),
            blur=2.5,
        )


def _eye(rng: Rng, brush: Brush, eyes: Eyes, side: int, *, closed: bool, creature: bool) -> None:
    at = (side * eyes.spacing, eyes.height)
    size = eyes.size
    dark = mix(brush.shadow, BLACK, 0.7)
    if closed:
        brush.line(at, arc(20, 160, size, size * 0.35), dark, between(rng, 1.5, 3))
        return
    tall = between(rng, 0.25, 0.6)
    rim = joined(
        [
            points((-size, 0.0)),
            arc(205, 335, size, size * tall),
            points((size, 0.0)),
            arc(25, 155, size, size * tall),
        ]
    )
    white = pick(rng, [(235, 230, 220), (220, 205, 190), (200, 190, 180)])
    if creature and chance(rng, 0.4):
        white = pick(rng, [(240, 200, 60), (220, 60, 40), (230, 230, 120)])
    brush.dab(at, rim, white, 0.95, blur=0.3)
    look = between(rng, -0.3, 0.3) * size
    iris = pick(rng, [(60, 40, 25), (50, 80, 110), (60, 90, 60), (30, 25, 20)])
    brush.dab((at[0] + look, at[1]), ellipse(size * 0.45, size * min(tall, 0.5)), iris, 1, blur=0.3)
    brush.dab((at[0] + look, at[1]), ellipse(size * 0.2, size * 0.2), BLACK, 0.9, blur=0.3)
    if chance(rng, 0.5):
        brush.dab(
            (at[0] + look - size * 0.15, at[1] - size * 0.15),
            ellipse(size * 0.1, size * 0.1),
            WHITE,
            0.9,
            blur=0.3,
        )
    brush.line(at, arc(200, 340, size * 1.05, size * tall * 1.3), dark, between(rng, 1.2, 3.5))
    if chance(rng, 0.6):
        brush.line(
            (at[0], at[1] + size * 0.2),
            arc(30, 150, size, size * tall),
            mix(brush.skin, brush.shadow, 0.6),
            between(rng, 1, 2),
        )


def _brow(rng: Rng, brush: Brush, eyes: Eyes, side: int) -> None:
    lift, anger = eyes.size * between(rng, 1.1, 1.7), float(rng.normal(0, 0.05))
    shape = points(
        (-side * eyes.size * 1.1, anger), (0, -0.04), (side * eyes.size * 1.2, 0.03 - anger)
    )
    brush.line(
        (side * eyes.spacing, eyes.height - lift),
        shape,
        mix(eyes.hair, BLACK, 0.2),
        between(rng, 1.5, 6),
    )


def _nose(rng: Rng, brush: Brush, head: Head, eyes: Eyes, low: float, *, creature: bool) -> None:
    wide = between(rng, 0.09, 0.2) * (1.5 if creature and chance(rng, 0.5) else 1)
    out = np.sin(head.yaw) * 0.25
    away = -brush.light
    ridge = points(
        (away * 0.02, eyes.height - low),
        (away * wide * 0.6 + out * 0.5, -0.1),
        (away * wide + out, 0),
        (out, 0.04),
    )
    brush.line((0, low), ridge, brush.shadow, between(rng, 2, 7), blur=1.0)
    brush.dab(
        (out * 0.8, low - 0.15), ellipse(wide * 0.35, 0.18), brush.glow, between(rng, 0.3, 0.9)
    )
    brush.dab((out, low + 0.05), ellipse(wide * 1.1, 0.04), brush.shadow, between(rng, 0.4, 0.9))
    for side in (-1, 1):
        brush.dab(
            (out + side * wide * 0.55, low + 0.03),
            ellipse(wide * 0.25, 0.022),
            mix(brush.shadow, BLACK, 0.6),
            0.8,
            blur=0.3,
        )


def _mouth(rng: Rng, brush: Brush, height: float, *, creature: bool) -> None:
    wide = between(rng, 0.18, 0.34)
    bend = between(rng, -0.06, 0.08)
    kind = weighted(rng, {"closed": 0.7, "open": 0.2, "teeth": 0.1})
    red = mix(brush.skin, (150, 40, 45), between(rng, 0.15, 0.7))
    upper = points(
        (-wide, -bend), (-0.05, -0.05), (0, -0.035), (0.05, -0.05), (wide, -bend), (0, 0.02)
    )
    lower = points((-wide * 0.8, -bend * 0.5), (0, 0.01), (wide * 0.8, -bend * 0.5), (0, 0.1))
    brush.dab((0, height), lower, red, 0.8, blur=0.3)
    brush.dab((0, height), upper, darker(red, 0.75), 0.8, blur=0.3)
    if kind != "closed":
        brush.dab(
            (0, height + 0.02),
            ellipse(wide * 0.7, between(rng, 0.04, 0.14)),
            (50, 15, 20),
            0.95,
            blur=0.3,
        )
        if kind == "teeth":
            brush.dab((0, height), ellipse(wide * 0.6, 0.03), (235, 225, 200), 0.9, blur=0.3)
    brush.line(
        (0, height),
        points((-wide, -bend), (0, 0.015), (wide, -bend)),
        mix(brush.shadow, BLACK, 0.5),
        between(rng, 1, 3),
    )
    brush.dab((0, height + 0.17), ellipse(0.16, 0.035), brush.shadow, between(rng, 0.2, 0.7))
    if creature and chance(rng, 0.6):
        long = between(rng, 0.1, 0.3)
        for side in (-1, 1):
            tusk = points(
                (side * wide * 0.8, 0.04), (side * wide * 0.75, -long), (side * wide * 0.5, 0.04)
            )
            brush.dab((0, height), tusk, (235, 225, 190), 1, blur=0.3)


def _cheeks(rng: Rng, brush: Brush, height: float) -> None:
    for side in (-1, 1):
        tone = brush.glow if side == brush.light else brush.shadow
        brush.dab(
            (side * 0.62, height - 0.08), ellipse(0.2, 0.16), tone, between(rng, 0.2, 0.7), blur=2.5
        )
    if chance(rng, 0.4):
        brush.dab(
            (brush.light * 0.45, height),
            ellipse(0.22, 0.16),
            (200, 80, 75),
            between(rng, 0.1, 0.4),
            blur=2.5,
        )
    if chance(rng, 0.35):  # lines of age
        for side in (-1, 1):
            line = points((side * 0.2, -0.03), (side * 0.32, 0.14), (side * 0.34, 0.3))
            brush.line((0, height), line, brush.shadow, between(rng, 1, 3))
