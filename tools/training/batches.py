"""Tiles as tensors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

Tiles = npt.NDArray[np.void]


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
