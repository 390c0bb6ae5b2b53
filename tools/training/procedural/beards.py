"""Beards and moustaches. The truth leaves them open: they count neither as face nor as ground."""

import numpy as np

from tools.training.procedural.chance import Color, Rng, between, chance, darker, mix, weighted
from tools.training.procedural.curves import joined, points, smooth, straight
from tools.training.procedural.head import Head
from tools.training.procedural.style import Style
from tools.training.procedural.svg import Drawing, Role, css


def draw_beard(
    rng: Rng, drawing: Drawing, head: Head, style: Style, hair: Color, mouth: float, skin: Color
) -> None:
    """Draws one of several beards, below the mouth that is drawn afterwards."""
    kind = weighted(rng, {"full": 0.4, "long": 0.2, "goatee": 0.15, "stubble": 0.25})
    top = mouth - between(rng, 0.05, 0.25)
    if kind == "stubble":
        shape = joined(
            [
                points((-1.25, -0.1), (-0.5, top), (0, top - 0.02), (0.5, top), (1.25, -0.1)),
                points((1.0, 0.9), (0, 1.4), (-1.0, 0.9)),
            ]
        )
        tone = mix(style.tone(skin), hair, between(rng, 0.15, 0.4))
        drawing.add(smooth(head.at(shape)), Role.FACE, fill=css(tone))
        return
    if kind == "goatee":
        low = between(rng, 1.2, 2.0)
        shape = points(
            (-0.3, mouth + 0.12), (0.3, mouth + 0.12), (0.22, 1.1), (0, low), (-0.22, 1.1)
        )
        shape[:, 0] += head.yaw * 0.1
        style.paint(rng, drawing, smooth(_hanging(head, shape)), hair, Role.UNKNOWN)
        return
    low = between(rng, 1.15, 1.5) if kind == "full" else between(rng, 1.6, 2.6)
    edge = 1.35 if kind == "full" else between(rng, 1.0, 1.5)
    rough = rng.normal(0, 0.06, 5)
    shape = joined([
        points((-1.4, -0.25), (-0.9, top + 0.05), (-0.4, top), (0, top + between(rng, -0.06, 0.1)), (0.4, top), (0.9, top + 0.05), (1.4, -0.25)),
        points((edge, 0.6 + rough[0]), (0.8, low * 0.85 + rough[1]), (rough[2], low), (-0.8, low * 0.85 + rough[3]), (-edge, 0.6 + rough[4])),
    ])  # fmt: skip
    style.paint(rng, drawing, smooth(_hanging(head, shape)), hair, Role.UNKNOWN)
    if chance(rng, 0.5):
        for _ in range(int(rng.integers(3, 9))):
            x, y = between(rng, -0.8, 0.8), between(rng, mouth + 0.2, low * 0.8)
            lock = _hanging(head, points((x, y), (x * 0.95, y + 0.25)))
            style.stroke(drawing, straight(lock, closed=False), darker(hair, 0.6), style.pen * 0.6)


def draw_moustache(
    rng: Rng, drawing: Drawing, head: Head, style: Style, hair: Color, mouth: float
) -> None:
    wide, thick = between(rng, 0.2, 0.7), between(rng, 0.05, 0.18)
    tip = between(rng, -0.25, 0.3)
    at = (head.yaw * 0.12, mouth - between(rng, 0.08, 0.16))
    for side in (-1, 1):
        shape = points(
            (0, -thick * 0.6),
            (side * wide * 0.5, -thick),
            (side * wide, tip),
            (side * wide * 0.5, thick),
            (0, thick * 0.7),
        )
        style.paint(rng, drawing, smooth(head.place(at, shape)), hair, Role.UNKNOWN, line=0.7)


def _hanging(head: Head, shape: np.ndarray) -> np.ndarray:
    """Places a beard: what is below the chin hangs straight down."""
    placed = head.at(np.minimum(shape, [[9, 1.3]]))
    placed[:, 1] += np.maximum(shape[:, 1] - 1.3, 0) * head.down * 0.7
    return placed
