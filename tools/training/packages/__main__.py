"""Writes the sprites of the packages to .toonmask/training/packages, a shard for each kind.

python -m tools.training.packages [--sheets FOLDER]
"""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

import cv2
import numpy as np

from tools.training.packages import node
from tools.training.packages.sheet import sheet
from tools.training.packages.sprites import SEED, packages
from tools.training.sprite import Sprite, save

_log = logging.getLogger(__name__)

_ON_A_SHEET = 192
_COLUMNS = 16
_SIDE = 96


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sheets", type=Path, help="also draw contact sheets into this folder")
    arguments = parser.parse_args()
    node.install()
    kinds: dict[str, list[Sprite]] = {}
    for sprite in packages(SEED):
        kinds.setdefault(sprite.kind, []).append(sprite)
    for kind, sprites in sorted(kinds.items()):
        save(node.CACHE / f"{kind}.sprites", sprites)
        faces = sum(bool(sprite.faces) for sprite in sprites)
        hands = sum(bool(sprite.hands) for sprite in sprites)
        _log.info(
            "%-32s %5d sprites, %5d with faces, %4d with hands", kind, len(sprites), faces, hands
        )
        if arguments.sheets:
            _draw(arguments.sheets / f"{kind}.png", sprites)


def _draw(path: Path, sprites: list[Sprite]) -> None:
    """Draws a sample that is spread over the kind."""
    path.parent.mkdir(parents=True, exist_ok=True)
    chosen = np.unique(np.linspace(0, len(sprites) - 1, _ON_A_SHEET).round().astype(int))
    pixels = sheet([sprites[index] for index in chosen], _SIDE, _COLUMNS)
    cv2.imwrite(str(path), cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))


if __name__ == "__main__":
    main()
