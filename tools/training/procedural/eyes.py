"""Eyes and brows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tools.training.procedural.chance import (
    BLACK,
    WHITE,
    Color,
    Rng,
    any_color,
    between,
    chance,
    darker,
    mix,
    pick,
    weighted,
)
from tools.training.procedural.curves import (
    Points,
    arc,
    ellipse,
    joined,
    points,
    smooth,
    straight,
    turned,
)
from tools.training.procedural.head import Head
from tools.training.procedural.style import Style
from tools.training.procedural.svg import Drawing, Role, css


@dataclass(frozen=True, slots=True)
class Eyes:
    """Where the eyes are: half the distance between them, their height, their size, in radians."""

    spacing: float
    height: float
    size: float
    kind: str
    skin: Color
    hair: Color


def random_eyes(rng: Rng, skin: Color, hair: Color, *, creature: bool) -> Eyes:
    kind = weighted(
        rng,
        {
            "dot": 0.14, "oval": 0.07, "white": 0.2, "iris": 0.14, "almond": 0.12, "closed": 0.1,
            "line": 0.04, "cross": 0.015, "spiral": 0.01, "hollow": 0.03, "lidded": 0.1, "slit": 0.02,
            "glow": 0.05 if creature else 0.005, "socket": 0.02,
        },
    )  # fmt: skip
    size = between(rng, 0.04, 0.09) if kind == "dot" else between(rng, 0.09, 0.32)
    if kind in ("almond", "lidded", "slit"):
        size = between(rng, 0.1, 0.22)
    spacing = between(rng, max(0.14, size * 0.9), 0.52)
    return Eyes(spacing, between(rng, -0.42, 0.08), size, kind, skin, hair)


def draw_eyes(
    rng: Rng,
    drawing: Drawing,
    head: Head,
    style: Style,
    eyes: Eyes,
    sides: tuple[int, ...] = (-1, 1),
) -> None:
    """Draws both eyes, or those of the given sides."""
    look = rng.uniform(-0.5, 0.5, 2)
    iris = (
        any_color(rng)
        if chance(rng, 0.5)
        else pick(rng, [(70, 45, 25), (60, 110, 170), (60, 120, 70)])
    )
    kinds = {side: eyes.kind for side in sides}
    if len(sides) == 2 and chance(rng, 0.05):  # a wink
        kinds[pick(rng, sides)] = pick(rng, ["closed", "line"])
    tall = float(rng.choice([0.5, 0.75, 1.0, 1.0, 1.3, 1.6]))
    slant = float(rng.normal(0, 8))
    upward = chance(rng, 0.5)
    pupil = between(rng, 0.2, 0.75)
    seed = int(rng.integers(2**32))
    for side in sides:
        same = np.random.default_rng(seed)  # both eyes get the same random details
        _one_eye(
            same,
            drawing,
            head,
            style,
            eyes,
            kinds[side],
            side,
            look,
            iris,
            tall,
            slant,
            upward,
            pupil,
        )


def _one_eye(
    rng: Rng, drawing: Drawing, head: Head, style: Style, eyes: Eyes, kind: str, side: int,
    look: Points, iris: Color, tall: float, slant: float, upward: bool, pupil: float,
) -> None:  # fmt: skip
    at = (side * eyes.spacing, eyes.height)
    size = eyes.size

    def shape(local: Points, scale: float = 1.0, shift: tuple[float, float] = (0, 0)) -> Points:
        return head.place(
            (at[0] + shift[0] * size, at[1] + shift[1] * size),
            turned(local, slant * side),
            size * scale,
        )

    dark = style.dark
    if kind == "dot":
        drawing.add(smooth(shape(ellipse(1, between(rng, 0.9, 1.8)))), Role.DETAIL, fill=css(dark))
    elif kind == "oval":
        drawing.add(smooth(shape(ellipse(0.55, 1))), Role.DETAIL, fill=css(dark))
        if chance(rng, 0.6):
            drawing.add(
                smooth(shape(ellipse(0.18, 0.28), shift=(0.15, -0.4))), Role.DETAIL, fill="#fff"
            )
    elif kind == "closed":
        curve = arc(200, 340, 1, 0.8) if upward else arc(20, 160, 1, 0.6)
        style.stroke(drawing, smooth(shape(curve), closed=False), dark, style.pen)
        if chance(rng, 0.35):
            _lashes(drawing, style, shape, down=not upward)
    elif kind == "line":
        style.stroke(
            drawing, straight(shape(points((-1, 0), (1, 0))), closed=False), dark, style.pen
        )
    elif kind == "cross":
        for sign in (-1, 1):
            line = shape(points((-0.8, -0.8 * sign), (0.8, 0.8 * sign)))
            style.stroke(drawing, straight(line, closed=False), dark, style.pen)
    elif kind == "spiral":
        for radius in (0.3, 0.65, 1.0):
            style.stroke(drawing, smooth(shape(ellipse(radius, radius))), dark, style.pen * 0.7)
    elif kind == "glow":
        glow = pick(rng, [(255, 60, 40), (255, 220, 60), (255, 255, 255), (120, 255, 120)])
        drawing.add(smooth(shape(_almond(0.5))), Role.DETAIL, fill=css(glow))
    elif kind == "hollow":
        style.stroke(drawing, smooth(shape(ellipse(1, tall))), dark, style.pen)
    elif kind == "socket":
        drawing.add(smooth(shape(ellipse(1.1, 1.2))), Role.DETAIL, fill=css(dark))
        drawing.add(smooth(shape(ellipse(0.3, 0.3))), Role.DETAIL, fill="#fff")
    else:
        _open_eye(rng, drawing, style, eyes, kind, side, shape, look, iris, tall, pupil)


def _open_eye(
    rng: Rng, drawing: Drawing, style: Style, eyes: Eyes, kind: str, side: int, shape,  # type: ignore[no-untyped-def]
    look: Points, iris: Color, tall: float, pupil: float,
) -> None:  # fmt: skip
    dark = style.dark
    white = (
        WHITE
        if chance(rng, 0.85)
        else pick(rng, [(255, 250, 215), (255, 240, 120), (235, 235, 235)])
    )
    almond = kind in ("almond", "lidded", "slit")
    rim = _almond(min(tall, 0.8) * 0.75) if almond else ellipse(1, tall)
    limit = 0.45 if almond else tall
    line = style.line * 0.7 or (1.5 if chance(rng, 0.5) else 0)
    drawing.add(
        smooth(shape(rim)),
        Role.DETAIL,
        fill=css(white),
        stroke=css(style.line_color(eyes.skin)),
        width=line,
    )
    radius = min(1, limit) * pupil
    centre = (float(look[0]) * (1 - radius), float(look[1]) * max(limit - radius, 0))
    clip = drawing.define("clipPath", "", f'<path d="{smooth(shape(rim))}"/>')
    with drawing.group(f'clip-path="{clip}"'):
        if kind in ("iris", "almond", "lidded"):
            large = max(radius * 1.5, 0.4)
            drawing.add(
                smooth(shape(ellipse(large, large), shift=centre)), Role.DETAIL, fill=css(iris)
            )
        if kind == "slit":
            drawing.add(
                smooth(shape(ellipse(0.16, 0.8), shift=centre)), Role.DETAIL, fill=css(BLACK)
            )
        else:
            drawing.add(
                smooth(shape(ellipse(radius, radius), shift=centre)), Role.DETAIL, fill=css(dark)
            )
        if chance(rng, 0.5):
            spot = (centre[0] - radius * 0.35, centre[1] - radius * 0.35)
            drawing.add(
                smooth(shape(ellipse(radius * 0.35, radius * 0.35), shift=spot)),
                Role.DETAIL,
                fill="#fff",
            )
        if kind == "lidded" or chance(rng, 0.15):  # heavy, angry or sad lids
            cut = between(rng, -0.6, 0.3)
            lean = side * between(rng, -0.6, 0.6)
            lid = points((-1.4, -2), (1.4, -2), (1.4, cut + lean), (-1.4, cut - lean)) * np.array(
                [1, limit]
            )
            drawing.add(straight(shape(lid)), Role.DETAIL, fill=css(darker(style.tone(eyes.skin), 0.88)),
                        stroke=css(style.line_color(eyes.skin)), width=max(line, 1.2))  # fmt: skip
    if almond and chance(rng, 0.7):
        style.stroke(
            drawing, smooth(shape(arc(195, 345, 1.1, limit * 1.4)), closed=False), dark, style.pen
        )
    if chance(rng, 0.2):
        _lashes(drawing, style, shape, down=False)


def _almond(tall: float) -> Points:
    return joined(
        [
            points((-1.15, 0.1)),
            arc(210, 330, 1, tall),
            points((1.15, -0.05)),
            arc(30, 150, 1, tall * 0.9),
        ]
    )


def _lashes(drawing: Drawing, style: Style, shape, *, down: bool) -> None:  # type: ignore[no-untyped-def]
    for angle in (215, 235, 305, 325):
        direction = arc(angle, angle, count=1) * np.array([1, -1 if down else 1])
        lash = joined([direction, direction * 1.5])
        style.stroke(drawing, straight(shape(lash), closed=False), style.dark, style.pen * 0.7)


def draw_brows(rng: Rng, drawing: Drawing, head: Head, style: Style, eyes: Eyes) -> None:
    color = eyes.hair if style.filled and chance(rng, 0.7) else style.dark
    lift = eyes.size * between(rng, 1.2, 1.9) + between(rng, 0.02, 0.14)
    anger = float(rng.normal(0, 0.35))
    width = style.pen * between(rng, 0.8, 2.5)
    bend = between(rng, -0.1, 0.5)
    for side in (-1, 1):
        uneven = between(rng, -0.04, 0.04)
        brow = points((-side * 0.9, anger * 0.8), (0, -bend), (side * 1.1, -anger * 0.6))
        at = (side * eyes.spacing, eyes.height - lift + uneven)
        place = head.place(at, brow, max(eyes.size, 0.14))
        style.stroke(drawing, smooth(place, closed=False), mix(color, BLACK, 0.1), width)
