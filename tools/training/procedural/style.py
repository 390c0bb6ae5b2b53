"""How shapes are painted: ink, flat colours, gradients, shadows, hatching, brush-like edges."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tools.training.procedural.chance import (
    BLACK,
    WHITE,
    Color,
    Rng,
    between,
    brightness,
    chance,
    darker,
    mix,
    pick,
    weighted,
)
from tools.training.procedural.curves import Points, smooth
from tools.training.procedural.svg import Drawing, Role, css


@dataclass(frozen=True, slots=True)
class Style:
    """A manner of drawing.

    `line` is the width of the ink, 0 for none; `ink` its colour, None for a darker tone of each
    fill. `shading` is flat, linear, ball (a radial gradient), or soft (blurred shadows). `filled`
    is false for line art.
    """

    line: float
    ink: Color | None
    shading: str
    filled: bool
    paper: Color

    def tone(self, color: Color) -> Color:
        """The colour that a fill gets: that of the paper in line art."""
        return color if self.filled else self.paper

    def line_color(self, fill: Color) -> Color:
        if self.ink is not None:
            return self.ink
        return darker(self.tone(fill), 0.45)

    def paint(
        self, rng: Rng, drawing: Drawing, path: str, color: Color, role: Role, *, line: float = 1.0
    ) -> None:
        """Fills a shape and outlines it. `line` scales the ink's width; 0 leaves it out."""
        tone = self.tone(color)
        fill = css(tone)
        if self.filled and self.shading in ("linear", "ball", "soft") and chance(rng, 0.85):
            fill = _gradient(rng, drawing, tone, round_=self.shading == "ball")
        drawing.add(
            path, role, fill=fill, stroke=css(self.line_color(color)), width=self.line * line
        )

    def stroke(
        self, drawing: Drawing, path: str, color: Color, width: float, role: Role = Role.DETAIL
    ) -> None:
        """Draws a line."""
        drawing.add(path, role, stroke=css(color), width=max(width, 0.8))

    @property
    def pen(self) -> float:
        """The width of lines inside a shape, which need one even where outlines have none."""
        return max(self.line, 2.0)

    @property
    def dark(self) -> Color:
        """The colour of pupils, mouths and closed eyes."""
        return self.ink if self.ink is not None else (40, 28, 24)


def random_style(rng: Rng) -> Style:
    kind = weighted(
        rng, {"ink": 0.34, "toned ink": 0.14, "flat": 0.2, "line art": 0.14, "painted": 0.18}
    )
    line = float(np.exp(between(rng, np.log(1.2), np.log(8))))
    ink = (
        BLACK
        if chance(rng, 0.7)
        else pick(rng, [(35, 25, 40), (60, 30, 20), (20, 30, 60), (60, 60, 60)])
    )
    if kind == "line art":
        paper, ink = (WHITE, ink) if chance(rng, 0.85) else (ink, WHITE)
        return Style(min(line, 5), ink, "flat", filled=False, paper=paper)
    shading = weighted(rng, {"flat": 0.5, "linear": 0.2, "ball": 0.15, "soft": 0.15})
    if kind == "ink":
        return Style(line, ink, shading, filled=True, paper=WHITE)
    if kind == "toned ink":
        return Style(line, None, shading, filled=True, paper=WHITE)
    if kind == "flat":
        return Style(0, ink, shading, filled=True, paper=WHITE)
    thin = replace(Style(line, None, "soft", filled=True, paper=WHITE), line=min(line, 2) * 0.5)
    return thin if chance(rng, 0.5) else replace(thin, line=0)


def shade_face(rng: Rng, drawing: Drawing, style: Style, outline: Points, skin: Color) -> None:
    """Adds shadows, lights and textures over the face, clipped to its outline."""
    if not style.filled:
        if chance(rng, 0.3):
            _hatch(rng, drawing, style, outline)
        return
    path = smooth(outline)
    clip = drawing.define("clipPath", "", f'<path d="{path}"/>')
    low, high = outline.min(axis=0), outline.max(axis=0)
    size = float((high - low).max())
    count = {"soft": 9, "ball": 2, "linear": 2, "flat": 1}[style.shading]
    with drawing.group(f'clip-path="{clip}"'):
        for _ in range(int(rng.integers(0, count + 1))):
            _patch(rng, drawing, style, outline, skin, size)
        if chance(rng, 0.12):
            _rim_light(rng, drawing, outline, skin, size)
        if chance(rng, 0.07):
            _dots(rng, drawing, outline, skin)
    if chance(rng, 0.06):
        _hatch(rng, drawing, style, outline)


def _gradient(rng: Rng, drawing: Drawing, color: Color, *, round_: bool) -> str:
    contrast = between(rng, 0.05, 0.5)
    light = mix(color, (255, 250, 230), contrast * 0.7)
    dark = mix(darker(color, 0.35), (60, 30, 70), 0.15)
    stops = (
        f'<stop offset="0" stop-color="{css(light)}"/>'
        f'<stop offset="{between(rng, 0.35, 0.6):.2f}" stop-color="{css(color)}"/>'
        f'<stop offset="1" stop-color="{css(mix(color, dark, contrast))}"/>'
    )
    if round_:
        x, y = between(rng, 0.25, 0.6), between(rng, 0.15, 0.5)
        return drawing.define("radialGradient", f'cx="{x:.2f}" cy="{y:.2f}" r="0.8"', stops)
    turn = f'gradientTransform="rotate({between(rng, 0, 360):.0f} 0.5 0.5)"'
    return drawing.define("linearGradient", turn, stops)


def _patch(
    rng: Rng, drawing: Drawing, style: Style, outline: Points, skin: Color, size: float
) -> None:
    """A shadow, a light or a blush: a shifted outline, or a blot."""
    middle = outline.mean(axis=0)
    hard = style.shading == "flat" or chance(rng, 0.35)
    kind = weighted(rng, {"side": 0.45, "blot": 0.35, "blush": 0.2})
    tone = darker(skin, between(rng, 0.55, 0.92))
    if chance(rng, 0.3):
        tone = mix(tone, pick(rng, [(90, 60, 150), (60, 80, 150), (150, 60, 40)]), 0.3)
    if chance(rng, 0.25):
        tone = mix(skin, WHITE, between(rng, 0.15, 0.5))
    if kind == "side":
        # what the shifted face leaves: a crescent, drawn as a ring with a hole
        shift = rng.uniform(-0.3, 0.3, 2) * size
        far = (outline - middle) * 3 + middle
        path = smooth(far) + smooth((outline - middle) * between(rng, 0.85, 1.1) + middle + shift)
    else:
        if kind == "blush":
            tone = mix(skin, (255, 70, 70), between(rng, 0.2, 0.5))
        spread = between(rng, 0.06, 0.2 if kind == "blush" else 0.45) * size
        angle = np.linspace(0, 2 * np.pi, 9, endpoint=False)
        radius = spread * rng.uniform(0.6, 1.2, 9)
        at = middle + rng.uniform(-0.4, 0.4, 2) * size
        path = smooth(np.stack([np.cos(angle), np.sin(angle)], axis=1) * radius[:, None] + at)
    more = f'fill-rule="evenodd" opacity="{between(rng, 0.25, 0.9):.2f}"'
    if not hard:
        deviation = between(rng, 0.02, 0.09) * size
        blur = drawing.define(
            "filter", 'x="-0.5" y="-0.5" width="2" height="2"',
            f'<feGaussianBlur stdDeviation="{deviation:.1f}"/>',
        )  # fmt: skip
        more += f' filter="{blur}"'
    drawing.add(path, Role.DETAIL, fill=css(tone), more=more)


def _rim_light(rng: Rng, drawing: Drawing, outline: Points, skin: Color, size: float) -> None:
    light = mix(skin, pick(rng, [WHITE, (255, 220, 120), (120, 200, 255), (255, 120, 80)]), 0.7)
    shift = rng.uniform(-0.06, 0.06, 2) * size
    drawing.add(
        smooth(outline + shift), Role.DETAIL, stroke=css(light), width=between(rng, 0.01, 0.05) * size,
        more=f'opacity="{between(rng, 0.4, 1):.2f}"',
    )  # fmt: skip


def _pattern_of(drawing: Drawing, step: float, angle: float, content: str) -> str:
    attributes = (
        f'width="{step:.1f}" height="{step:.1f}" patternUnits="userSpaceOnUse" '
        f'patternTransform="rotate({angle:.0f})"'
    )
    return drawing.define("pattern", attributes, content)


def _dots(rng: Rng, drawing: Drawing, outline: Points, skin: Color) -> None:
    """Halftone dots, as of printed comics."""
    step = between(rng, 3.5, 9)
    tone = mix(skin, pick(rng, [(220, 60, 60), (60, 60, 60), darker(skin, 0.7)]), 0.6)
    dot = f'<circle cx="{step / 2:.1f}" cy="{step / 2:.1f}" r="{step * between(rng, 0.2, 0.4):.1f}" fill="{css(tone)}"/>'
    fill = _pattern_of(drawing, step, 45, dot)
    drawing.add(smooth(outline), Role.DETAIL, fill=fill)


def _hatch(rng: Rng, drawing: Drawing, style: Style, outline: Points) -> None:
    """Parallel strokes over a side of the face."""
    middle = outline.mean(axis=0)
    size = float(np.ptp(outline, axis=0).max())
    step = between(rng, 3.5, 8)
    ink = style.ink or (60, 40, 35)
    if brightness(ink) > 128 and style.filled:
        ink = BLACK
    line = f'<rect width="{step:.1f}" height="{between(rng, 0.6, 1.6):.1f}" fill="{css(ink)}"/>'
    fill = _pattern_of(drawing, step, between(rng, -60, 60), line)
    clip = drawing.define("clipPath", "", f'<path d="{smooth(outline)}"/>')
    shifted = outline + rng.uniform(-0.45, 0.45, 2) * size
    far = (outline - middle) * 3 + middle
    with drawing.group(f'clip-path="{clip}"'):
        drawing.add(
            smooth(far) + smooth(shifted), Role.DETAIL, fill=fill, more='fill-rule="evenodd"'
        )
