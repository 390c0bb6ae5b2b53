"""Writes a shard of sprites for each kind: `python -m tools.training.packages`."""

from __future__ import annotations

import argparse
import logging
import os
from concurrent.futures import ProcessPoolExecutor
from itertools import groupby
from pathlib import Path

import cv2
import numpy as np

from tools.training.packages import node
from tools.training.packages.sheet import sheet
from tools.training.packages.sprites import SEED, SOURCES
from tools.training.sprite import Sprite, save

_log = logging.getLogger(__name__)

_ON_A_SHEET = 192
_COLUMNS = 16
_SIDE = 96


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=".toonmask/training/sprites")
    parser.add_argument("--sheets", type=Path, help="also draw contact sheets into this folder")
    arguments = parser.parse_args()
    node.install()
    with ProcessPoolExecutor(os.cpu_count()) as workers:
        jobs = [
            workers.submit(_write, source, arguments.folder, arguments.sheets) for source in SOURCES
        ]
        for job in jobs:
            _log.info("%s", job.result())


def _write(source: str, folder: Path, sheets: Path | None) -> str:
    """Writes the sprites of one source and returns a line for each of their kinds."""
    lines = []
    # a source yields its kinds one after the other; all of them at once would take gigabytes
    for kind, group in groupby(SOURCES[source](SEED), key=lambda sprite: sprite.kind):
        sprites = list(group)
        save(folder / f"packages-{kind}.shard", sprites)
        if sheets:
            _draw(sheets / f"{kind}.png", sprites)
        faces = sum(bool(sprite.faces) for sprite in sprites)
        hands = sum(bool(sprite.hands) for sprite in sprites)
        lines.append(f"{kind:32} {len(sprites):5} sprites, {faces:4} faces, {hands:4} with hands")
    return "\n".join(lines)


def _draw(path: Path, sprites: list[Sprite]) -> None:
    """Draws a sample that is spread over the kind."""
    path.parent.mkdir(parents=True, exist_ok=True)
    chosen = np.unique(np.linspace(0, len(sprites) - 1, _ON_A_SHEET).round().astype(int))
    pixels = sheet([sprites[index] for index in chosen], _SIDE, _COLUMNS)
    cv2.imwrite(str(path), cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))


if __name__ == "__main__":
    main()
