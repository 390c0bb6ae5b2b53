"""Contact sheets: what a kind looks like, with its truth."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from tools.training.sprite import FACE, HAND, UNKNOWN, Pixels, Sprite

_TINTS = {FACE: (0, 200, 0), HAND: (0, 80, 255), UNKNOWN: (255, 0, 0)}
_GROUND = 170


def picture(sprite: Sprite, side: int) -> Pixels:
    """The sprite on grey, tinted by its label, with boxes: RGB (side, side, 3)."""
    alpha = sprite.image[..., 3:] / 255
    pixels = sprite.image[..., :3] * alpha + _GROUND * (1 - alpha)
    for value, tint in _TINTS.items():
        where = sprite.label == value
        pixels[where] = pixels[where] * 0.6 + np.array(tint) * 0.4
    drawn = np.ascontiguousarray(pixels.astype(np.uint8))
    for box in sprite.faces + sprite.hands:
        x0, y0, x1, y1 = (round(value) for value in box)
        cv2.rectangle(drawn, (x0, y0), (x1 - 1, y1 - 1), (255, 0, 255), 1)
    scale = side / max(drawn.shape[:2])
    drawn = cv2.resize(drawn, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    tile = np.full((side, side, 3), _GROUND, np.uint8)
    tile[: drawn.shape[0], : drawn.shape[1]] = drawn
    return tile


def sheet(sprites: Sequence[Sprite], side: int, columns: int) -> Pixels:
    """All sprites, from left to right and top to bottom: RGB."""
    tiles = [picture(sprite, side) for sprite in sprites]
    tiles += [np.full((side, side, 3), 255, np.uint8)] * (-len(tiles) % columns)
    rows = [np.hstack(tiles[at : at + columns]) for at in range(0, len(tiles), columns)]
    return np.vstack(rows)
