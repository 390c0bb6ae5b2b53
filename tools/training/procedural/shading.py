"""Shadows, lights, textures and blemishes over a face."""

from __future__ import annotations

import numpy as np

from tools.training.procedural.chance import between, chance, count, pick, weighted
from tools.training.procedural.colors import BLACK, WHITE, Color, brightness, css, darker, mix
from tools.training.procedural.curves import Points, extent, remainder, smooth
from tools.training.procedural.pen import Pen
from tools.training.procedural.svg import Drawing, Line, Role

_PATCHES = {"soft": 9, "ball": 2, "linear": 2, "flat": 1}
"""The most shadows and lights that a face gets, by the style's shading."""


def shade_face(pen: Pen, outline: Points, skin: Color) -> None:
    """Draws onto a face, clipped to its outline."""
    rng = pen.rng
    if not pen.style.filled:
        if chance(rng, 0.3):
            _hatch(pen, outline)
        return
    with pen.drawing.clipped(smooth(outline)):
        for _ in range(count(rng, 0, _PATCHES[pen.style.shading] + 1)):
            _patch(pen, outline, skin)
        if chance(rng, 0.12):
            _rim_light(pen, outline, skin)
        if chance(rng, 0.07):
            _dots(pen, outline, skin)
    if chance(rng, 0.06):
        _hatch(pen, outline)


def _patch(pen: Pen, outline: Points, skin: Color) -> None:
    """A shadow, a light or a blush: what a shifted face leaves free, or a blot."""
    rng, size = pen.rng, extent(outline)
    hard = pen.style.shading == "flat" or chance(rng, 0.35)
    kind = weighted(rng, {"side": 0.45, "blot": 0.35, "blush": 0.2})
    tone = darker(skin, between(rng, 0.55, 0.92))
    if chance(rng, 0.3):
        tone = mix(tone, pick(rng, [(90, 60, 150), (60, 80, 150), (150, 60, 40)]), 0.3)
    if chance(rng, 0.25):
        tone = mix(skin, WHITE, between(rng, 0.15, 0.5))
    if kind == "side":
        path = _side(pen, outline)
    elif kind == "blot":
        path = _blot(pen, outline, between(rng, 0.06, 0.45) * size)
    else:
        tone = mix(skin, (255, 70, 70), between(rng, 0.2, 0.5))
        path = _blot(pen, outline, between(rng, 0.06, 0.2) * size)
    attributes = f'fill-rule="evenodd" opacity="{between(rng, 0.25, 0.9):.2f}"'
    if not hard:
        blur = pen.drawing.define_blur(between(rng, 0.02, 0.09) * size, margin=0.5)
        attributes += f' filter="{blur}"'
    pen.drawing.add(path, Role.DETAIL, fill=tone, attributes=attributes)


def _side(pen: Pen, outline: Points) -> str:
    middle = outline.mean(axis=0)
    shift = pen.rng.uniform(-0.3, 0.3, 2) * extent(outline)
    shifted = (outline - middle) * between(pen.rng, 0.85, 1.1) + middle + shift
    return remainder(outline, shifted)


def _blot(pen: Pen, outline: Points, spread: float) -> str:
    angle = np.linspace(0, 2 * np.pi, 9, endpoint=False)
    radius = spread * pen.rng.uniform(0.6, 1.2, 9)
    at = outline.mean(axis=0) + pen.rng.uniform(-0.4, 0.4, 2) * extent(outline)
    return smooth(np.stack([np.cos(angle), np.sin(angle)], axis=1) * radius[:, None] + at)


def _rim_light(pen: Pen, outline: Points, skin: Color) -> None:
    rng, size = pen.rng, extent(outline)
    lamps = [WHITE, (255, 220, 120), (120, 200, 255), (255, 120, 80)]
    light = mix(skin, pick(rng, lamps), 0.7)
    shift = rng.uniform(-0.06, 0.06, 2) * size
    line = Line(light, between(rng, 0.01, 0.05) * size)
    opacity = f'opacity="{between(rng, 0.4, 1):.2f}"'
    pen.drawing.add(smooth(outline + shift), Role.DETAIL, line=line, attributes=opacity)


def _dots(pen: Pen, outline: Points, skin: Color) -> None:
    """Halftone dots, as of printed comics."""
    step = between(pen.rng, 3.5, 9)
    tone = mix(skin, pick(pen.rng, [(220, 60, 60), (60, 60, 60), darker(skin, 0.7)]), 0.6)
    radius = step * between(pen.rng, 0.2, 0.4)
    middle = f'cx="{step / 2:.1f}" cy="{step / 2:.1f}"'
    dot = f'<circle {middle} r="{radius:.1f}" fill="{css(tone)}"/>'
    fill = _pattern(pen.drawing, step, 45, dot)
    pen.drawing.add(smooth(outline), Role.DETAIL, fill=fill)


def _hatch(pen: Pen, outline: Points) -> None:
    """Parallel strokes over a side of the face."""
    rng = pen.rng
    step = between(rng, 3.5, 8)
    ink = pen.style.ink or (60, 40, 35)
    if brightness(ink) > 128 and pen.style.filled:
        ink = BLACK
    height = between(rng, 0.6, 1.6)
    line = f'<rect width="{step:.1f}" height="{height:.1f}" fill="{css(ink)}"/>'
    fill = _pattern(pen.drawing, step, between(rng, -60, 60), line)
    shifted = outline + rng.uniform(-0.45, 0.45, 2) * extent(outline)
    path = remainder(outline, shifted)
    with pen.drawing.clipped(smooth(outline)):
        pen.drawing.add(path, Role.DETAIL, fill=fill, attributes='fill-rule="evenodd"')


def _pattern(drawing: Drawing, step: float, degrees: float, content: str) -> str:
    """A pattern that repeats `content` each `step`."""
    attributes = (
        f'width="{step:.1f}" height="{step:.1f}" patternUnits="userSpaceOnUse" '
        f'patternTransform="rotate({degrees:.0f})"'
    )
    return drawing.define("pattern", attributes, content)
