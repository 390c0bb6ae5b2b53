"""Ears, and horns, which are ground."""

from tools.training.procedural.chance import between, chance, pick
from tools.training.procedural.curves import curve, ellipse, moved, points, smooth
from tools.training.procedural.head import Head
from tools.training.procedural.looks import Looks
from tools.training.procedural.pen import Pen
from tools.training.procedural.svg import Role


def draw_ears(pen: Pen, head: Head, looks: Looks) -> None:
    rng, style = pen.rng, pen.style
    pointed = chance(rng, 0.6 if looks.creature else 0.06)
    size = between(rng, 0.1, 0.28)
    height = between(rng, -0.25, 0.2)
    reach = between(rng, 0.3, 1.0)
    for side in (-1, 1):
        if head.yaw * side > 0.25:  # hidden behind the head
            continue
        base = head.around(points((side * (0.97 - abs(head.yaw) * 0.25), height)))
        if pointed:
            tip = (side * reach, -size * 1.6)
            shape = points((0, -size), tip, (side * reach * 0.3, size), (0, size))
        else:
            shape = moved(ellipse(size * 0.8, size * between(rng, 1, 1.5)), side * size * 0.3, 0)
        ear = shape * head.across
        pen.paint(smooth(base + ear), looks.skin, Role.EAR)
        if chance(rng, 0.5):
            inner = (base + ear * 0.5)[: max(4, len(ear) // 2)]
            pen.stroke(curve(inner), style.line_color(looks.skin), style.detail * 0.7)


def draw_horns(pen: Pen, head: Head) -> None:
    color = pick(pen.rng, [(230, 220, 190), (90, 70, 50), (60, 60, 60)])
    out, high = between(pen.rng, 0.1, 0.8), between(pen.rng, 0.3, 1.0)
    for side in (-1, 1):
        horn = points(
            (side * 0.45, -0.85),
            (side * (0.6 + out), -1 - high * 0.5),
            (side * (0.5 + out * 0.7), -1 - high),
            (side * (0.75 + out * 0.4), -0.85),
            (side * 0.75, -0.65),
        )
        pen.paint(smooth(head.beside(horn)), color, Role.GROUND)
