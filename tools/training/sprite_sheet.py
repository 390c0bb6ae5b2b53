"""Contact sheets of sprites: `python -m tools.training.sprite_sheet FOLDER SHARD…`.

Writes one PNG into FOLDER for each kind that the shards contain.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

import cv2
import numpy as np

from tools.training.sprite import FACE, HAND, UNKNOWN, Pixels, Sprite, load

_COLUMNS, _ROWS = 12, 8
_SIDE = 128
"""Pixels of a sprite's side: a sheet is 1536 x 1024, which fits onto a screen."""

_GREY = 170
_TINTS = {FACE: (0, 200, 0), HAND: (0, 80, 255), UNKNOWN: (255, 0, 0)}
_BOX = (255, 0, 255)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("shards", type=Path, nargs="+", metavar="shard")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for kind, sprites in first_of_each_kind(arguments.shards).items():
        picture = cv2.cvtColor(sheet(sprites), cv2.COLOR_RGB2BGR)
        cv2.imwrite(str(arguments.folder / f"{kind}.png"), picture)


def first_of_each_kind(shards: Iterable[Path]) -> dict[str, list[Sprite]]:
    """As many sprites of each kind as a sheet has."""
    kinds: dict[str, list[Sprite]] = defaultdict(list)
    for shard in shards:
        for stored in load(shard):
            if len(kinds[stored.kind]) < _COLUMNS * _ROWS:
                kinds[stored.kind].append(stored.sprite())
    return kinds


def sheet(sprites: Sequence[Sprite]) -> Pixels:
    """A picture of all sprites, RGB uint8 (h, w, 3). The last third of them shows the truth: label
    and boxes.
    """
    plain = len(sprites) - len(sprites) // 3
    tiles = [_tile(sprite, truth=index >= plain) for index, sprite in enumerate(sprites)]
    tiles += [np.full((_SIDE, _SIDE, 3), _GREY, np.uint8)] * (-len(tiles) % _COLUMNS)
    rows = range(0, len(tiles), _COLUMNS)
    return np.vstack([np.hstack(tiles[row : row + _COLUMNS]) for row in rows])


def _tile(sprite: Sprite, *, truth: bool) -> Pixels:
    alpha = sprite.image[..., 3:] / 255
    pixels = (sprite.image[..., :3] * alpha + _GREY * (1 - alpha)).astype(np.uint8)
    if truth:
        _draw_truth(pixels, sprite)
    height, width = pixels.shape[:2]
    scale = _SIDE / max(height, width)
    size = round(width * scale), round(height * scale)
    tile = np.full((_SIDE, _SIDE, 3), _GREY, np.uint8)
    tile[: size[1], : size[0]] = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return tile


def _draw_truth(pixels: Pixels, sprite: Sprite) -> None:
    for value, tint in _TINTS.items():
        where = sprite.label == value
        pixels[where] = pixels[where] * 0.6 + np.array(tint) * 0.4
    for box in sprite.faces + sprite.hands:
        left, top, right, bottom = (round(float(value)) for value in box)
        cv2.rectangle(pixels, (left, top), (right - 1, bottom - 1), _BOX, 1)


if __name__ == "__main__":
    main()
