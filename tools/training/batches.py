"""Tiles as tensors, and the cheap changes that make a tile new each time it is used."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

Tiles = npt.NDArray[np.void]

SWAPPED = (2, 1, 0, 3)
"""The order of a box's distances in a mirror."""


@dataclass(frozen=True, slots=True)
class Batch:
    """`picture` float (n, 3, 96, 96), 0 to 255; the others as in targets.TILE, with n in front."""

    picture: torch.Tensor
    mask: torch.Tensor
    centres: torch.Tensor
    boxes: torch.Tensor
    tilt: torch.Tensor


def batch_of(tiles: Tiles, device: torch.device) -> Batch:
    picture = torch.from_numpy(tiles["image"]).to(device).permute(0, 3, 1, 2).float()
    return Batch(
        picture=picture.contiguous(memory_format=torch.channels_last),
        mask=torch.from_numpy(tiles["mask"]).to(device),
        centres=torch.from_numpy(tiles["centres"]).to(device),
        boxes=torch.from_numpy(tiles["boxes"]).to(device).float(),
        tilt=torch.from_numpy(tiles["tilt"]).to(device).float(),
    )


def varied(tiles: Tiles, rng: np.random.Generator) -> Tiles:
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


def mirrored(tiles: Tiles) -> Tiles:
    result = np.empty_like(tiles)
    result["image"] = tiles["image"][:, :, ::-1]
    result["mask"] = tiles["mask"][:, :, ::-1]
    result["centres"] = tiles["centres"][..., ::-1]
    result["boxes"] = tiles["boxes"][:, :, list(SWAPPED), :, ::-1]
    result["tilt"] = tiles["tilt"][..., ::-1]
    result["tilt"][:, 0] *= -1
    return result
