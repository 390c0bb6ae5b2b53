"""Figures: what parts a drawing has, drawn from back to front, as a sprite."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from tools.training.procedural.beards import draw_beard, draw_moustache
from tools.training.procedural.body import draw_body, draw_small_body
from tools.training.procedural.chance import (
    WHITE,
    Color,
    Rng,
    between,
    chance,
    hair_color,
    mix,
    skin_color,
    weighted,
)
from tools.training.procedural.curves import Points, ellipse, points, smooth
from tools.training.procedural.eyes import Eyes, draw_brows, draw_eyes, random_eyes
from tools.training.procedural.eyewear import covers_eyes, draw_eyewear, random_eyewear
from tools.training.procedural.hair import draw_ears, draw_hair_before, draw_hair_behind, draw_horns
from tools.training.procedural.hands import draw_hand
from tools.training.procedural.head import Head, random_head
from tools.training.procedural.headwear import draw_headwear, random_headwear
from tools.training.procedural.mouths import draw_mouth
from tools.training.procedural.noses import draw_nose
from tools.training.procedural.portrait import draw_portrait
from tools.training.procedural.profile import draw_profile, random_profile
from tools.training.procedural.style import Style, random_style, shade_face
from tools.training.procedural.svg import SIDE, Drawing, Role, css
from tools.training.sprite import FACE, HAND, Pixels, Sprite

_PIXELS = 192
"""Side of a sprite. A face then has some 80 to 130 pixels, twice what it has in a tile."""

_MIN_AREA = 300
"""Pixels of visible skin that a face needs in a sprite, about a tenth of a usual one. With fewer,
hats and hair have hidden it. Chosen by hand."""


def face(seed: int) -> Sprite | None:
    """A head with a face, or None where too little of the face is visible."""
    rng = np.random.default_rng(seed)
    view = weighted(
        rng,
        {"frontal": 0.38, "three-quarter": 0.22, "profile": 0.17, "smiley": 0.09, "portrait": 0.14},
    )
    creature = chance(rng, 0.3 if view == "portrait" else 0.14)
    style = random_style(rng)
    drawing = Drawing()
    eyes: list[Points] = []
    if view == "portrait":
        style = Style(0, None, "soft", filled=True, paper=WHITE)
        eyes = _portrait(rng, drawing, style, creature=creature)
    elif view == "profile":
        _profile(rng, drawing, style, creature=creature)
    elif view == "smiley":
        _smiley(rng, drawing, style)
    else:
        eyes = _head(rng, drawing, style, random_head(rng, view), creature=creature)
    if chance(rng, 0.08):
        _hand_at_face(rng, drawing, style)
    kind = "creature" if creature and view in ("frontal", "three-quarter", "profile") else view
    return _sprite(rng, drawing, f"procedural-{kind}", style, eyes)


def small_figure(seed: int) -> Sprite | None:
    """A whole figure: a small head on a body with hands."""
    rng = np.random.default_rng(seed)
    style = random_style(rng)
    drawing = Drawing()
    creature = chance(rng, 0.1)
    skin, hair = skin_color(rng, creature=creature), hair_color(rng)
    big = random_head(rng, weighted(rng, {"frontal": 0.5, "three-quarter": 0.5}))
    scale = between(rng, 0.35, 0.6)
    head = Head(
        x=128, y=between(rng, 45, 75), across=big.across * scale, down=big.down * scale, yaw=big.yaw, pitch=big.pitch,
        exponent=big.exponent, taper=big.taper, bulge=big.bulge, bulge_at=big.bulge_at, waves=big.waves,
    )  # fmt: skip
    thin = Style(style.line * 0.6, style.ink, style.shading, style.filled, style.paper)
    draw_small_body(rng, drawing, thin, skin, (head.x, head.y + head.down * 0.95), head.down * 2)
    eyes = _on_body(rng, drawing, thin, head, skin, hair, creature=creature)
    return _sprite(rng, drawing, "procedural-figure", style, eyes)


def hand(seed: int) -> Sprite | None:
    """A hand on its own."""
    rng = np.random.default_rng(seed)
    style = random_style(rng)
    drawing = Drawing()
    draw_hand(
        rng,
        drawing,
        style,
        skin_color(rng, creature=chance(rng, 0.1)),
        (128, 120),
        between(rng, 30, 50),
        float(rng.normal(0, 60)),
    )
    return _sprite(rng, drawing, "procedural-hand", style, [])


def faceless(seed: int) -> Sprite | None:
    """A head without a face, or a face whose parts are wrong: a negative."""
    rng = np.random.default_rng(seed)
    style = random_style(rng)
    drawing = Drawing()
    head = random_head(rng, "frontal")
    skin, hair = skin_color(rng, creature=chance(rng, 0.2)), hair_color(rng)
    how = weighted(
        rng, {"empty": 0.25, "silhouette": 0.2, "one eye": 0.2, "mouth": 0.2, "parts": 0.15}
    )
    if how == "silhouette":
        dark = (20, 20, 20) if chance(rng, 0.6) else skin
        style, skin, hair = Style(0, None, "flat", filled=True, paper=dark), dark, dark
    eyes = random_eyes(rng, skin, hair, creature=False)
    if how != "parts" and chance(rng, 0.85):
        if chance(rng, 0.6):
            draw_body(rng, drawing, head, style, skin)
        if chance(rng, 0.4):
            draw_hair_behind(rng, drawing, head, style, hair)
        style.paint(rng, drawing, smooth(head.outline()), skin, Role.FACE)
        shade_face(rng, drawing, style, head.outline(), skin)
    if how == "one eye":
        large = Eyes(
            0.0 if chance(rng, 0.5) else eyes.spacing,
            eyes.height,
            eyes.size * between(rng, 1, 2),
            eyes.kind,
            skin,
            hair,
        )
        draw_eyes(rng, drawing, head, style, large, (1,))
    elif how == "mouth":
        draw_mouth(rng, drawing, head, style, skin, between(rng, -0.4, 0.5), creature=False)
    elif how == "parts":
        for _ in range(int(rng.integers(1, 3))):
            at = Head(
                128 + between(rng, -60, 60),
                128 + between(rng, -60, 60),
                head.across,
                head.down,
                0,
                0,
                2,
                0,
                0,
                0,
                head.waves,
            )
            draw_mouth(rng, drawing, at, style, skin, 0.3, creature=False)
            draw_eyes(rng, drawing, at, style, eyes, (1,))
    if how != "parts" and chance(rng, 0.6):
        draw_hair_before(rng, drawing, head, style, hair, -0.3)
    image, label = drawing.render(_PIXELS)
    return Sprite(
        "procedural-faceless", _textured(rng, image), np.zeros_like(label), tags=frozenset([how])
    )


SOURCES: dict[str, Callable[[int], Sprite | None]] = {
    "face": face, "figure": small_figure, "hand": hand, "faceless": faceless,
}  # fmt: skip


def _head(rng: Rng, drawing: Drawing, style: Style, head: Head, *, creature: bool) -> list[Points]:
    skin, hair = skin_color(rng, creature=creature), hair_color(rng)
    if chance(rng, 0.7):
        draw_body(rng, drawing, head, style, skin)
    return _on_body(rng, drawing, style, head, skin, hair, creature=creature)


def _portrait(rng: Rng, drawing: Drawing, style: Style, *, creature: bool) -> list[Points]:
    """A painted head, with hair, a beard or a helmet as drawn heads have them."""
    skin, hair = skin_color(rng, creature=creature), hair_color(rng)
    head = random_head(rng, weighted(rng, {"frontal": 0.45, "three-quarter": 0.55}))
    headwear = random_headwear(rng)
    if chance(rng, 0.85):
        draw_body(rng, drawing, head, style, skin)
    if chance(rng, 0.1 if creature else 0.5):
        draw_hair_behind(rng, drawing, head, style, hair)
    if creature and chance(rng, 0.2):
        draw_horns(rng, drawing, head, style)
    if headwear not in ("hood", "helmet") and chance(rng, 0.6):
        draw_ears(rng, drawing, head, style, skin, creature=creature)
    eyes = draw_portrait(rng, drawing, head, skin, hair, creature=creature)
    mouth = eyes.height + 0.65
    if chance(rng, 0.25):
        draw_beard(rng, drawing, head, style, hair, mouth + 0.12, skin)
    if chance(rng, 0.15):
        draw_moustache(rng, drawing, head, style, hair, mouth)
    if headwear in ("none", "band", "crown") or chance(rng, 0.4):
        draw_hair_before(rng, drawing, head, style, hair, eyes.height)
    draw_headwear(rng, drawing, head, style, headwear, eyes.height)
    return _eye_points(head, eyes)


def _eye_points(head: Head, eyes: Eyes) -> list[Points]:
    """Canvas points on each eye: its middle and its lower rim."""
    return [
        head.place((side * eyes.spacing, eyes.height), points((0, 0), (0, eyes.size * 0.6)))
        for side in (-1, 1)
    ]


def _on_body(
    rng: Rng,
    drawing: Drawing,
    style: Style,
    head: Head,
    skin: Color,
    hair: Color,
    *,
    creature: bool,
) -> list[Points]:
    headwear = random_headwear(rng)
    if chance(rng, 0.1 if creature else 0.5):
        draw_hair_behind(rng, drawing, head, style, hair)
    if creature and chance(rng, 0.3):
        draw_horns(rng, drawing, head, style)
    if headwear not in ("hood", "helmet", "headphones") and chance(rng, 0.7):
        draw_ears(rng, drawing, head, style, skin, creature=creature)
    outline = head.outline()
    style.paint(rng, drawing, smooth(outline), skin, Role.FACE)
    shade_face(rng, drawing, style, outline, skin)
    _blemishes(rng, drawing, head, skin)
    eyes = random_eyes(rng, skin, hair, creature=creature)
    nose = eyes.height + between(rng, 0.12, 0.42)
    mouth = min(nose + between(rng, 0.18, 0.45), 0.85)
    bearded = chance(rng, 0.16)
    if bearded:
        draw_beard(rng, drawing, head, style, hair, mouth, skin)
    eyewear = random_eyewear(rng)
    if not covers_eyes(eyewear):
        draw_eyes(rng, drawing, head, style, eyes)
    draw_mouth(rng, drawing, head, style, skin, mouth, creature=creature)
    draw_nose(rng, drawing, head, style, skin, nose, creature=creature)
    if chance(rng, 0.5 if bearded else 0.07):
        draw_moustache(rng, drawing, head, style, hair, mouth)
    if chance(rng, 0.65):
        draw_brows(rng, drawing, head, style, eyes)
    draw_eyewear(rng, drawing, head, style, eyes, eyewear)
    if headwear in ("none", "band", "headphones", "crown") or chance(rng, 0.3):
        draw_hair_before(rng, drawing, head, style, hair, eyes.height)
    draw_headwear(rng, drawing, head, style, headwear, eyes.height)
    return _eye_points(head, eyes)


def _profile(rng: Rng, drawing: Drawing, style: Style, *, creature: bool) -> None:
    skin, hair = skin_color(rng, creature=creature), hair_color(rng)
    head = random_profile(rng, creature=creature)
    if chance(rng, 0.75):
        upright = Head(
            head.x - head.side * head.across * 0.3,
            head.y,
            head.across * 0.8,
            head.down,
            0,
            0,
            2,
            0,
            0,
            0,
            (0.0,),
        )
        draw_body(rng, drawing, upright, style, skin)
    draw_profile(rng, drawing, head, style, skin, hair, creature=creature)


def _smiley(rng: Rng, drawing: Drawing, style: Style) -> None:
    """A disc with a face. The disc is the face."""
    skin = (
        (255, int(between(rng, 190, 235)), int(between(rng, 20, 120)))
        if chance(rng, 0.7)
        else skin_color(rng, creature=True)
    )
    size = between(rng, 60, 95)
    head = Head(
        128,
        128,
        size,
        size * between(rng, 0.92, 1.05),
        float(rng.normal(0, 0.15)),
        float(rng.normal(0, 0.1)),
        2,
        0,
        0,
        0,
        (0.0,),
    )
    if chance(rng, 0.8):
        style = Style(
            style.line,
            style.ink,
            weighted(rng, {"flat": 0.3, "ball": 0.5, "linear": 0.2}),
            filled=True,
            paper=style.paper,
        )
    outline = head.outline()
    style.paint(rng, drawing, smooth(outline), skin, Role.FACE)
    shade_face(rng, drawing, style, outline, skin)
    if chance(rng, 0.4):  # gloss
        shine = ellipse(size * 0.6, size * 0.35) + np.array([128, 128 - size * 0.5])
        drawing.add(
            smooth(shine), Role.DETAIL, fill="#fff", more=f'opacity="{between(rng, 0.15, 0.6):.2f}"'
        )
    eyes = random_eyes(rng, skin, (60, 40, 20), creature=False)
    mouth = between(rng, 0.3, 0.6)
    eyewear = random_eyewear(rng)
    if not covers_eyes(eyewear):
        draw_eyes(rng, drawing, head, style, eyes)
    draw_mouth(rng, drawing, head, style, skin, mouth, creature=False)
    if chance(rng, 0.2):
        draw_nose(rng, drawing, head, style, skin, (eyes.height + mouth) / 2, creature=False)
    if chance(rng, 0.3):
        draw_brows(rng, drawing, head, style, eyes)
    draw_eyewear(rng, drawing, head, style, eyes, eyewear)
    if chance(rng, 0.15):
        draw_headwear(rng, drawing, head, style, random_headwear(rng), eyes.height)


def _blemishes(rng: Rng, drawing: Drawing, head: Head, skin: Color) -> None:
    """Freckles, warts, scars, tears, plasters."""
    if not chance(rng, 0.15):
        return
    kind = weighted(rng, {"freckles": 0.4, "scar": 0.25, "tear": 0.2, "paint": 0.15})
    if kind == "freckles":
        tone = css(mix(skin, (120, 60, 30), 0.5))
        for _ in range(int(rng.integers(3, 14))):
            at = (between(rng, -0.7, 0.7), between(rng, -0.1, 0.5))
            drawing.add(smooth(head.place(at, ellipse(0.03, 0.03))), Role.DETAIL, fill=tone)
    elif kind == "scar":
        x, y = between(rng, -0.6, 0.6), between(rng, -0.5, 0.3)
        drawing.add(
            smooth(head.at(points((x, y), (x + 0.1, y + 0.25), (x + 0.05, y + 0.5))), closed=False),
            Role.DETAIL,
            stroke=css(mix(skin, (150, 30, 40), 0.5)),
            width=2,
        )
    elif kind == "tear":
        x, y = between(rng, 0.2, 0.5) * (1 if chance(rng, 0.5) else -1), between(rng, 0.0, 0.3)
        drawing.add(
            smooth(head.place((x, y), points((0, -0.16), (0.08, 0.04), (0, 0.1), (-0.08, 0.04)))),
            Role.DETAIL,
            fill="#7cc4f0",
        )
    else:
        for side in (-1, 1):
            drawing.add(
                smooth(
                    head.at(
                        points(
                            (side * 0.5, 0.1),
                            (side * 0.8, 0.15),
                            (side * 0.75, 0.25),
                            (side * 0.45, 0.2),
                        )
                    )
                ),
                Role.DETAIL,
                fill=css(mix(skin, (200, 40, 40), 0.8)),
            )


def _hand_at_face(rng: Rng, drawing: Drawing, style: Style) -> None:
    """A hand before the face, or beside it."""
    side = 1 if chance(rng, 0.5) else -1
    at = (128 + side * between(rng, 15, 75), between(rng, 130, 200))
    draw_hand(
        rng,
        drawing,
        style,
        skin_color(rng, creature=False),
        at,
        between(rng, 14, 26),
        float(rng.normal(-side * 25, 25)),
    )


def _sprite(
    rng: Rng, drawing: Drawing, kind: str, style: Style, eyes: list[Points]
) -> Sprite | None:
    image, label = drawing.render(_PIXELS)
    if eyes and not any(_is_visible(label, eye) for eye in eyes):
        return None
    faces = [_box(label == FACE)] if (label == FACE).sum() >= _MIN_AREA else []
    if not faces and kind != "procedural-hand":
        return None
    hands = _boxes(label == HAND)
    tags = frozenset(
        ["line art"] if not style.filled else ["flat" if style.shading == "flat" else "shaded"]
    )
    return Sprite(kind, _textured(rng, image), label, tuple(faces), tuple(hands), tags=tags)


def _is_visible(label: Pixels, eye: Points) -> bool:
    """Whether hair, hats and hands leave a part of the eye."""
    at = np.clip(np.round(eye * (_PIXELS / SIDE)), 0, _PIXELS - 1).astype(int)
    return bool((label[at[:, 1], at[:, 0]] == FACE).any())


def _textured(rng: Rng, image: Pixels) -> Pixels:
    """Some drawings get the edges and the grain of a brush or a pencil."""
    if not chance(rng, 0.22):
        return image
    height, width = image.shape[:2]
    coarse = rng.normal(0, 1, (2, height // 8, width // 8)).astype(np.float32)
    across, down = (
        cv2.resize(field, (width, height), interpolation=cv2.INTER_CUBIC) * between(rng, 0.5, 2.2)
        for field in coarse
    )
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    moved = cv2.remap(image, x + across, y + down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    if chance(rng, 0.5):
        grain = cv2.GaussianBlur(
            rng.normal(0, between(rng, 4, 28), (height, width, 1)).astype(np.float32),
            (0, 0),
            between(rng, 0.5, 1.5),
        )
        moved[..., :3] = np.clip(moved[..., :3] + np.atleast_3d(grain), 0, 255)
    if chance(rng, 0.4):  # flat spots with soft borders, as of thick paint
        moved[..., :3] = cv2.medianBlur(
            np.ascontiguousarray(moved[..., :3]), int(rng.choice([3, 5, 7]))
        )
    return np.asarray(moved, np.uint8)


def _box(mask: Pixels) -> np.ndarray:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], np.float64)


def _boxes(mask: Pixels) -> list[np.ndarray]:
    count, _, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    return [
        np.array([x, y, x + width, y + height], np.float64)
        for x, y, width, height, area in stats[1:count]
        if area >= 40
    ]
