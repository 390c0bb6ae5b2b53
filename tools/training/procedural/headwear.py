"""Hats, helmets, hoods, veils, headphones. All of them are ground."""

import numpy as np

from tools.training.procedural.chance import (
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
from tools.training.procedural.curves import Points, arc, ellipse, joined, points, smooth, straight
from tools.training.procedural.head import Head
from tools.training.procedural.style import Style
from tools.training.procedural.svg import Drawing, Role, css


def random_headwear(rng: Rng) -> str:
    return weighted(
        rng,
        {
            "none": 0.62, "cap": 0.07, "brim": 0.07, "beanie": 0.04, "helmet": 0.06, "hood": 0.05,
            "crown": 0.02, "cone": 0.02, "band": 0.02, "headphones": 0.015, "turban": 0.015,
        },
    )  # fmt: skip


def draw_headwear(
    rng: Rng, drawing: Drawing, head: Head, style: Style, kind: str, eye_height: float
) -> None:
    """Draws `kind`, from the brows upwards, or further down: onto the eyes."""
    if kind == "none":
        return
    color = (
        any_color(rng)
        if chance(rng, 0.6)
        else pick(rng, [(60, 60, 70), (110, 110, 120), (120, 80, 50), (180, 40, 40), (40, 60, 120)])
    )
    edge = np.sin(eye_height) - (
        between(rng, 0.15, 0.45) if chance(rng, 0.75) else between(rng, -0.02, 0.15)
    )
    edge += np.sin(head.pitch) * 0.3

    def put(shape: Points, tone: Color = color, *, curved: bool = True) -> None:
        placed = np.concatenate([head.point(x, y) for x, y in shape])
        style.paint(rng, drawing, (smooth if curved else straight)(placed), tone, Role.GROUND)

    dome = joined(
        [points((-1.08, edge)), arc(195, 345, 1.1, between(rng, 1.1, 1.4)), points((1.08, edge))]
    )
    bow = points((0.5, edge - 0.1), (0, edge - 0.14), (-0.5, edge - 0.1))
    if kind in ("cap", "beanie", "turban"):
        put(joined([dome, bow]))
        if kind == "cap":
            side = head.side if abs(head.yaw) > 0.2 else 0
            reach = between(rng, 0.1, 0.45)
            put(
                points(
                    (-0.95 + side * 0.5, edge),
                    (0.95 + side * 0.5, edge),
                    (0.9 + side * 0.75, edge + reach),
                    (side * 0.6, edge + reach * 0.6),
                    (-0.9 + side * 0.75, edge + reach),
                ),
                darker(color, 0.85),
            )
        elif kind == "beanie":
            put(
                points(
                    (-1.12, edge - 0.15),
                    (1.12, edge - 0.15),
                    (1.12, edge + 0.08),
                    (-1.12, edge + 0.08),
                ),
                mix(color, any_color(rng), 0.4),
            )
            if chance(rng, 0.5):
                put(ellipse(0.22, 0.22) + np.array([0, -1.3]), any_color(rng))
        else:
            for _ in range(3):
                fold = points(
                    (-1.05, edge - between(rng, 0, 0.4)),
                    (0, edge - between(rng, 0.2, 0.7)),
                    (1.05, edge - between(rng, 0, 0.6)),
                )
                placed = np.concatenate([head.point(x, y) for x, y in fold])
                style.stroke(
                    drawing, smooth(placed, closed=False), darker(color, 0.6), style.pen * 0.8
                )
    elif kind == "brim":
        high, wide = between(rng, 0.6, 1.5), between(rng, 1.3, 2.1)
        top = between(rng, 0.6, 1.05)
        put(
            points(
                (-0.95, edge - 0.05),
                (-top, edge - high),
                (0, edge - high - between(rng, -0.2, 0.15)),
                (top, edge - high),
                (0.95, edge - 0.05),
            )
        )
        put(
            points(
                (-0.98, edge - 0.25), (0.98, edge - 0.25), (0.98, edge - 0.02), (-0.98, edge - 0.02)
            ),
            any_color(rng),
            curved=False,
        )
        bend = between(rng, -0.25, 0.25)
        put(
            points(
                (-wide, edge - bend),
                (-0.8, edge - 0.12),
                (0.8, edge - 0.12),
                (wide, edge - bend),
                (0.8, edge + 0.1),
                (0, edge + 0.15),
                (-0.8, edge + 0.1),
            )
        )
    elif kind == "helmet":
        metal = pick(rng, [(150, 150, 160), (110, 110, 120), (180, 150, 70), color])
        put(joined([dome, bow]), metal)
        if chance(rng, 0.45):  # a nose guard
            wide, low = between(rng, 0.06, 0.14), np.sin(eye_height) + between(rng, 0.2, 0.5)
            x = np.sin(head.yaw)
            put(
                points(
                    (x - wide, edge - 0.2),
                    (x + wide, edge - 0.2),
                    (x + wide * 0.7, low),
                    (x - wide * 0.7, low),
                ),
                metal,
                curved=False,
            )
        if chance(rng, 0.5):  # cheek guards
            for side in (-1, 1):
                put(
                    points(
                        (side * 1.12, edge - 0.1),
                        (side * between(rng, 0.55, 0.8), edge),
                        (side * between(rng, 0.5, 0.8), between(rng, 0.3, 0.9)),
                        (side * 1.05, between(rng, 0.5, 1.0)),
                    ),
                    metal,
                )
        if chance(rng, 0.3):
            put(points((-0.1, -1.2), (0, -1.7), (0.1, -1.2)), color)
    elif kind == "hood":
        outer, inner = between(rng, 1.2, 1.5), between(rng, 0.78, 1.0)
        low = between(rng, 1.2, 1.6)
        ring = joined([ellipse(outer, low, 28), points((outer, 0))])
        hole = joined(
            [
                ellipse(inner, between(rng, 0.85, 1.05), 28)[::-1]
                + np.array([np.sin(head.yaw) * 0.15, 0.1])
            ]
        )
        placed = [np.concatenate([head.point(x, y) for x, y in shape]) for shape in (ring, hole)]
        drawing.add(smooth(placed[0][:-1]) + smooth(placed[1]), Role.GROUND, fill=css(style.tone(color)), more='fill-rule="evenodd"',
                    stroke=css(style.line_color(color)), width=style.line)  # fmt: skip
    elif kind == "crown":
        high = between(rng, 0.4, 0.8)
        xs = np.linspace(-0.95, 0.95, 7)
        teeth = np.stack([xs, np.where(np.arange(7) % 2, edge - high * 0.5, edge - high)], axis=1)
        put(
            joined([points((-0.9, edge)), teeth, points((0.9, edge))]), (250, 200, 50), curved=False
        )
    elif kind == "cone":
        put(
            points(
                (-0.85, edge),
                (between(rng, -0.3, 0.3), edge - between(rng, 1.2, 2.0)),
                (0.85, edge),
            ),
            curved=False,
        )
        if chance(rng, 0.5):
            put(points((-1.6, edge + 0.05), (0, edge - 0.2), (1.6, edge + 0.05), (0, edge + 0.15)))
    elif kind == "band":
        put(
            points(
                (-1.06, edge - 0.25),
                (0, edge - 0.35),
                (1.06, edge - 0.25),
                (1.06, edge),
                (0, edge - 0.1),
                (-1.06, edge),
            )
        )
    elif kind == "headphones":
        placed = np.concatenate([head.point(x, y) for x, y in arc(185, 355, 1.15, 1.2)])
        style.stroke(drawing, smooth(placed, closed=False), color, style.pen * 2.5, Role.GROUND)
        for side in (-1, 1):
            put(ellipse(0.2, 0.35) + np.array([side * 1.08, 0.05]))
