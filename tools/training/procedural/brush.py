"""Soft lights and shadows on a head, as of paint."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tools.training.procedural.chance import Rng, between, chance, either_side, pick
from tools.training.procedural.colors import Color, mix
from tools.training.procedural.curves import Point, Points, curve, extent, points, remainder, smooth
from tools.training.procedural.head import Head
from tools.training.procedural.looks import Looks
from tools.training.procedural.pen import Pen
from tools.training.procedural.svg import Line, Role

SHARP, SOFT, WIDE = 0.3, 1.0, 2.5
"""How far edges blur, as shares of a painting's own softness."""


@dataclass(frozen=True, slots=True)
class Brush:
    """Paints onto a head that is lit from one side: `light` is -1, left, or 1, right."""

    pen: Pen
    head: Head
    looks: Looks
    light: int
    shadow: Color
    glow: Color
    blurs: dict[float, str]

    @property
    def rng(self) -> Rng:
        return self.pen.rng

    def dab(
        self, at: Point, shape: Points, color: Color, opacity: float, *, blur: float = SHARP
    ) -> None:
        """A spot around a face point. Lengths are in radians."""
        attributes = f'opacity="{opacity:.2f}" filter="{self.blurs[blur]}"'
        path = smooth(self.head.place(at, shape))
        self.pen.drawing.add(path, Role.DETAIL, fill=color, attributes=attributes)

    def line(
        self, at: Point, shape: Points, color: Color, width: float, *, blur: float = SHARP
    ) -> None:
        """A line around a face point. Only its width is in units of the canvas."""
        path = curve(self.head.place(at, shape))
        filtered = f'filter="{self.blurs[blur]}"'
        line = Line(color, width)
        self.pen.drawing.add(path, Role.DETAIL, line=line, attributes=filtered)

    def shade_side(self) -> None:
        """Darkens the half of the face that is turned away from the light."""
        outline = self.head.outline()
        right, down = self.light * between(self.rng, 0.05, 0.4), -between(self.rng, 0, 0.25)
        shifted = outline + np.array([right, down]) * extent(outline)
        opacity = f'opacity="{between(self.rng, 0.5, 1):.2f}"'
        self.pen.drawing.add(
            remainder(outline, shifted),
            Role.DETAIL,
            fill=self.shadow,
            attributes=f'fill-rule="evenodd" {opacity} filter="{self.blurs[WIDE]}"',
        )

    def scatter(self, count: int) -> None:
        """Short strokes of similar colours, as a brush leaves them."""
        for _ in range(count):
            at = (between(self.rng, -1, 1), between(self.rng, -1, 1))
            other = pick(self.rng, [self.shadow, self.glow, (190, 80, 70)])
            tone = mix(self.looks.skin, other, between(self.rng, 0.1, 0.6))
            slope = between(self.rng, -0.2, 0.2)
            self.line(at, points((-0.12, -slope), (0.12, slope)), tone, between(self.rng, 1, 6))


def random_brush(pen: Pen, head: Head, looks: Looks) -> Brush:
    rng, skin = pen.rng, looks.skin
    light = either_side(rng)
    warm = chance(rng, 0.6)
    shadow = mix(skin, (50, 25, 40) if warm else (20, 25, 50), between(rng, 0.25, 0.75))
    glow = mix(skin, (255, 240, 200) if warm else (220, 235, 255), between(rng, 0.2, 0.6))
    softness = between(rng, 0.6, 3.5)
    blurs = {
        blur: pen.drawing.define_blur(softness * blur, margin=0.6) for blur in (SHARP, SOFT, WIDE)
    }
    return Brush(pen, head, looks, light, shadow, glow, blurs)
