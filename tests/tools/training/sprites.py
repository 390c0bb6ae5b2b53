"""Sprites for tests: a head with eyes and a mouth, and an object."""

from collections.abc import Iterable

import cv2
import numpy as np

from tools.training.sources import Sources
from tools.training.sprite import FACE, HAND, UNKNOWN, Sprite, StoredSprite

SIDE = 160


def head(width: int = 90, height: int = 120, kind: str = "head", *, exact: bool = True) -> Sprite:
    """A disc-shaped head; its chin is at the bottom, its eyes are above the middle."""
    image, label = np.zeros((SIDE, SIDE, 4), np.uint8), np.zeros((SIDE, SIDE), np.uint8)
    middle = SIDE // 2
    centre, radii = (middle, middle), (width // 2, height // 2)
    cv2.ellipse(image, centre, radii, 0, 0, 360, (240, 200, 170, 255), -1)
    cv2.ellipse(label, centre, radii, 0, 0, 360, (FACE,), -1)
    for x in (middle - width // 5, middle + width // 5):
        cv2.circle(image, (x, middle - height // 8), 6, (0, 0, 0, 255), -1)
    cv2.line(image, (middle - 15, middle + 30), (middle + 15, middle + 30), (150, 0, 0, 255), 4)
    ys, xs = np.nonzero(label)
    box = np.array([xs.min(), ys.min(), xs.max() + 1, ys.max() + 1], float)
    return Sprite(
        kind, image, label if exact else np.where(label, UNKNOWN, label), (box,), exact=exact
    )


def palm() -> Sprite:
    image, label = np.zeros((SIDE, SIDE, 4), np.uint8), np.zeros((SIDE, SIDE), np.uint8)
    image[40:120, 50:110] = 230, 190, 160, 255
    image[44:60, 60:100, :3] = 90
    label[40:120, 50:110] = HAND
    return Sprite("palm", image, label, hands=(np.array([50.0, 40, 110, 120]),))


def crate(kind: str = "crate") -> Sprite:
    image = np.zeros((SIDE, SIDE, 4), np.uint8)
    image[20:140, 20:140] = 150, 100, 40, 255
    return Sprite(kind, image, np.zeros((SIDE, SIDE), np.uint8))


def sources() -> Sources:
    return sources_of(
        [head(), head(120, 100, "wide"), head(exact=False, kind="loose"), palm(), crate()]
    )


def sources_of(sprites: Iterable[Sprite]) -> Sources:
    return Sources.of(map(StoredSprite.of, sprites))
