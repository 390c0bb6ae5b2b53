"""What is trained: a network, the tiles it learns from, and how wrong it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import nn

from tools.training.batches import Tiles
from tools.training.sources import Sources
from tools.training.stream import Composer


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Measures on tiles that training does not see.

    `losses` are those of the task. `scores`, 0..1, are by kind or part, and `mean_score` is their
    mean. `further` are other figures.
    """

    losses: dict[str, float]
    scores: dict[str, float]
    further: dict[str, float]

    @property
    def mean_score(self) -> float:
        return float(np.mean(list(self.scores.values())))


class Task(Protocol):
    """A network to train."""

    @property
    def file(self) -> Path:
        """Where the finished model goes."""
        ...

    @property
    def side(self) -> int:
        """Of the pictures."""
        ...

    @property
    def outputs(self) -> Sequence[str]:
        """The names of the network's outputs."""
        ...

    @property
    def batch(self) -> int:
        """Tiles per step."""
        ...

    @property
    def composer(self) -> Composer: ...

    @property
    def shares(self) -> Mapping[str, float]:
        """The weights of the losses in their sum, by name."""
        ...

    @property
    def title(self) -> str:
        """What the scores are."""
        ...

    def network(self) -> nn.Module:
        """A network with random weights."""
        ...

    def mirrored(self, tiles: Tiles) -> Tiles:
        """The tiles with their targets as a mirror shows them."""
        ...

    def losses(self, network: nn.Module, tiles: Tiles, device: torch.device) -> torch.Tensor:
        """The losses of a batch, in the order of `shares`, float (n,)."""
        ...

    def evaluator(self, sources: Sources, device: torch.device) -> Evaluator:
        """Measures networks on tiles of these sources."""
        ...


class Evaluator(Protocol):
    def __call__(self, network: nn.Module) -> Evaluation: ...
