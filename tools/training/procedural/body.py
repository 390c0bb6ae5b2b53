"""Necks, shoulders, clothes, and whole small bodies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tools.training.procedural.chance import between, chance, pick
from tools.training.procedural.colors import Color, any_color
from tools.training.procedural.curves import Point, curve, points, polygon, polyline, smooth
from tools.training.procedural.hands import draw_hand
from tools.training.procedural.head import Head
from tools.training.procedural.pen import Pen
from tools.training.procedural.svg import SIDE, Role


def draw_body(pen: Pen, head: Head, skin: Color) -> None:
    """Draws a neck and shoulders below the head."""
    rng = pen.rng
    chin = head.y + head.down * 0.9
    neck = head.across * between(rng, 0.15, 0.6)
    low = chin + between(rng, 4, 26)
    left, right = head.x - neck, head.x + neck
    column = points((left, head.y), (left, low + 12), (right, low + 12), (right, head.y))
    pen.paint(polygon(column), skin, Role.GROUND)
    wide = head.across * between(rng, 0.8, 1.9)
    drop = between(rng, 8, 40)
    neckline = low + between(rng, 0, 25)
    shirt = points(
        (head.x - neck * 1.1, low),
        (head.x - wide, low + drop),
        (head.x - wide * 1.15, SIDE + 20),
        (head.x + wide * 1.15, SIDE + 20),
        (head.x + wide, low + drop),
        (head.x + neck * 1.1, low),
        (head.x, neckline),
    )
    pen.paint(smooth(shirt), any_color(rng), Role.GROUND)
    if chance(rng, 0.35):  # a collar or lapels
        for side in (-1, 1):
            flap = points(
                (head.x, low + 20),
                (head.x + side * neck, low - 3),
                (head.x + side * neck * 1.8, low + 16),
            )
            pen.paint(polygon(flap), any_color(rng), Role.GROUND)


def draw_small_body(pen: Pen, skin: Color, chin: Point, unit: float) -> None:
    """Draws a body below a small head: trunk, limbs, hands. `unit` is the head's height."""
    rng = pen.rng
    clothes, trousers = any_color(rng), any_color(rng)
    body = _Body(
        pen,
        *chin,
        unit=unit,
        wide=unit * between(rng, 0.4, 0.8),
        tall=unit * between(rng, 0.9, 1.8),
        limb=max(unit * between(rng, 0.12, 0.25), 3),
    )
    for side in (-1, 1):
        _leg(body, side, trousers)
        _arm(body, side, clothes, skin)
    _trunk(body, clothes)


@dataclass(frozen=True, slots=True)
class _Body:
    """`x`, `y` is the chin; `wide` and `tall` measure the trunk, `limb` is the width of a limb."""

    pen: Pen
    x: float
    y: float
    unit: float
    wide: float
    tall: float
    limb: float

    def draw_limb(self, joints: npt.NDArray[np.float64], color: Color) -> None:
        self.pen.stroke(curve(joints), self.pen.style.inked(color), self.limb, Role.GROUND)


def _leg(body: _Body, side: int, color: Color) -> None:
    rng, unit = body.pen.rng, body.unit
    hip = (body.x + side * body.wide * 0.4, body.y + body.tall)
    foot = (
        body.x + side * body.wide * between(rng, 0.4, 1.2),
        body.y + body.tall + unit * between(rng, 0.8, 1.8),
    )
    knee = ((body.x + foot[0]) / 2 + side * 3, body.y + body.tall + unit * 0.6)
    body.draw_limb(points(hip, knee, foot), color)


def _arm(body: _Body, side: int, color: Color, skin: Color) -> None:
    rng, unit = body.pen.rng, body.unit
    angle = np.radians(between(rng, -60, 150) - 30)
    reach = unit * between(rng, 0.9, 1.5)
    shoulder = np.array([body.x + side * body.wide * 0.8, body.y + unit * 0.25])
    wrist = shoulder + reach * np.array([side * np.cos(angle), np.sin(angle)])
    elbow = (shoulder + wrist) / 2 + rng.normal(0, unit * 0.12, 2)
    body.draw_limb(np.array([shoulder, elbow, wrist]), color)
    size = unit * between(rng, 0.1, 0.2)
    outward = np.degrees(np.arctan2(*(wrist - elbow)[::-1])) + 90
    draw_hand(body.pen, skin, (float(wrist[0]), float(wrist[1])), size, float(outward))


def _trunk(body: _Body, color: Color) -> None:
    rng, pen, x, y = body.pen.rng, body.pen, body.x, body.y
    wide, low = body.wide, body.y + body.tall
    trunk = points(
        (x - wide * 0.4, y),
        (x - wide, y + body.unit * 0.25),
        (x - wide * between(rng, 0.7, 1.2), low),
        (x + wide * between(rng, 0.7, 1.2), low),
        (x + wide, y + body.unit * 0.25),
        (x + wide * 0.4, y),
    )
    pen.paint(smooth(trunk), color, Role.GROUND)
    if chance(rng, 0.2):
        height = y + body.tall * 0.8
        belt = polyline(points((x - wide, height), (x + wide, height)))
        pen.stroke(belt, pick(rng, [(40, 30, 20), (200, 170, 50)]), body.limb * 0.7)
