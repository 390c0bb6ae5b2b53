"""Necks, shoulders, clothes, and whole small bodies."""

import numpy as np

from tools.training.procedural.chance import Color, Rng, any_color, between, chance, pick
from tools.training.procedural.curves import points, smooth, straight
from tools.training.procedural.hands import draw_hand
from tools.training.procedural.head import Head
from tools.training.procedural.style import Style
from tools.training.procedural.svg import SIDE, Drawing, Role


def draw_body(rng: Rng, drawing: Drawing, head: Head, style: Style, skin: Color) -> None:
    """Draws a neck and shoulders below the head."""
    chin = head.y + head.down * 0.9
    neck = head.across * between(rng, 0.15, 0.6)
    low = chin + between(rng, 4, 26)
    column = points(
        (head.x - neck, head.y),
        (head.x - neck, low + 12),
        (head.x + neck, low + 12),
        (head.x + neck, head.y),
    )
    style.paint(rng, drawing, straight(column), skin, Role.GROUND)
    wide = head.across * between(rng, 0.8, 1.9)
    drop = between(rng, 8, 40)
    shirt = points(
        (head.x - neck * 1.1, low), (head.x - wide, low + drop), (head.x - wide * 1.15, SIDE + 20),
        (head.x + wide * 1.15, SIDE + 20), (head.x + wide, low + drop), (head.x + neck * 1.1, low), (head.x, low + between(rng, 0, 25)),
    )  # fmt: skip
    style.paint(rng, drawing, smooth(shirt), any_color(rng), Role.GROUND)
    if chance(rng, 0.35):  # a collar or lapels
        for side in (-1, 1):
            flap = points(
                (head.x, low + 20),
                (head.x + side * neck, low - 3),
                (head.x + side * neck * 1.8, low + 16),
            )
            style.paint(rng, drawing, straight(flap), any_color(rng), Role.GROUND)


def draw_small_body(
    rng: Rng, drawing: Drawing, style: Style, skin: Color, chin: tuple[float, float], unit: float
) -> None:
    """Draws a body below a small head: trunk, limbs, hands. `unit` is the head's height."""
    x, y = chin
    clothes, trousers = any_color(rng), any_color(rng)
    wide, tall = unit * between(rng, 0.4, 0.8), unit * between(rng, 0.9, 1.8)
    limb = max(unit * between(rng, 0.12, 0.25), 3)
    for side in (-1, 1):
        foot = (x + side * wide * between(rng, 0.4, 1.2), y + tall + unit * between(rng, 0.8, 1.8))
        leg = smooth(
            points(
                (x + side * wide * 0.4, y + tall),
                ((x + foot[0]) / 2 + side * 3, y + tall + unit * 0.6),
                foot,
            ),
            closed=False,
        )
        style.stroke(
            drawing, leg, style.tone(trousers) if style.filled else style.dark, limb, Role.GROUND
        )
        angle = between(rng, -60, 150)
        reach = unit * between(rng, 0.9, 1.5)
        shoulder = np.array([x + side * wide * 0.8, y + unit * 0.25])
        wrist = shoulder + reach * np.array(
            [side * np.cos(np.radians(angle - 30)), np.sin(np.radians(angle - 30))]
        )
        elbow = (shoulder + wrist) / 2 + rng.normal(0, unit * 0.12, 2)
        style.stroke(
            drawing,
            smooth(np.array([shoulder, elbow, wrist]), closed=False),
            clothes if style.filled else style.dark,
            limb,
            Role.GROUND,
        )
        size = unit * between(rng, 0.1, 0.2)
        outward = np.degrees(np.arctan2(*(wrist - elbow)[::-1])) + 90
        draw_hand(
            rng, drawing, style, skin, (float(wrist[0]), float(wrist[1])), size, float(outward)
        )
    trunk = points(
        (x - wide * 0.4, y),
        (x - wide, y + unit * 0.25),
        (x - wide * between(rng, 0.7, 1.2), y + tall),
        (x + wide * between(rng, 0.7, 1.2), y + tall),
        (x + wide, y + unit * 0.25),
        (x + wide * 0.4, y),
    )
    style.paint(rng, drawing, smooth(trunk), clothes, Role.GROUND)
    if chance(rng, 0.2):
        belt = points((x - wide, y + tall * 0.8), (x + wide, y + tall * 0.8))
        style.stroke(
            drawing,
            straight(belt, closed=False),
            pick(rng, [(40, 30, 20), (200, 170, 50)]),
            limb * 0.7,
        )
