"""Cheap changes of complete tiles, which make a tile new each time it is used."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Tiles = npt.NDArray[np.void]


def varied(tiles: Tiles, mirrored: Callable[[Tiles], Tiles], rng: np.random.Generator) -> Tiles:
    """A copy of the tiles: half of them mirrored, half with other colours, a few negative."""
    tiles = tiles.copy()
    turned = rng.random(len(tiles)) < 0.5
    tiles[turned] = mirrored(tiles[turned])
    coloured = rng.random(len(tiles)) < 0.5
    gain = rng.uniform(0.75, 1.25, (np.count_nonzero(coloured), 1, 1, 3)).astype(np.float32)
    offset = rng.uniform(-20, 20, gain.shape).astype(np.float32)
    changed = tiles["image"][coloured] * gain + offset
    tiles["image"][coloured] = np.clip(changed, 0, 255).astype(np.uint8)
    permuted = rng.random(len(tiles)) < 0.06
    tiles["image"][permuted] = tiles["image"][permuted][..., rng.permutation(3)]
    negative = rng.random(len(tiles)) < 0.02
    tiles["image"][negative] = 255 - tiles["image"][negative]
    return tiles
