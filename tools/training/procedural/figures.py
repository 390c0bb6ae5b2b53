"""The sources of generated sprites. Each makes a sprite of a seed, always the same one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from tools.training.procedural.body import draw_small_body
from tools.training.procedural.chance import around_zero, between, chance, weighted
from tools.training.procedural.hands import draw_hand
from tools.training.procedural.head import random_head
from tools.training.procedural.heads import (
    draw_bust,
    draw_head,
    draw_painting,
    draw_side_view,
    draw_smiley,
)
from tools.training.procedural.looks import random_looks, skin_color
from tools.training.procedural.negatives import draw_faceless
from tools.training.procedural.pen import Pen
from tools.training.procedural.sprites import face_sprite, faceless_sprite, hand_sprite
from tools.training.procedural.style import PAINTED, random_style
from tools.training.procedural.svg import Drawing
from tools.training.sprite import Sprite


def face(seed: int) -> Sprite | None:
    """A head with a face, or None where too little of the face is visible."""
    rng = np.random.default_rng(seed)
    view = weighted(
        rng,
        {"frontal": 0.35, "three-quarter": 0.22, "profile": 0.17, "smiley": 0.09, "portrait": 0.17},
    )
    creature = chance(rng, 0.35 if view == "portrait" else 0.14)
    pen = Pen(rng, Drawing(), random_style(rng))
    if view == "portrait":
        pen = replace(pen, style=PAINTED)
        eyes = draw_painting(pen, creature=creature)
    elif view == "profile":
        eyes = draw_side_view(pen, creature=creature)
    elif view == "smiley":
        eyes = draw_smiley(pen)
    else:
        eyes = draw_bust(pen, view, creature=creature)
    if chance(rng, 0.08):
        _hand_at_face(pen)
    kind = "creature" if creature and view in ("frontal", "three-quarter", "profile") else view
    return face_sprite(pen, f"procedural-{kind}", eyes)


def figure(seed: int) -> Sprite | None:
    """A small head on a whole body with hands, or None where too little of the face is visible."""
    rng = np.random.default_rng(seed)
    style = random_style(rng)
    pen = Pen(rng, Drawing(), replace(style, line=style.line * 0.6))
    looks = random_looks(rng, creature=chance(rng, 0.1))
    large = random_head(rng, weighted(rng, {"frontal": 0.5, "three-quarter": 0.5}))
    scale = between(rng, 0.35, 0.6)
    across, down = large.across * scale, large.down * scale
    head = replace(large, x=128, y=between(rng, 45, 75), across=across, down=down)
    draw_small_body(pen, looks.skin, (head.x, head.y + head.down * 0.95), head.down * 2)
    return face_sprite(pen, "procedural-figure", draw_head(pen, head, looks))


def hand(seed: int) -> Sprite:
    """A hand on its own."""
    rng = np.random.default_rng(seed)
    pen = Pen(rng, Drawing(), random_style(rng))
    skin = skin_color(rng, creature=chance(rng, 0.1))
    draw_hand(pen, skin, (128, 120), between(rng, 30, 50), around_zero(rng, 60))
    return hand_sprite(pen, "procedural-hand")


def faceless(seed: int) -> Sprite | None:
    """A head without a face, or parts of one: a negative, or None where nearly nothing is drawn."""
    rng = np.random.default_rng(seed)
    pen = Pen(rng, Drawing(), random_style(rng))
    return faceless_sprite(pen, "procedural-faceless", draw_faceless(pen))


SOURCES: dict[str, Callable[[int], Sprite | None]] = {
    "face": face,
    "figure": figure,
    "hand": hand,
    "faceless": faceless,
}


def _hand_at_face(pen: Pen) -> None:
    """A hand before the face, or beside it."""
    rng = pen.rng
    side = 1 if chance(rng, 0.5) else -1
    at = (128 + side * between(rng, 15, 75), between(rng, 130, 200))
    skin = skin_color(rng, creature=False)
    draw_hand(pen, skin, at, between(rng, 14, 26), around_zero(rng, 25) - side * 25)
