"""Heads without a face, and parts of a face that make none: nothing in them may be found."""

from __future__ import annotations

from dataclasses import replace

from tools.training.procedural.body import draw_body
from tools.training.procedural.chance import between, chance, count, weighted
from tools.training.procedural.curves import smooth
from tools.training.procedural.eyes import Eyes, draw_eyes, random_eyes
from tools.training.procedural.hair import draw_hair_before, draw_hair_behind
from tools.training.procedural.head import Head, random_head
from tools.training.procedural.looks import Looks, random_looks
from tools.training.procedural.mouths import draw_mouth
from tools.training.procedural.pen import Pen
from tools.training.procedural.shading import shade_face
from tools.training.procedural.style import Style
from tools.training.procedural.svg import Role


def draw_faceless(pen: Pen) -> str:
    """Draws one of several. Returns which: empty, silhouette, one eye, mouth, parts."""
    rng = pen.rng
    head = random_head(rng, "frontal")
    looks = replace(random_looks(rng, creature=chance(rng, 0.2)), creature=False)
    kind = weighted(
        rng, {"empty": 0.25, "silhouette": 0.2, "one eye": 0.2, "mouth": 0.2, "parts": 0.15}
    )
    if kind == "silhouette":
        black = (20, 20, 20) if chance(rng, 0.6) else looks.skin
        pen = replace(pen, style=Style(0, None, "flat"))
        looks = Looks(black, black, creature=False)
    eyes = random_eyes(rng, creature=False)
    if kind == "parts":
        _parts(pen, head, looks, eyes)
        return kind
    if chance(rng, 0.85):
        _head(pen, head, looks)
    if kind == "one eye":
        spacing = 0.0 if chance(rng, 0.5) else eyes.spacing
        large = replace(eyes, spacing=spacing, size=eyes.size * between(rng, 1, 2))
        draw_eyes(pen, head, looks, large, sides=(1,))
    elif kind == "mouth":
        draw_mouth(pen, head, looks, between(rng, -0.4, 0.5))
    if chance(rng, 0.6):
        draw_hair_before(pen, head, looks.hair, -0.3)
    return kind


def _head(pen: Pen, head: Head, looks: Looks) -> None:
    if chance(pen.rng, 0.6):
        draw_body(pen, head, looks.skin)
    if chance(pen.rng, 0.4):
        draw_hair_behind(pen, head, looks.hair)
    outline = head.outline()
    pen.paint(smooth(outline), looks.skin, Role.GROUND)
    shade_face(pen, outline, looks.skin)


def _parts(pen: Pen, head: Head, looks: Looks, eyes: Eyes) -> None:
    """Single eyes and mouths, apart from each other."""
    for _ in range(count(pen.rng, 1, 3)):
        x, y = 128 + between(pen.rng, -60, 60), 128 + between(pen.rng, -60, 60)
        place = Head(x, y, head.across, head.down)
        draw_mouth(pen, place, looks, 0.3)
        draw_eyes(pen, place, looks, eyes, sides=(1,))
