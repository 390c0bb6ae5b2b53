"""Freckles, scars, tears and face paint."""

from tools.training.procedural.chance import between, chance, count, weighted
from tools.training.procedural.colors import Color, mix
from tools.training.procedural.curves import curve, ellipse, points, smooth
from tools.training.procedural.head import Head
from tools.training.procedural.pen import Pen


def draw_blemishes(pen: Pen, head: Head, skin: Color) -> None:
    """Draws some onto few faces."""
    if chance(pen.rng, 0.15):
        draw = weighted(pen.rng, {_freckles: 0.4, _scar: 0.25, _tear: 0.2, _paint: 0.15})
        draw(pen, head, skin)


def _freckles(pen: Pen, head: Head, skin: Color) -> None:
    tone = mix(skin, (120, 60, 30), 0.5)
    for _ in range(count(pen.rng, 3, 14)):
        at = (between(pen.rng, -0.7, 0.7), between(pen.rng, -0.1, 0.5))
        pen.spot(smooth(head.place(at, ellipse(0.03, 0.03))), tone)


def _scar(pen: Pen, head: Head, skin: Color) -> None:
    at = (between(pen.rng, -0.6, 0.6), between(pen.rng, -0.5, 0.3))
    scar = points((0, 0), (0.1, 0.25), (0.05, 0.5))
    pen.stroke(curve(head.place(at, scar)), mix(skin, (150, 30, 40), 0.5), 2)


def _tear(pen: Pen, head: Head, _skin: Color) -> None:
    x = between(pen.rng, 0.2, 0.5) * (1 if chance(pen.rng, 0.5) else -1)
    at = (x, between(pen.rng, 0.0, 0.3))
    drop = points((0, -0.16), (0.08, 0.04), (0, 0.1), (-0.08, 0.04))
    pen.spot(smooth(head.place(at, drop)), (124, 196, 240))


def _paint(pen: Pen, head: Head, skin: Color) -> None:
    """Warpaint on both cheeks."""
    for side in (-1, 1):
        stripe = points(
            (side * 0.5, 0.1), (side * 0.8, 0.15), (side * 0.75, 0.25), (side * 0.45, 0.2)
        )
        pen.spot(smooth(head.at(stripe)), mix(skin, (200, 40, 40), 0.8))
