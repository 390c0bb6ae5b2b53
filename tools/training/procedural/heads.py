"""Heads with a face, from back to front: drawn, painted, from the side, and smileys.

Each returns canvas points on its eyes. At least one must stay visible; none are returned where
nothing can hide them.
"""

from __future__ import annotations

from dataclasses import replace

from tools.training.procedural.beards import draw_beard, draw_moustache
from tools.training.procedural.blemishes import draw_blemishes
from tools.training.procedural.body import draw_body
from tools.training.procedural.chance import around_zero, between, chance, weighted
from tools.training.procedural.colors import WHITE
from tools.training.procedural.curves import Points, ellipse, moved, smooth
from tools.training.procedural.ears import draw_ears, draw_horns
from tools.training.procedural.eyes import Eyes, draw_brows, draw_eyes, random_eyes
from tools.training.procedural.eyewear import covers_eyes, draw_eyewear, random_eyewear
from tools.training.procedural.hair import draw_hair_before, draw_hair_behind
from tools.training.procedural.head import Head, random_head
from tools.training.procedural.headwear import draw_headwear, random_headwear
from tools.training.procedural.looks import Looks, random_looks, skin_color
from tools.training.procedural.mouths import draw_mouth
from tools.training.procedural.noses import draw_nose
from tools.training.procedural.painting import paint_face
from tools.training.procedural.pen import Pen
from tools.training.procedural.profile import random_profile
from tools.training.procedural.profile_head import draw_profile
from tools.training.procedural.shading import shade_face
from tools.training.procedural.svg import Role


def draw_bust(pen: Pen, view: str, *, creature: bool) -> list[Points]:
    """Draws a head, mostly on shoulders, in a view: frontal or three-quarter."""
    head = random_head(pen.rng, view)
    looks = random_looks(pen.rng, creature=creature)
    if chance(pen.rng, 0.7):
        draw_body(pen, head, looks.skin)
    return draw_head(pen, head, looks)


def draw_head(pen: Pen, head: Head, looks: Looks) -> list[Points]:
    rng = pen.rng
    headwear = random_headwear(rng)
    if chance(rng, 0.1 if looks.creature else 0.5):
        draw_hair_behind(pen, head, looks.hair)
    if looks.creature and chance(rng, 0.3):
        draw_horns(pen, head)
    if headwear not in ("hood", "helmet", "headphones") and chance(rng, 0.7):
        draw_ears(pen, head, looks)
    _skin(pen, head, looks)
    draw_blemishes(pen, head, looks.skin)
    eyes = random_eyes(rng, creature=looks.creature)
    nose = eyes.height + between(rng, 0.12, 0.42)
    mouth = min(nose + between(rng, 0.18, 0.45), 0.85)
    bearded = chance(rng, 0.16)
    if bearded:
        draw_beard(pen, head, looks, mouth)
    eyewear = random_eyewear(rng)
    if not covers_eyes(eyewear):
        draw_eyes(pen, head, looks, eyes)
    draw_mouth(pen, head, looks, mouth)
    draw_nose(pen, head, looks, nose)
    if chance(rng, 0.5 if bearded else 0.07):
        draw_moustache(pen, head, looks, mouth)
    if chance(rng, 0.65):
        draw_brows(pen, head, looks, eyes)
    draw_eyewear(pen, head, eyes, eyewear)
    if headwear in ("none", "band", "headphones", "crown") or chance(rng, 0.3):
        draw_hair_before(pen, head, looks.hair, eyes.height)
    draw_headwear(pen, head, headwear, eyes.height)
    return eyes.on(head)


def draw_painting(pen: Pen, *, creature: bool) -> list[Points]:
    """Paints a portrait, with hair, a beard or a helmet as drawn heads have them."""
    rng = pen.rng
    looks = random_looks(rng, creature=creature)
    head = random_head(rng, weighted(rng, {"frontal": 0.45, "three-quarter": 0.55}))
    headwear = random_headwear(rng)
    if chance(rng, 0.85):
        draw_body(pen, head, looks.skin)
    if chance(rng, 0.1 if creature else 0.5):
        draw_hair_behind(pen, head, looks.hair)
    if creature and chance(rng, 0.2):
        draw_horns(pen, head)
    if headwear not in ("hood", "helmet") and chance(rng, 0.6):
        draw_ears(pen, head, looks)
    eyes = paint_face(pen, head, looks)
    if chance(rng, 0.4):
        draw_eyewear(pen, head, eyes, random_eyewear(rng))
    mouth = eyes.height + 0.65
    if chance(rng, 0.25):
        draw_beard(pen, head, looks, mouth + 0.12)
    if chance(rng, 0.15):
        draw_moustache(pen, head, looks, mouth)
    if headwear in ("none", "band", "crown") or chance(rng, 0.4):
        draw_hair_before(pen, head, looks.hair, eyes.height)
    draw_headwear(pen, head, headwear, eyes.height)
    return eyes.on(head)


def draw_side_view(pen: Pen, *, creature: bool) -> list[Points]:
    looks = random_looks(pen.rng, creature=creature)
    head = random_profile(pen.rng, creature=creature)
    if chance(pen.rng, 0.75):
        x = head.x - head.side * head.across * 0.3
        draw_body(pen, Head(x, head.y, head.across * 0.8, head.down), looks.skin)
    draw_profile(pen, head, looks)
    return [head.eye]


def draw_smiley(pen: Pen) -> list[Points]:
    """Draws a disc with a face. The disc is the face."""
    rng = pen.rng
    if chance(rng, 0.7):
        skin = (255, int(between(rng, 190, 235)), int(between(rng, 20, 120)))
    else:
        skin = skin_color(rng, creature=True)
    looks = Looks(skin, hair=(60, 40, 20), creature=False)
    size = between(rng, 60, 95)
    head = Head(
        x=128,
        y=128,
        across=size,
        down=size * between(rng, 0.92, 1.05),
        yaw=around_zero(rng, 0.15),
        pitch=around_zero(rng, 0.1),
    )
    if chance(rng, 0.8):
        shading = weighted(rng, {"flat": 0.3, "ball": 0.5, "linear": 0.2})
        pen = replace(pen, style=replace(pen.style, shading=shading, filled=True))
    _skin(pen, head, looks)
    if chance(rng, 0.4):
        shine = moved(ellipse(size * 0.6, size * 0.35), 128, 128 - size * 0.5)
        pen.spot(smooth(shine), WHITE, opacity=between(rng, 0.15, 0.6))
    eyes = random_eyes(rng, creature=False)
    mouth = between(rng, 0.3, 0.6)
    _smiley_features(pen, head, looks, eyes, mouth)
    if chance(rng, 0.15):
        draw_headwear(pen, head, random_headwear(rng), eyes.height)
    return []


def _smiley_features(pen: Pen, head: Head, looks: Looks, eyes: Eyes, mouth: float) -> None:
    eyewear = random_eyewear(pen.rng)
    if not covers_eyes(eyewear):
        draw_eyes(pen, head, looks, eyes)
    draw_mouth(pen, head, looks, mouth)
    if chance(pen.rng, 0.2):
        draw_nose(pen, head, looks, (eyes.height + mouth) / 2)
    if chance(pen.rng, 0.3):
        draw_brows(pen, head, looks, eyes)
    draw_eyewear(pen, head, eyes, eyewear)


def _skin(pen: Pen, head: Head, looks: Looks) -> None:
    outline = head.outline()
    pen.paint(smooth(outline), looks.skin, Role.FACE)
    shade_face(pen, outline, looks.skin)
