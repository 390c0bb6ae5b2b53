"""Ears and hair. Both lie around the face: ears count neither way, hair is ground."""

import numpy as np

from tools.training.procedural.chance import (
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


def draw_ears(
    rng: Rng, drawing: Drawing, head: Head, style: Style, skin: Color, *, creature: bool
) -> None:
    pointed = chance(rng, 0.6 if creature else 0.06)
    size = between(rng, 0.1, 0.28)
    height = between(rng, -0.25, 0.2)
    reach = between(rng, 0.3, 1.0)
    for side in (-1, 1):
        if head.yaw * side > 0.25:  # hidden behind the head
            continue
        base = np.array([side * (0.97 - abs(head.yaw) * 0.25), height])
        if pointed:
            shape = points(
                (0, -size), (side * reach, -size * 1.6), (side * reach * 0.3, size), (0, size)
            )
        else:
            shape = ellipse(size * 0.8, size * between(rng, 1, 1.5)) + np.array(
                [side * size * 0.3, 0]
            )
        path = smooth(head.point(*base) + shape * np.array([head.across, head.across]))
        style.paint(rng, drawing, path, skin, Role.UNKNOWN)
        if chance(rng, 0.5):
            inner = head.point(*base) + shape * np.array([head.across, head.across]) * 0.5
            style.stroke(
                drawing,
                smooth(inner[: max(4, len(inner) // 2)], closed=False),
                style.line_color(skin),
                style.pen * 0.7,
            )


def draw_hair_behind(rng: Rng, drawing: Drawing, head: Head, style: Style, color: Color) -> None:
    kind = weighted(rng, {"long": 0.4, "round": 0.25, "tails": 0.12, "wild": 0.15, "bun": 0.08})
    if kind == "long":
        width, low = between(rng, 1.1, 1.5), between(rng, 0.9, 2.2)
        shape = points(
            (-width, -0.2),
            (-0.9, -1.05),
            (0, -1.3),
            (0.9, -1.05),
            (width, -0.2),
            (width * 1.05, low),
            (0, low * 1.05),
            (-width * 1.05, low),
        )
    elif kind == "round":
        shape = ellipse(between(rng, 1.2, 1.7), between(rng, 1.2, 1.6)) + np.array(
            [0, -between(rng, 0, 0.3)]
        )
    elif kind == "tails":
        for side in (-1, 1):
            tail = points(
                (side * 0.9, -0.5),
                (side * 1.5, -0.7),
                (side * 1.7, 0.5),
                (side * 1.3, 1.3),
                (side * 1.1, 0.3),
            )
            style.paint(rng, drawing, smooth(_unit(head, tail)), color, Role.GROUND)
        return
    elif kind == "wild":
        shape = _spikes(
            rng,
            np.linspace(np.radians(120), np.radians(420), int(rng.integers(8, 18))),
            1.1,
            between(rng, 1.25, 1.8),
        )
        style.paint(rng, drawing, straight(_unit(head, shape)), color, Role.GROUND)
        return
    else:
        shape = ellipse(0.45, 0.4) + np.array([between(rng, -0.4, 0.4), -1.25])
    style.paint(rng, drawing, smooth(_unit(head, shape)), color, Role.GROUND)


def draw_hair_before(
    rng: Rng, drawing: Drawing, head: Head, style: Style, color: Color, eye_height: float
) -> None:
    """Draws the hair on top, down to a hairline that leaves the brows free, mostly."""
    kind = weighted(
        rng,
        {
            "none": 0.14,
            "cap": 0.24,
            "parted": 0.2,
            "bangs": 0.12,
            "spiky": 0.1,
            "curls": 0.08,
            "tuft": 0.06,
            "bald": 0.06,
        },
    )
    if kind == "none":
        return
    lowest = np.sin(eye_height) - between(rng, 0.12, 0.5)
    line = lowest if chance(rng, 0.85) else lowest + 0.35  # strands before the eyes
    rise = between(rng, 1.05, 1.35)
    width = between(rng, 1.0, 1.12)
    turn = np.sin(head.yaw) * 0.35
    crown = joined(
        [
            points((-width, between(rng, -0.25, 0.25))),
            arc(200, 340, width, rise),
            points((width, between(rng, -0.25, 0.25))),
        ]
    )
    if kind == "cap":
        low = points(
            (0.75 + turn, line + 0.05),
            (0.3 + turn, line - 0.1),
            (-0.3 + turn, line - 0.1),
            (-0.75 + turn, line + 0.05),
        )
    elif kind == "parted":
        part = between(rng, -0.5, 0.5) + turn
        low = points(
            (0.85, line + 0.15),
            (part + 0.1, line - 0.4),
            (part - 0.1, line - 0.38),
            (-0.85, line + 0.15),
        )
    elif kind == "bangs":
        xs = np.linspace(0.9, -0.9, int(rng.integers(5, 12)))
        low = np.stack(
            [xs, line + 0.12 * (-1) ** np.arange(len(xs)) + rng.normal(0, 0.03, len(xs))], axis=1
        )
    elif kind == "spiky":
        shape = joined(
            [
                _spikes(
                    rng,
                    np.radians(np.linspace(185, 355, int(rng.integers(6, 13)))),
                    1.0,
                    between(rng, 1.2, 1.7),
                ),
                points(
                    (0.8, line + 0.1), (0.3, line - 0.15), (-0.3, line - 0.1), (-0.8, line + 0.1)
                ),
            ]
        )
        style.paint(rng, drawing, straight(_unit(head, shape)), color, Role.GROUND)
        return
    elif kind == "curls":
        for angle in np.linspace(185, 355, int(rng.integers(5, 11))):
            size = between(rng, 0.25, 0.42)
            curl = ellipse(size, size) + np.array(
                [np.cos(np.radians(angle)), np.sin(np.radians(angle))]
            ) * np.array([0.95, between(rng, 0.85, 1.05)])
            style.paint(rng, drawing, smooth(_unit(head, curl)), color, Role.GROUND)
        return
    elif kind == "tuft":
        for _ in range(int(rng.integers(1, 6))):
            x = between(rng, -0.3, 0.3)
            lock = points(
                (x, -0.92), (x + between(rng, -0.3, 0.3), -1.2), (x + between(rng, -0.5, 0.5), -1.4)
            )
            style.stroke(
                drawing,
                smooth(_unit(head, lock), closed=False),
                color if style.filled else style.dark,
                style.pen * between(rng, 1, 3),
                Role.GROUND,
            )
        return
    else:  # a bald crown with hair at the sides
        for side in (-1, 1):
            shape = points(
                (side * 0.98, -0.5), (side * 1.25, -0.3), (side * 1.2, 0.35), (side * 0.92, 0.25)
            )
            style.paint(rng, drawing, smooth(_unit(head, shape)), color, Role.GROUND)
        return
    shape = joined([crown, low])
    style.paint(rng, drawing, smooth(_unit(head, shape)), color, Role.GROUND)
    if chance(rng, 0.35):
        shine = mix(color, (255, 255, 255), 0.4) if chance(rng, 0.6) else darker(color, 0.7)
        for _ in range(int(rng.integers(1, 5))):
            x = between(rng, -0.7, 0.7)
            strand = points((x * 0.7, -rise * 0.9), (x, (line - rise) / 2), (x * 1.1, line - 0.15))
            style.stroke(
                drawing,
                smooth(_unit(head, strand), closed=False),
                shine if style.filled else style.dark,
                style.pen * 0.7,
            )
    if chance(rng, 0.12):  # a strand across the face
        x = between(rng, -0.6, 0.6)
        strand = points(
            (x, -0.9),
            (x + between(rng, -0.2, 0.2), -0.2),
            (x + between(rng, -0.3, 0.3), between(rng, 0.1, 0.7)),
        )
        style.stroke(
            drawing,
            smooth(_unit(head, strand), closed=False),
            color if style.filled else style.dark,
            style.pen * between(rng, 1, 3),
            Role.GROUND,
        )


def draw_horns(rng: Rng, drawing: Drawing, head: Head, style: Style) -> None:
    color = pick(rng, [(230, 220, 190), (90, 70, 50), (60, 60, 60)])
    out, high = between(rng, 0.1, 0.8), between(rng, 0.3, 1.0)
    for side in (-1, 1):
        horn = points(
            (side * 0.45, -0.85),
            (side * (0.6 + out), -1 - high * 0.5),
            (side * (0.5 + out * 0.7), -1 - high),
            (side * (0.75 + out * 0.4), -0.85),
            (side * 0.75, -0.65),
        )
        style.paint(rng, drawing, smooth(_unit(head, horn)), color, Role.GROUND)


def _spikes(rng: Rng, angles: Points, inner: float, outer: float) -> Points:
    """A zigzag around the head: inner and outer points by turns."""
    radius = np.where(
        np.arange(len(angles)) % 2, outer * rng.uniform(0.85, 1.1, len(angles)), inner
    )
    return np.stack([np.cos(angles) * radius, np.sin(angles) * radius], axis=1)


def _unit(head: Head, shape: Points) -> Points:
    """Canvas points of a shape around the head, in its semi-axes. It leans with the head's turn."""
    leaned = shape + np.array([np.sin(head.yaw) * -0.08, np.sin(head.pitch) * 0.25])
    return np.concatenate([head.point(x, y) for x, y in leaned])
