"""The face-parsing network: its tiles, losses and measures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn

from shared.networks.face_parsing import FILE, OUTPUT, PARTS, SIDE
from tools.training.batches import Tiles
from tools.training.parsing.losses import part_ious, part_losses
from tools.training.parsing.network import ParsingNetwork
from tools.training.parsing.tiles import TILE, mirrored, tile
from tools.training.precision import autocast
from tools.training.sources import Sources
from tools.training.stream import Composer
from tools.training.task import Evaluation, Evaluator

VALIDATION_SEED = 1_000_003
"""Of the validation's tiles: apart from the seeds that people choose."""
VALIDATION_TILES = 1200


class ParsingTask:
    file: Path = FILE
    side = SIDE
    outputs: Sequence[str] = (OUTPUT,)
    mirrored = staticmethod(mirrored)
    batch = 64
    composer = Composer(TILE, tile)
    shares: Mapping[str, float] = dict.fromkeys(PARTS, 1.0)
    title = "IoU of the masks"

    @staticmethod
    def network() -> nn.Module:
        return ParsingNetwork()

    @staticmethod
    def losses(network: nn.Module, tiles: Tiles, device: torch.device) -> torch.Tensor:
        return part_losses(_logits(network, tiles, device), _masks(tiles, device))

    @staticmethod
    def evaluator(sources: Sources, device: torch.device) -> Evaluator:
        held_out = np.empty(VALIDATION_TILES, TILE)
        for number in range(len(held_out)):
            held_out[number] = tile(sources, VALIDATION_SEED, number)

        def evaluate(network: nn.Module) -> Evaluation:
            return measure(network, held_out, device)

        return evaluate


def measure(network: nn.Module, tiles: Tiles, device: torch.device) -> Evaluation:
    """The scores are the mean IoU of each part where it is shown."""
    network.eval()
    losses, ious = [], []
    with torch.no_grad():
        for first in range(0, len(tiles), ParsingTask.batch):
            some = tiles[first : first + ParsingTask.batch]
            logits, masks = _logits(network, some, device), _masks(some, device)
            losses.append(part_losses(logits, masks))
            ious.append(part_ious(logits, masks))
    means = torch.stack(losses).mean(0).tolist()
    scores = torch.cat(ious).nanmean(0).tolist()
    return Evaluation(
        dict(zip(PARTS, means, strict=True)), dict(zip(PARTS, scores, strict=True)), {}
    )


def _logits(network: nn.Module, tiles: Tiles, device: torch.device) -> torch.Tensor:
    picture = torch.from_numpy(tiles["image"]).to(device).permute(0, 3, 1, 2).float()
    with autocast(device):
        logits: torch.Tensor = network(picture.contiguous(memory_format=torch.channels_last))
    return logits.float()


def _masks(tiles: Tiles, device: torch.device) -> torch.Tensor:
    return torch.from_numpy(tiles["parts"]).to(device)
