"""The network: a small U-Net, fully convolutional, for pictures whose sides are multiples of 16."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

from tools.training.targets import CLASSES


@dataclass(frozen=True, slots=True)
class Shape:
    """Channels at 1/2 to 1/16 of the picture's side, and residual blocks at the last two."""

    channels: tuple[int, int, int, int]
    blocks: tuple[int, int]


SMALL = Shape((16, 32, 48, 64), (1, 2))
MEDIUM = Shape((16, 32, 64, 96), (1, 2))
LARGE = Shape((16, 32, 64, 112), (1, 3))
CHOSEN = MEDIUM
"""tools/training/README.md has the measurements of the three."""


class Network(nn.Module):
    def __init__(self, shape: Shape = CHOSEN) -> None:
        super().__init__()
        half, quarter, eighth, sixteenth = shape.channels
        self.at_2 = convolution(3, half, stride=2)
        self.at_4 = nn.Sequential(
            convolution(half, quarter, stride=2), convolution(quarter, quarter)
        )
        self.at_8 = nn.Sequential(
            convolution(quarter, eighth, stride=2),
            *(Residual(eighth) for _ in range(shape.blocks[0])),
        )
        # dilated by turns, so that a cell sees the complete tile
        self.at_16 = nn.Sequential(
            convolution(eighth, sixteenth, stride=2),
            *(Residual(sixteenth, dilation=1 + block % 2) for block in range(shape.blocks[1])),
        )
        self.merge = nn.Sequential(
            convolution(eighth + sixteenth, eighth, kernel=1), convolution(eighth, eighth)
        )
        self.centres = nn.Conv2d(eighth, len(CLASSES), 1)
        self.boxes = nn.Conv2d(eighth, 4 * len(CLASSES), 1)
        self.tilt = nn.Conv2d(eighth, 2, 1)
        self.narrow = convolution(eighth, half, kernel=1)
        self.mask_at_4 = convolution(half + quarter, half)
        self.mask_at_2 = nn.Sequential(convolution(2 * half, 8), nn.Conv2d(8, 1, 3, padding=1))
        # one cell in twenty is a centre, so training starts from there, not from a half
        nn.init.constant_(self.centres.bias, -3.0)

    def forward(self, picture: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """The outputs, as shared/networks/drawn_face.py describes them."""
        half = self.at_2(picture * (1 / 64) - 2)
        quarter = self.at_4(half)
        eighth = self.at_8(quarter)
        cells = self.merge(torch.cat([eighth, doubled(self.at_16(eighth))], 1))
        mask = self.mask_at_4(torch.cat([doubled(self.narrow(cells)), quarter], 1))
        mask = self.mask_at_2(torch.cat([doubled(mask), half], 1))
        boxes = functional.softplus(self.boxes(cells))
        return self.centres(cells), boxes, self.tilt(cells), mask


class Residual(nn.Module):
    def __init__(self, channels: int, dilation: int = 1) -> None:
        super().__init__()
        self.first = convolution(channels, channels, dilation=dilation)
        self.second = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return functional.relu(features + self.norm(self.second(self.first(features))))


def convolution(
    inputs: int, outputs: int, *, kernel: int = 3, stride: int = 1, dilation: int = 1
) -> nn.Sequential:
    padding = kernel // 2 * dilation
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, padding, dilation, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    )


def doubled(features: torch.Tensor) -> torch.Tensor:
    return functional.interpolate(features, scale_factor=2, mode="nearest")
