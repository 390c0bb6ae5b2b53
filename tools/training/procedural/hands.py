"""Hands: bare and gloved, with four or five fingers, in several gestures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tools.training.procedural.chance import between, chance, either_side, pick, weighted
from tools.training.procedural.colors import WHITE, Color
from tools.training.procedural.curves import (
    Point,
    Points,
    arc,
    ellipse,
    joined,
    moved,
    points,
    polygon,
    polyline,
    scaled,
    smooth,
    turned,
)
from tools.training.procedural.pen import Pen
from tools.training.procedural.svg import Role

_CURLED = 0.35
"""Length of a folded finger, as a share of a straight one."""

_STRAIGHT = {"open": 4, "relaxed": 4, "peace": 2, "point": 1, "fist": 0, "thumb": 0}
"""How many fingers each gesture stretches, from the index finger on."""


def draw_hand(pen: Pen, skin: Color, at: Point, size: float, degrees: float) -> None:
    """Draws a hand around a point. `size` is the palm's semi-axis; 0 degrees points upwards."""
    rng = pen.rng
    gesture = weighted(
        rng,
        {
            "open": 0.3, "fist": 0.14, "point": 0.14, "peace": 0.08, "thumb": 0.14, "mitten": 0.12,
            "relaxed": 0.08,
        },
    )  # fmt: skip
    gloved = chance(rng, 0.2)
    color = WHITE if gloved and chance(rng, 0.7) else skin
    mirror = either_side(rng)
    hand = _Hand(pen, color, at, size, degrees, mirror, fingers=3 if chance(rng, 0.4) else 4)
    _wrist(hand)
    if gesture == "mitten":
        _mitten(hand)
        return
    thick = _fingers(hand, gesture)
    _palm(hand, knuckles=gesture in ("fist", "point", "thumb"))
    _thumb(hand, gesture, thick * 1.1)
    if gloved:
        cuff = points((-0.6, 0.8), (0.6, 0.8), (0.6, 1.15), (-0.6, 1.15))
        pen.paint(smooth(hand.put(cuff)), color, Role.HAND)


@dataclass(frozen=True, slots=True)
class _Hand:
    """Shapes: the palm reaches from -1 to 1, fingers point upwards. `mirror` is -1 or 1."""

    pen: Pen
    color: Color
    at: Point
    size: float
    degrees: float
    mirror: int
    fingers: int

    def put(self, shape: Points) -> Points:
        """Canvas points."""
        unit = turned(scaled(shape, self.mirror, 1), self.degrees)
        return moved(unit * self.size, *self.at)


def _wrist(hand: _Hand) -> None:
    path = polygon(hand.put(points((-0.45, 0.6), (0.45, 0.6), (0.5, 2.2), (-0.5, 2.2))))
    if chance(hand.pen.rng, 0.5):  # a sleeve
        hand.pen.paint(path, (60, 80, 150), Role.GROUND)
    else:
        hand.pen.paint(path, hand.color, Role.HAND)


def _mitten(hand: _Hand) -> None:
    shape = joined(points((-0.75, 0.7)), arc(180, 360, 0.8, 1.6), points((0.75, 0.7)))
    hand.pen.paint(smooth(hand.put(shape)), hand.color, Role.HAND)
    _finger(hand, (0.6, 0.3), 60, 0.8, 0.3)


def _fingers(hand: _Hand, gesture: str) -> float:
    """Draws all but the thumb. Returns their half width."""
    rng, fingers = hand.pen.rng, hand.fingers
    spread = between(rng, 4, 16) if gesture == "open" else between(rng, 0, 5)
    long = between(rng, 1.0, 1.8) * (0.65 if gesture == "relaxed" else 1)
    thick = 1.5 / fingers * between(rng, 0.42, 0.55)
    order = rng.permutation(fingers) if chance(rng, 0.3) else np.arange(fingers)
    for index in order:
        share = (index + 0.5) / fingers - 0.5
        length = long * (1 - 0.35 * abs(share + 0.1))
        if index >= _STRAIGHT[gesture]:
            length *= _CURLED
        _finger(hand, (-share * 1.4, -0.5), -share * fingers * spread, length, thick)
    return thick


def _palm(hand: _Hand, *, knuckles: bool) -> None:
    pen = hand.pen
    palm = points(
        (-0.75, -0.5), (0, -0.75), (0.75, -0.5), (0.8, 0.3), (0.45, 0.95), (-0.45, 0.95),
        (-0.8, 0.3),
    )  # fmt: skip
    pen.paint(smooth(hand.put(palm)), hand.color, Role.HAND)
    if knuckles or chance(pen.rng, 0.3):
        for x in np.linspace(-0.5, 0.5, hand.fingers):
            knuckle = polyline(hand.put(points((x, -0.6), (x, -0.15))))
            pen.stroke(knuckle, pen.style.line_color(hand.color), pen.style.detail * 0.6)


def _thumb(hand: _Hand, gesture: str, thick: float) -> None:
    if gesture == "thumb":
        degrees, length = 0.0, 1.3
    elif gesture == "fist":
        degrees, length = -70.0, 0.7
    else:
        degrees, length = between(hand.pen.rng, 25, 70), 0.95
    _finger(hand, (0.65, 0.2), degrees, length, thick)


def _finger(hand: _Hand, base: Point, degrees: float, length: float, thick: float) -> None:
    def put(upright: Points) -> str:
        return smooth(hand.put(moved(turned(upright, degrees), *base)))

    pen, tip = hand.pen, thick - length
    shape = joined(
        points((-thick, 0.3), (-thick, tip)),
        moved(arc(200, 340, thick, thick, 6), 0, tip),
        points((thick, tip), (thick, 0.3)),
    )
    pen.paint(put(shape), hand.color, Role.HAND)
    if chance(pen.rng, 0.15):
        nail = moved(ellipse(thick * 0.5, thick * 0.6), 0, thick * 0.6 - length)
        pen.spot(put(nail), pick(pen.rng, [(255, 200, 190), (200, 40, 60), (240, 225, 210)]))
