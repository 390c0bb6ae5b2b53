"""A drawing becomes a sprite: rendered, textured, with the boxes of its faces and hands."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from shared.imaging.boxes import FloatBox
from shared.imaging.geometry import BoolMask
from tools.training.procedural.curves import Points
from tools.training.procedural.pen import Pen
from tools.training.procedural.svg import SIDE
from tools.training.procedural.texture import textured
from tools.training.sprite import FACE, HAND, Pixels, Sprite, box_of

_PIXELS = 192
"""Side of a sprite. A face then has some 80 to 130 pixels, twice what it has in a tile."""

_SMALLEST_FACE = 300
"""Pixels of visible skin that a face needs, about a tenth of a usual one. With fewer, hats and hair
have hidden it. Chosen by hand."""

_SMALLEST_HAND = 40
"""Pixels that a hand needs, about 6 x 6: smaller ones are specks. Chosen by hand."""


def face_sprite(pen: Pen, kind: str, eyes: Sequence[Points]) -> Sprite | None:
    """A sprite with one face, or None where too little of it, or none of its eyes, is visible.

    `eyes` are canvas points on each eye; no eyes means that nothing can hide them.
    """
    image, label = textured(pen.rng, *pen.drawing.render(_PIXELS))
    if eyes and not any(_is_visible(label, eye) for eye in eyes):
        return None
    face = label == FACE
    if face.sum() < _SMALLEST_FACE:
        return None
    return _sprite(pen, kind, image, label, (box_of(face),))


def hand_sprite(pen: Pen, kind: str) -> Sprite:
    return _sprite(pen, kind, *textured(pen.rng, *pen.drawing.render(_PIXELS)))


def faceless_sprite(pen: Pen, kind: str, tag: str) -> Sprite | None:
    """A negative, whatever the roles of its parts are, or None where nearly nothing is drawn."""
    image, label = textured(pen.rng, *pen.drawing.render(_PIXELS))
    if (image[..., 3] > 0).sum() < _SMALLEST_FACE:
        return None
    return Sprite(kind, image, np.zeros_like(label), tags=frozenset([tag]))


def _sprite(
    pen: Pen, kind: str, image: Pixels, label: Pixels, faces: tuple[FloatBox, ...] = ()
) -> Sprite:
    painted = "flat" if pen.style.shading == "flat" else "shaded"
    return Sprite(
        kind,
        image,
        label,
        faces,
        hands=_boxes(label == HAND),
        parts=True,
        tags=frozenset([painted if pen.style.filled else "line art"]),
    )


def _is_visible(label: Pixels, eye: Points) -> bool:
    """Whether hair, hats and hands leave a part of the eye."""
    at = np.clip(np.round(eye * (_PIXELS / SIDE)), 0, _PIXELS - 1).astype(int)
    return bool((label[at[:, 1], at[:, 0]] == FACE).any())


def _boxes(mask: BoolMask) -> tuple[FloatBox, ...]:
    """The boxes of the mask's connected parts, without specks."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    return tuple(
        np.array([x, y, x + width, y + height], np.float64)
        for x, y, width, height, area in stats[1:]
        if area >= _SMALLEST_HAND
    )
