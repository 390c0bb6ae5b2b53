"""Hands: bare and gloved, with four or five fingers, in several gestures."""

import numpy as np

from tools.training.procedural.chance import Color, Rng, between, chance, pick, weighted
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
from tools.training.procedural.style import Style
from tools.training.procedural.svg import Drawing, Role, css

_CURLED = 0.35
"""Length of a folded finger, as a share of a straight one."""


def draw_hand(
    rng: Rng,
    drawing: Drawing,
    style: Style,
    skin: Color,
    at: tuple[float, float],
    size: float,
    degrees: float,
) -> None:
    """Draws a hand around a point. `size` is the palm's semi-axis; 0 degrees points upwards."""
    gesture = weighted(
        rng,
        {
            "open": 0.3,
            "fist": 0.14,
            "point": 0.14,
            "peace": 0.08,
            "thumb": 0.14,
            "mitten": 0.12,
            "relaxed": 0.08,
        },
    )
    gloved = chance(rng, 0.2)
    color = (255, 255, 255) if gloved and chance(rng, 0.7) else skin
    mirror = int(rng.choice([-1, 1]))
    fingers = 3 if chance(rng, 0.4) else 4

    def put(shape: Points) -> Points:
        return turned(shape * np.array([mirror, 1]), degrees) * size + np.array(at)

    wrist = points((-0.45, 0.6), (0.45, 0.6), (0.5, 2.2), (-0.5, 2.2))
    sleeve = chance(rng, 0.5)
    style.paint(
        rng,
        drawing,
        straight(put(wrist)),
        (60, 80, 150) if sleeve else color,
        Role.GROUND if sleeve else Role.HAND,
    )
    if gesture == "mitten":
        shape = joined([points((-0.75, 0.7)), arc(180, 360, 0.8, 1.6), points((0.75, 0.7))])
        style.paint(rng, drawing, smooth(put(shape)), color, Role.HAND)
        _finger(rng, drawing, style, color, put, (0.6, 0.3), 60, 0.8, 0.3)
        return
    straight_fingers = {
        "open": range(fingers), "fist": (), "point": (0,), "peace": (0, 1), "thumb": (), "relaxed": range(fingers),
    }[gesture]  # fmt: skip
    spread = between(rng, 4, 16) if gesture == "open" else between(rng, 0, 5)
    long = between(rng, 1.0, 1.8) * (0.65 if gesture == "relaxed" else 1)
    thick = 1.5 / fingers * between(rng, 0.42, 0.55)
    order = rng.permutation(fingers) if chance(rng, 0.3) else range(fingers)
    for index in order:
        share = (index + 0.5) / fingers - 0.5
        length = long * (1 - 0.35 * abs(share + 0.1))
        if index not in straight_fingers:
            length *= _CURLED
        _finger(
            rng,
            drawing,
            style,
            color,
            put,
            (-share * 1.4, -0.5),
            -share * fingers * spread,
            length,
            thick,
        )
    palm = points(
        (-0.75, -0.5),
        (0, -0.75),
        (0.75, -0.5),
        (0.8, 0.3),
        (0.45, 0.95),
        (-0.45, 0.95),
        (-0.8, 0.3),
    )
    style.paint(rng, drawing, smooth(put(palm)), color, Role.HAND)
    if gesture in ("fist", "point", "thumb") or chance(rng, 0.3):  # knuckles
        for x in np.linspace(-0.5, 0.5, fingers):
            knuckle = put(points((x, -0.6), (x, -0.15)))
            style.stroke(
                drawing, straight(knuckle, closed=False), style.line_color(color), style.pen * 0.6
            )
    angle, length = (
        (0, 1.3)
        if gesture == "thumb"
        else ((-70, 0.7) if gesture == "fist" else (between(rng, 25, 70), 0.95))
    )
    _finger(rng, drawing, style, color, put, (0.65, 0.2), angle, length, thick * 1.1)
    if gloved:
        cuff = put(points((-0.6, 0.8), (0.6, 0.8), (0.6, 1.15), (-0.6, 1.15)))
        style.paint(rng, drawing, smooth(cuff), color, Role.HAND)


def _finger(
    rng: Rng, drawing: Drawing, style: Style, color: Color, put, base: tuple[float, float],  # type: ignore[no-untyped-def]
    degrees: float, length: float, thick: float,
) -> None:  # fmt: skip
    shape = joined(
        [
            points((-thick, 0.3), (-thick, -length + thick)),
            arc(200, 340, thick, thick, 6) + np.array([0, -length + thick]),
            points((thick, -length + thick), (thick, 0.3)),
        ]
    )
    path = smooth(put(turned(shape, degrees) + np.array(base)))
    style.paint(rng, drawing, path, color, Role.HAND)
    if chance(rng, 0.15):
        nail = put(
            turned(
                ellipse(thick * 0.5, thick * 0.6) + np.array([0, -length + thick * 0.6]), degrees
            )
            + np.array(base)
        )
        drawing.add(
            smooth(nail),
            Role.DETAIL,
            fill=css(pick(rng, [(255, 200, 190), (200, 40, 60), (240, 225, 210)])),
        )
