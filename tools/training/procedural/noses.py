"""Noses."""

from __future__ import annotations

import numpy as np

from tools.training.procedural.chance import (
    BLACK,
    Color,
    Rng,
    between,
    chance,
    darker,
    mix,
    weighted,
)
from tools.training.procedural.curves import arc, ellipse, points, smooth, straight
from tools.training.procedural.head import Head
from tools.training.procedural.style import Style
from tools.training.procedural.svg import Drawing, Role, css


def draw_nose(
    rng: Rng,
    drawing: Drawing,
    head: Head,
    style: Style,
    skin: Color,
    height: float,
    *,
    creature: bool,
) -> None:
    kind = weighted(
        rng,
        {
            "none": 0.08, "nostrils": 0.09, "hook": 0.16, "bulb": 0.2, "ball": 0.1, "triangle": 0.08,
            "curve": 0.11, "line": 0.06, "clown": 0.03, "long": 0.06, "wedge": 0.1,
            "snout": 0.12 if creature else 0.01,
        },
    )  # fmt: skip
    # a nose stands out: it turns further than the face
    at = (head.yaw * 0.25, height)
    size = between(rng, 0.05, 0.12)
    side = head.side if abs(head.yaw) > 0.15 else int(rng.choice([-1, 1]))
    ink = style.line_color(skin) if style.line or not style.filled else darker(skin, 0.6)
    tone = skin if chance(rng, 0.6) else mix(skin, (230, 70, 60), between(rng, 0.1, 0.5))

    def line(*pairs: tuple[float, float]) -> None:
        path = smooth(head.place(at, points(*pairs), size), closed=False)
        style.stroke(drawing, path, ink, style.pen)

    if kind == "nostrils":
        for sign in (-1, 1):
            dot = head.place((at[0] + sign * size * 0.8, at[1]), ellipse(0.35, 0.25), size)
            drawing.add(smooth(dot), Role.DETAIL, fill=css(ink))
    elif kind == "hook":
        line((0, -between(rng, 0.5, 3)), (side * 0.9, 0.5), (side * 0.5, 1), (-side * 0.4, 0.8))
    elif kind in ("bulb", "ball"):
        large = between(rng, 1.6, 3.2) if kind == "bulb" else between(rng, 0.9, 1.5)
        shape = ellipse(large * between(rng, 0.7, 1.2), large)
        style.paint(rng, drawing, smooth(head.place(at, shape, size)), tone, Role.FACE)
        if chance(rng, 0.3):
            spot = head.place(
                (at[0] - size * large * 0.3, at[1] - size * large * 0.35),
                ellipse(0.3, 0.4),
                size * large * 0.6,
            )
            drawing.add(smooth(spot), Role.DETAIL, fill="#fff", more='opacity="0.7"')
    elif kind == "triangle":
        shape = points((0, -between(rng, 1, 3.5)), (1.3, 0.8), (-1.3, 0.8))
        style.paint(
            rng, drawing, straight(head.place(at, shape, size)), darker(tone, 0.9), Role.FACE
        )
    elif kind == "curve":
        style.stroke(
            drawing,
            smooth(head.place(at, arc(20, 160, 1, 0.8), size), closed=False),
            ink,
            style.pen,
        )
    elif kind == "line":
        line((0, -1.2), (0, 0.6))
    elif kind == "clown":
        style.paint(
            rng, drawing, smooth(head.place(at, ellipse(1.5, 1.4), size)), (230, 40, 40), Role.FACE
        )
    elif kind == "long":
        reach = between(rng, 3, 7)
        shape = points(
            (0, -1.5), (side * reach, between(rng, -0.5, 1.5)), (side * reach * 0.9, 1.2), (0, 1)
        )
        style.paint(rng, drawing, smooth(head.place(at, shape, size)), tone, Role.FACE)
    elif kind == "wedge":
        shape = points(
            (-side * 0.2, -between(rng, 1.5, 3.5)), (side * 0.9, 0.6), (-side * 0.9, 0.9)
        )
        path = smooth(head.place(at, shape, size))
        drawing.add(path, Role.DETAIL, fill=css(darker(style.tone(skin), between(rng, 0.6, 0.9))))
    elif kind == "snout":
        style.paint(rng, drawing, smooth(head.place(at, ellipse(3, 2), size)), tone, Role.FACE)
        for sign in (-1, 1):
            hole = head.place((at[0] + sign * size * 1.1, at[1]), ellipse(0.4, 0.7), size)
            drawing.add(smooth(hole), Role.DETAIL, fill=css(mix(ink, BLACK, 0.4)))
    if kind in ("hook", "wedge", "bulb") and chance(rng, 0.3):  # wings
        for sign in (-1, 1):
            wing = arc(90, 270, 0.5, 0.6) * np.array([-sign, 1])
            place = head.place((at[0] + sign * size * 1.2, at[1] + size * 0.3), wing, size)
            style.stroke(drawing, smooth(place, closed=False), ink, style.pen * 0.7)
