"""Glasses, sunglasses, goggles, eye patches and masks over the eyes. They belong to the face."""

import numpy as np

from tools.training.procedural.chance import (
    BLACK,
    WHITE,
    Rng,
    any_color,
    between,
    chance,
    pick,
    weighted,
)
from tools.training.procedural.curves import Points, arc, ellipse, joined, points, smooth, straight
from tools.training.procedural.eyes import Eyes
from tools.training.procedural.head import Head
from tools.training.procedural.style import Style
from tools.training.procedural.svg import Drawing, Role, css


def covers_eyes(kind: str) -> bool:
    return kind in ("sunglasses", "dark goggles", "visor")


def random_eyewear(rng: Rng) -> str:
    return weighted(
        rng,
        {
            "none": 0.7, "glasses": 0.12, "sunglasses": 0.06, "goggles": 0.025, "dark goggles": 0.015,
            "patch": 0.02, "monocle": 0.01, "domino": 0.03, "visor": 0.01,
        },
    )  # fmt: skip


def draw_eyewear(
    rng: Rng, drawing: Drawing, head: Head, style: Style, eyes: Eyes, kind: str
) -> None:
    """Draws `kind` over the eyes."""
    if kind == "none":
        return
    color = pick(rng, [BLACK, (40, 40, 50), (120, 70, 30)]) if chance(rng, 0.65) else any_color(rng)
    frame = css(color if style.filled else style.dark)
    wide = max(eyes.size * between(rng, 1.05, 1.5), eyes.spacing * between(rng, 0.6, 0.92))
    tall = wide * between(rng, 0.55, 1.05)
    width = max(style.pen, between(rng, 1.5, 5))
    lens = _lens(rng, wide, tall)
    if kind in ("patch", "monocle"):
        _one_lens(rng, drawing, head, style, eyes, kind, wide)
        return
    if kind == "domino":
        mask = joined(
            [
                points((-1.0, -0.5), (0, -0.25), (1.0, -0.5)),
                points((1.05, 0.3), (0.5, 0.55), (0, 0.2), (-0.5, 0.55), (-1.05, 0.3)),
            ]
        )
        place = head.at(
            mask * np.array([eyes.spacing * 2.0 + 0.1, wide * 1.6]) + np.array([0, eyes.height])
        )
        hole = "".join(
            smooth(head.place((s * eyes.spacing, eyes.height), ellipse(1, 0.8), eyes.size))
            for s in (-1, 1)
        )
        drawing.add(smooth(place) + hole, Role.DETAIL, fill=frame, more='fill-rule="evenodd"')
        return
    if kind == "visor":
        band = head.at(
            joined([points((-1.2, -1), (1.2, -1)), points((1.2, 1), (-1.2, 1))])
            * np.array([1, wide])
            + np.array([0, eyes.height])
        )
        drawing.add(smooth(band), Role.DETAIL, fill=frame)
        return
    if "goggles" in kind:  # a band around the head
        band = head.at(
            points((-1.4, -0.5), (1.4, -0.5), (1.4, 0.5), (-1.4, 0.5)) * np.array([1, wide * 0.5])
            + np.array([0, eyes.height])
        )
        drawing.add(
            straight(band), Role.DETAIL, fill=css(any_color(rng) if style.filled else style.dark)
        )
        width *= 1.8
    dark = kind in ("sunglasses", "dark goggles")
    glass = (
        css(pick(rng, [BLACK, (30, 30, 40), (60, 40, 20), any_color(rng)]))
        if dark
        else css(pick(rng, [WHITE, (200, 230, 255)]))
    )
    opacity = (
        1.0 if dark else (between(rng, 0.1, 0.4) if kind == "glasses" else between(rng, 0.2, 0.6))
    )
    filled = dark or "goggles" in kind or chance(rng, 0.4)
    for side in (-1, 1):
        shape = smooth(head.place((side * eyes.spacing, eyes.height), lens * np.array([side, 1])))
        drawing.add(shape, Role.DETAIL, fill=glass if filled else "none", more=f'fill-opacity="{opacity:.2f}"',
                    stroke=frame, width=width)  # fmt: skip
        if dark and chance(rng, 0.6):
            shine = head.place(
                (side * eyes.spacing, eyes.height),
                points((-0.5, -0.4), (-0.1, -0.5), (-0.4, 0.4), (-0.6, 0.3)),
                wide,
            )
            drawing.add(straight(shine), Role.DETAIL, fill="#fff", more='opacity="0.6"')
        arm = points((side * (eyes.spacing + wide), 0), (side * 1.45, -0.1)) + np.array(
            [0, eyes.height]
        )
        style.stroke(
            drawing,
            straight(head.at(arm), closed=False),
            color if style.filled else style.dark,
            width * 0.8,
        )
    bridge = (
        arc(200, 340, eyes.spacing - wide, wide * 0.35)
        if wide < eyes.spacing
        else points((-0.05, 0), (0.05, 0))
    )
    place = head.at(bridge + np.array([0, eyes.height]))
    style.stroke(drawing, smooth(place, closed=False), color if style.filled else style.dark, width)


def _lens(rng: Rng, wide: float, tall: float) -> Points:
    kind = pick(rng, ["round", "round", "oval", "square", "cat", "half"])
    if kind == "round":
        return ellipse(wide, wide)
    if kind == "oval":
        return ellipse(wide, tall)
    if kind == "square":
        return points(
            (-1, -1), (0, -1.05), (1, -1), (1.02, 0), (0.9, 1), (0, 1.05), (-0.9, 1), (-1.02, 0)
        ) * np.array([wide, tall * 0.8])
    if kind == "cat":
        return points((-0.9, -0.5), (1.25, -1.1), (1, 0.6), (0, 0.9), (-0.9, 0.5)) * np.array(
            [wide, tall]
        )
    return joined([points((-1, 0)), arc(180, 0, 1, -1, 10), points((1, 0))]) * np.array(
        [wide, tall]
    )


def _one_lens(
    rng: Rng, drawing: Drawing, head: Head, style: Style, eyes: Eyes, kind: str, wide: float
) -> None:
    side = int(rng.choice([-1, 1]))
    at = (side * eyes.spacing, eyes.height)
    if kind == "monocle":
        style.stroke(drawing, smooth(head.place(at, ellipse(1, 1), wide)), style.dark, style.pen)
        chain = points((0, wide), (side * 0.1, wide + 0.3), (side * 0.2, 1.0)) + np.array(at)
        style.stroke(drawing, smooth(head.at(chain), closed=False), style.dark, 1.2)
        return
    strap = points(
        (-side * 1.3, eyes.height - 0.75),
        (at[0], at[1] - wide * 0.4),
        (side * 1.3, eyes.height + 0.25),
    )
    style.stroke(drawing, straight(head.at(strap), closed=False), (25, 25, 25), style.pen)
    drawing.add(
        smooth(
            head.place(at, points((-1, -0.7), (1, -0.7), (0.8, 0.7), (0, 1), (-0.8, 0.7)), wide)
        ),
        Role.DETAIL,
        fill="#191919",
    )
