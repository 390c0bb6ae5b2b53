"""Painted faces: features of lights and shadows instead of lines."""

from __future__ import annotations

import numpy as np

from tools.training.procedural.brush import SOFT, WIDE, Brush, random_brush
from tools.training.procedural.chance import around_zero, between, chance, count, pick, weighted
from tools.training.procedural.colors import BLACK, WHITE, darker, mix
from tools.training.procedural.curves import arc, ellipse, joined, points, smooth
from tools.training.procedural.eyes import Eyes
from tools.training.procedural.head import Head
from tools.training.procedural.looks import Looks
from tools.training.procedural.pen import Pen
from tools.training.procedural.svg import Role

_IVORY = (235, 225, 200)
"""Teeth."""


def paint_face(pen: Pen, head: Head, looks: Looks) -> Eyes:
    """Paints a face, clipped to the outline of the head. Returns where its eyes are."""
    rng = pen.rng
    path = smooth(head.outline())
    pen.drawing.add(path, Role.FACE, fill=looks.skin)
    size = between(rng, 0.1, 0.19)
    eyes = Eyes(between(rng, 0.3, 0.48), between(rng, -0.22, 0.02), size, "almond")
    brush = random_brush(pen, head, looks)
    with pen.drawing.clipped(path):
        brush.shade_side()
        brush.scatter(count(rng, 0, 30))
        _sockets(brush, eyes)
        nose = eyes.height + between(rng, 0.3, 0.5)
        mouth = nose + between(rng, 0.2, 0.36)
        _nose(brush, eyes, nose)
        _mouth(brush, mouth)
        _cheeks(brush, nose)
        if chance(rng, 0.7 if looks.creature else 0.2):
            _weathered(brush, eyes, nose)
        closed = chance(rng, 0.12)
        for side in (-1, 1):
            if closed:
                _closed_eye(brush, eyes, side)
            else:
                _eye(brush, eyes, side)
            _brow(brush, eyes, side)
    return eyes


def _sockets(brush: Brush, eyes: Eyes) -> None:
    rng = brush.rng
    depth = between(rng, 0.2, 0.9)
    for side in (-1, 1):
        at = (side * eyes.spacing, eyes.height - 0.06)
        socket = ellipse(eyes.size * 1.6, eyes.size * 1.3)
        brush.dab(at, socket, brush.shadow, depth, blur=SOFT)
    if chance(rng, 0.4):
        brow = (0, eyes.height - 0.35)
        brush.dab(brow, ellipse(0.5, 0.14), brush.glow, between(rng, 0.3, 0.8), blur=WIDE)


def _weathered(brush: Brush, eyes: Eyes, nose: float) -> None:
    """A ridge over the eyes, and the furrows of age, anger or a muzzle."""
    rng, dark = brush.rng, mix(brush.shadow, BLACK, between(brush.rng, 0, 0.5))
    low = eyes.height - eyes.size * between(rng, 0.5, 1)
    ridge = points(
        (-0.75, -0.1), (-0.4, 0.02), (0, between(rng, 0.05, 0.2)), (0.4, 0.02), (0.75, -0.1)
    )
    brush.line((0, low), ridge, dark, between(rng, 3, 9), blur=SOFT)
    brush.dab((0, low - 0.2), ellipse(0.7, 0.12), brush.glow, between(rng, 0.2, 0.7), blur=SOFT)
    for _ in range(count(rng, 0, 4)):
        wrinkle = points((-0.5, around_zero(rng, 0.04)), (0, 0.03), (0.5, around_zero(rng, 0.04)))
        at = (0, low - between(rng, 0.2, 0.55))
        brush.line(at, wrinkle, dark, between(rng, 0.8, 2.5))
    deep, wide = between(rng, 0.2, 0.5), between(rng, 0.25, 0.5)
    for side in (-1, 1):
        fold = points((side * 0.15, -0.08), (side * wide, deep / 2), (side * wide, deep))
        brush.line((0, nose), fold, dark, between(rng, 1, 4))


def _closed_eye(brush: Brush, eyes: Eyes, side: int) -> None:
    at, dark = (side * eyes.spacing, eyes.height), mix(brush.shadow, BLACK, 0.7)
    lid = arc(20, 160, eyes.size, eyes.size * 0.35)
    brush.line(at, lid, dark, between(brush.rng, 1.5, 3))


def _eye(brush: Brush, eyes: Eyes, side: int) -> None:
    rng, size = brush.rng, eyes.size
    x, y = side * eyes.spacing, eyes.height
    tall = between(rng, 0.25, 0.6)
    upper, lower = arc(205, 335, size, size * tall), arc(25, 155, size, size * tall)
    white = pick(rng, [(235, 230, 220), (220, 205, 190), (200, 190, 180)])
    if brush.looks.creature and chance(rng, 0.4):
        white = pick(rng, [(240, 200, 60), (220, 60, 40), (230, 230, 120)])
    rim = joined(points((-size, 0)), upper, points((size, 0)), lower)
    brush.dab((x, y), rim, white, 0.95)
    look = x + between(rng, -0.3, 0.3) * size
    iris = pick(rng, [(60, 40, 25), (50, 80, 110), (60, 90, 60), (30, 25, 20)])
    brush.dab((look, y), ellipse(size * 0.45, size * min(tall, 0.5)), iris, 1)
    brush.dab((look, y), ellipse(size * 0.2, size * 0.2), BLACK, 0.9)
    if chance(rng, 0.5):
        at = (look - size * 0.15, y - size * 0.15)
        brush.dab(at, ellipse(size * 0.1, size * 0.1), WHITE, 0.9)
    lash = arc(200, 340, size * 1.05, size * tall * 1.3)
    brush.line((x, y), lash, mix(brush.shadow, BLACK, 0.7), between(rng, 1.2, 3.5))
    if chance(rng, 0.6):
        tone = mix(brush.looks.skin, brush.shadow, 0.6)
        below = arc(30, 150, size, size * tall)
        brush.line((x, y + size * 0.2), below, tone, between(rng, 1, 2))


def _brow(brush: Brush, eyes: Eyes, side: int) -> None:
    rng, size = brush.rng, eyes.size
    lift, anger = size * between(rng, 1.1, 1.7), around_zero(rng, 0.05)
    brow = points((-side * size * 1.1, anger), (0, -0.04), (side * size * 1.2, 0.03 - anger))
    at = (side * eyes.spacing, eyes.height - lift)
    brush.line(at, brow, mix(brush.looks.hair, BLACK, 0.2), between(rng, 1.5, 6))


def _nose(brush: Brush, eyes: Eyes, low: float) -> None:
    rng, shadow = brush.rng, brush.shadow
    wide = between(rng, 0.09, 0.2) * (1.5 if brush.looks.creature and chance(rng, 0.5) else 1)
    out = float(np.sin(brush.head.yaw)) * 0.25
    away = -brush.light
    ridge = points(
        (away * 0.02, eyes.height - low),
        (away * wide * 0.6 + out * 0.5, -0.1),
        (away * wide + out, 0),
        (out, 0.04),
    )
    brush.line((0, low), ridge, shadow, between(rng, 2, 7), blur=SOFT)
    bridge, tip = ellipse(wide * 0.35, 0.18), ellipse(wide * 1.1, 0.04)
    brush.dab((out * 0.8, low - 0.15), bridge, brush.glow, between(rng, 0.3, 0.9), blur=SOFT)
    brush.dab((out, low + 0.05), tip, shadow, between(rng, 0.4, 0.9), blur=SOFT)
    for side in (-1, 1):
        at = (out + side * wide * 0.55, low + 0.03)
        brush.dab(at, ellipse(wide * 0.25, 0.022), mix(shadow, BLACK, 0.6), 0.8)


def _mouth(brush: Brush, height: float) -> None:
    rng, at = brush.rng, (0, height)
    wide = between(rng, 0.18, 0.34)
    bend = between(rng, -0.06, 0.08)
    kind = weighted(rng, {"closed": 0.7, "open": 0.2, "teeth": 0.1})
    red = mix(brush.looks.skin, (150, 40, 45), between(rng, 0.15, 0.7))
    left, right, bow = (-wide, -bend), (wide, -bend), (0, -0.035)
    upper = points(left, (-0.05, -0.05), bow, (0.05, -0.05), right, (0, 0.02))
    lower = points((-wide * 0.8, -bend * 0.5), (0, 0.01), (wide * 0.8, -bend * 0.5), (0, 0.1))
    brush.dab(at, lower, red, 0.8)
    brush.dab(at, upper, darker(red, 0.75), 0.8)
    if kind != "closed":
        throat = ellipse(wide * 0.7, between(rng, 0.04, 0.14))
        brush.dab((0, height + 0.02), throat, (50, 15, 20), 0.95)
        if kind == "teeth":
            brush.dab(at, ellipse(wide * 0.6, 0.03), _IVORY, 0.9)
    gap = points(left, (0, 0.015), right)
    brush.line(at, gap, mix(brush.shadow, BLACK, 0.5), between(rng, 1, 3))
    chin = ellipse(0.16, 0.035)
    brush.dab((0, height + 0.17), chin, brush.shadow, between(rng, 0.2, 0.7), blur=SOFT)
    if brush.looks.creature and chance(rng, 0.6):
        long = between(rng, 0.1, 0.3)
        for side in (-1, 1):
            outer, inner = (side * wide * 0.8, 0.04), (side * wide * 0.5, 0.04)
            brush.dab(at, points(outer, (side * wide * 0.75, -long), inner), (235, 225, 190), 1)


def _cheeks(brush: Brush, height: float) -> None:
    rng = brush.rng
    for side in (-1, 1):
        tone = brush.glow if side == brush.light else brush.shadow
        at, opacity = (side * 0.62, height - 0.08), between(rng, 0.2, 0.7)
        brush.dab(at, ellipse(0.2, 0.16), tone, opacity, blur=WIDE)
    if chance(rng, 0.4):
        at, opacity = (brush.light * 0.45, height), between(rng, 0.1, 0.4)
        brush.dab(at, ellipse(0.22, 0.16), (200, 80, 75), opacity, blur=WIDE)
    if chance(rng, 0.35):  # lines of age
        for side in (-1, 1):
            wrinkle = points((side * 0.2, -0.03), (side * 0.32, 0.14), (side * 0.34, 0.3))
            brush.line((0, height), wrinkle, brush.shadow, between(rng, 1, 3))
