"""Writes shards of generated sprites: `python -m tools.training.procedural FOLDER`."""

import argparse
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from rich.progress import track

from tools.training.procedural.figures import SOURCES
from tools.training.sprite import Sprite, save

_COUNTS = {"face": 14_000, "figure": 3_000, "hand": 3_000, "faceless": 4_000}
"""Number of seeds for each source. More faces than the network sees twice in a training of three
hours would cost time without use. Chosen by hand."""

_SHARD = 1_000
"""Seeds of a shard: some 40 MB."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--share",
        type=float,
        default=1.0,
        help="share of all shards, 0..1; at least one of each source",
    )
    arguments = parser.parse_args()
    jobs = [
        (arguments.folder / f"procedural-{source}-{first:06}.shard", source, first)
        for source, count in _COUNTS.items()
        for first in range(0, round(count * arguments.share), _SHARD)
    ]
    missing = [job for job in jobs if not job[0].exists()]
    with ProcessPoolExecutor(os.cpu_count()) as workers:
        for _ in track(workers.map(_write, missing), "Generated sprites", total=len(missing)):
            pass


def _write(job: tuple[Path, str, int]) -> None:
    path, source, first = job
    save(path, _sprites(source, first))


def _sprites(source: str, first: int) -> Iterator[Sprite]:
    for seed in range(first, first + _SHARD):
        sprite = SOURCES[source](seed)
        if sprite is not None:
            yield sprite


if __name__ == "__main__":
    main()
