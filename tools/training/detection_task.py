"""The drawn-face network: its tiles, losses and measures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import nn

from shared.networks.drawn_face import FILE, OUTPUTS, SIDE
from tools.training.batches import Tiles, batch_of
from tools.training.losses import SHARES, losses
from tools.training.network import Network
from tools.training.precision import autocast
from tools.training.sources import Sources
from tools.training.stream import Composer
from tools.training.targets import TILE, mirrored
from tools.training.task import Evaluation, Evaluator
from tools.training.tiles import tile
from tools.training.validation import measure, validation_tiles


class DetectionTask:
    file: Path = FILE
    side = SIDE
    outputs: Sequence[str] = OUTPUTS
    mirrored = staticmethod(mirrored)
    batch = 128
    composer = Composer(TILE, tile)
    shares: Mapping[str, float] = SHARES
    title = "recall at 1% false alarms (* held out)"

    @staticmethod
    def network() -> nn.Module:
        return Network()

    @staticmethod
    def losses(network: nn.Module, tiles: Tiles, device: torch.device) -> torch.Tensor:
        batch = batch_of(tiles, device)
        with autocast(device):
            outputs = network(batch.picture)
        return losses(outputs, batch)

    @staticmethod
    def evaluator(sources: Sources, device: torch.device) -> Evaluator:
        held_out = validation_tiles(sources)

        def evaluate(network: nn.Module) -> Evaluation:
            return measure(network, held_out, device)

        return evaluate
