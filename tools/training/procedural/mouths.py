"""Mouths."""

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
from tools.training.procedural.curves import Points, arc, ellipse, joined, points, smooth, straight
from tools.training.procedural.head import Head
from tools.training.procedural.style import Style
from tools.training.procedural.svg import Drawing, Role, css


def draw_mouth(
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
            "smile": 0.2, "frown": 0.08, "flat": 0.1, "wavy": 0.03, "round": 0.08, "laugh": 0.14,
            "scream": 0.05, "grin": 0.1, "lips": 0.1, "smirk": 0.05, "none": 0.03, "tongue": 0.03,
            "fangs": 0.3 if creature else 0.015, "small": 0.04,
        },
    )  # fmt: skip
    wide = between(rng, 0.1, 0.5)
    at = (head.yaw * 0.08 + float(rng.normal(0, 0.03)), height)
    ink = style.dark if chance(rng, 0.75) else (150, 50, 50)
    deep = between(rng, 0.15, 0.9)
    inside = (
        pick(rng, [BLACK, (110, 25, 30), (70, 20, 25), (150, 40, 50)])
        if style.filled
        else style.dark
    )

    def stroke(shape: Points, width: float = 1.0) -> None:
        style.stroke(
            drawing, smooth(head.place(at, shape, wide), closed=False), ink, style.pen * width
        )

    def hole(shape: Points, fill: Color) -> str:
        path = smooth(head.place(at, shape, wide))
        drawing.add(
            path, Role.FACE, fill=css(fill), stroke=css(style.line_color(skin)), width=style.line
        )
        return drawing.define("clipPath", "", f'<path d="{path}"/>')

    if kind in ("smile", "frown"):
        stroke(arc(15, 165, 1, deep) * np.array([1, 1 if kind == "smile" else -1]))
        if chance(rng, 0.25):
            for sign in (-1, 1):
                style.stroke(
                    drawing,
                    smooth(
                        head.place(
                            (at[0] + sign * wide, at[1]),
                            arc(-60, 60, 0.15, 0.25) * np.array([sign, 1]),
                            0.6,
                        ),
                        closed=False,
                    ),
                    ink,
                    style.pen * 0.8,
                )
    elif kind in ("flat", "small"):
        stroke(
            points((-1, 0), (0, between(rng, -0.1, 0.1)), (1, between(rng, -0.15, 0.15)))
            * (0.4 if kind == "small" else 1)
        )
    elif kind == "wavy":
        stroke(points((-1, 0), (-0.5, -0.25), (0, 0.1), (0.5, -0.25), (1, 0)))
    elif kind == "smirk":
        side = int(rng.choice([-1, 1]))
        stroke(points((-side * 0.6, 0.1), (0, 0.15), (side, -0.35)))
    elif kind in ("round", "scream"):
        size = between(rng, 0.4, 0.8) if kind == "round" else 1.0
        tall = size * (between(rng, 0.6, 1.4) if kind == "round" else between(rng, 0.9, 1.3))
        clip = hole(ellipse(size, tall), inside)
        _teeth_and_tongue(rng, drawing, head, at, wide, clip, tall)
    elif kind == "laugh":
        shape = joined(
            [
                points((-1, -0.1)),
                arc(0, 180, 1, deep * 1.4)[::-1],
                points((1, -0.1), (0, between(rng, -0.05, 0.3))),
            ]
        )
        clip = hole(shape[:-1] if chance(rng, 0.5) else shape, inside)
        _teeth_and_tongue(rng, drawing, head, at, wide, clip, deep * 1.4)
    elif kind == "grin":
        tall = between(rng, 0.25, 0.6)
        bend = between(rng, -0.2, 0.4)
        shape = points(
            (-1, -bend),
            (0, -tall * 0.3),
            (1, -bend),
            (0.8, tall - bend * 0.5),
            (0, tall),
            (-0.8, tall - bend * 0.5),
        )
        clip = hole(shape, WHITE if chance(rng, 0.8) else (250, 235, 180))
        with drawing.group(f'clip-path="{clip}"'):
            for x in np.linspace(-0.8, 0.8, int(rng.integers(3, 9))):
                tooth = head.place(at, points((x, -1), (x, 1)), wide)
                style.stroke(
                    drawing, straight(tooth, closed=False), style.line_color(skin), style.pen * 0.5
                )
            if chance(rng, 0.5):
                middle = head.place(at, points((-1, tall * 0.4), (1, tall * 0.4)), wide)
                style.stroke(
                    drawing, straight(middle, closed=False), style.line_color(skin), style.pen * 0.5
                )
    elif kind == "lips":
        red = mix(
            skin, pick(rng, [(200, 40, 60), (160, 60, 60), (230, 90, 120)]), between(rng, 0.3, 1)
        )
        tall = between(rng, 0.2, 0.5)
        upper = points((-1, 0), (-0.35, -tall), (0, -tall * 0.7), (0.35, -tall), (1, 0), (0, 0.1))
        lower = points((-1, 0), (0, 0.08), (1, 0), (0.4, tall), (-0.4, tall))
        for shape, tone in ((upper, darker(red, 0.88)), (lower, red)):
            drawing.add(
                smooth(head.place(at, shape, wide * 0.8)),
                Role.DETAIL,
                fill=css(style.tone(tone)),
                stroke=css(style.line_color(red)),
                width=style.line * 0.5,
            )
        stroke(points((-0.8, 0), (0, 0.05), (0.8, 0)), 0.6)
    elif kind == "tongue":
        stroke(arc(15, 165, 1, deep))
        tongue = joined([points((-0.35, 0)), arc(180, 0, 0.35, -0.9), points((0.35, 0))])
        style.paint(
            rng,
            drawing,
            smooth(head.place((at[0], at[1] + wide * deep * 0.8), tongue, wide)),
            (235, 90, 110),
            Role.FACE,
        )
    elif kind == "fangs":
        stroke(points((-1, between(rng, -0.2, 0.2)), (0, 0), (1, between(rng, -0.2, 0.2))), 1.2)
        upward = chance(rng, 0.6)  # tusks
        for sign in (-1, 1):
            length = between(rng, 0.3, 1.0) * (-1 if upward else 1)
            tusk = points((sign * 0.75, 0), (sign * 0.6, length), (sign * 0.45, 0))
            style.paint(
                rng, drawing, straight(head.place(at, tusk, wide)), (250, 245, 220), Role.FACE
            )
    if kind not in ("none", "lips", "grin") and chance(rng, 0.12):
        chin = head.place((at[0], at[1] + wide * (deep + 0.35)), arc(30, 150, 0.4, 0.25), wide)
        style.stroke(drawing, smooth(chin, closed=False), style.line_color(skin), style.pen * 0.7)


def _teeth_and_tongue(
    rng: Rng,
    drawing: Drawing,
    head: Head,
    at: tuple[float, float],
    wide: float,
    clip: str,
    tall: float,
) -> None:
    with drawing.group(f'clip-path="{clip}"'):
        if chance(rng, 0.6):
            row = points((-1, -1.5), (1, -1.5), (1, -tall * 0.35), (-1, -tall * 0.35))
            if chance(rng, 0.3):
                row *= np.array([1, 0.4])
            drawing.add(straight(head.place(at, row, wide)), Role.DETAIL, fill="#fff")
        if chance(rng, 0.6):
            tongue = head.place((at[0], at[1] + wide * tall * 0.85), ellipse(0.6, tall * 0.4), wide)
            drawing.add(
                smooth(tongue),
                Role.DETAIL,
                fill=css(mix((225, 80, 95), (255, 130, 140), between(rng, 0, 1))),
            )
