"""Writes a shard of sprites for each kind: `python -m tools.training.packages`.

`python -m tools.training.sprite_sheet` draws what they contain.
"""

from __future__ import annotations

import argparse
import logging
import os
from concurrent.futures import ProcessPoolExecutor
from itertools import groupby
from pathlib import Path

from tools.training.packages import node
from tools.training.packages.sprites import SEED, SOURCES
from tools.training.paths import SPRITES
from tools.training.sprite import save

_log = logging.getLogger(__name__)


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=SPRITES)
    arguments = parser.parse_args()
    node.install()
    with ProcessPoolExecutor(os.cpu_count()) as workers:
        jobs = [workers.submit(_write, source, arguments.folder) for source in SOURCES]
        for job in jobs:
            _log.info("%s", job.result())


def _write(source: str, folder: Path) -> str:
    """Writes the sprites of one source and returns a line for each of their kinds."""
    lines = []
    # a source yields its kinds one after the other; all of them at once would take gigabytes
    for kind, group in groupby(SOURCES[source](SEED), key=lambda sprite: sprite.kind):
        sprites = list(group)
        save(folder / f"packages-{kind}.shard", sprites)
        faces = sum(bool(sprite.faces) for sprite in sprites)
        hands = sum(bool(sprite.hands) for sprite in sprites)
        lines.append(f"{kind:32} {len(sprites):5} sprites, {faces:4} faces, {hands:4} with hands")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
