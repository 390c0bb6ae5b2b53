"""The state of a run: weights, their moving average, optimiser, position. Saved and restored."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn

LEARNING_RATE = 3e-3
"""Of AdamW. The first network of this kind learned well with it, and 3e-4 of it at the end."""
WEIGHT_DECAY = 2e-2
DECAY = 0.998
"""Of the moving average: over about the last 500 steps, so one of 64,000 samples."""


class State:
    """What a checkpoint holds. No state of a random generator is needed: each round has its own."""

    def __init__(self, make: Callable[[], nn.Module], seed: int, device: torch.device) -> None:
        torch.manual_seed(seed)
        self.seed, self.device = seed, device
        self.network = make().to(device, memory_format=torch.channels_last)
        self.average = make().to(device, memory_format=torch.channels_last)
        self.average.load_state_dict(self.network.state_dict())
        self.optimiser = torch.optim.AdamW(
            self.network.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY
        )
        self.round = self.samples = self.steps = 0
        self.seconds = 0.0

    def update_average(self) -> None:
        # at the start the average follows at once: the first weights are worth nothing
        decay = min(DECAY, (1 + self.steps) / (10 + self.steps))
        with torch.no_grad():
            pairs = zip(
                self.average.state_dict().values(), self.network.state_dict().values(), strict=True
            )
            for average, current in pairs:
                if average.is_floating_point():
                    average.lerp_(current, 1 - decay)
                else:
                    average.copy_(current)

    def save(self, path: Path) -> None:
        """The file appears complete or not at all."""
        partial = path.with_suffix(".partial")
        content = {
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            **{name: getattr(self, name) for name in _POSITION},
        }
        torch.save(content, partial)
        partial.rename(path)

    def restore(self, path: Path) -> None:
        content = torch.load(path, weights_only=True)
        self.network.load_state_dict(content["network"])
        self.average.load_state_dict(content["average"])
        self.optimiser.load_state_dict(content["optimiser"])
        for name in _POSITION:
            setattr(self, name, content[name])


_POSITION = ("seed", "round", "samples", "steps", "seconds")
