"""The face-parsing network: a small U-Net, fully convolutional, for multiples of 32 as sides."""

from __future__ import annotations

import torch
from torch import nn

from shared.networks.face_parsing import PARTS
from tools.training.network import Residual, convolution, doubled

_CHANNELS = 16, 32, 48, 64, 64
"""At 1/2 to 1/32 of the picture's side."""


class ParsingNetwork(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        half, quarter, eighth, sixteenth, last = _CHANNELS
        self.at_2 = convolution(3, half, stride=2)
        self.at_4 = nn.Sequential(
            convolution(half, quarter, stride=2), convolution(quarter, quarter)
        )
        self.at_8 = nn.Sequential(convolution(quarter, eighth, stride=2), Residual(eighth))
        self.at_16 = nn.Sequential(convolution(eighth, sixteenth, stride=2), Residual(sixteenth))
        # dilated, so that each cell sees the complete picture
        self.at_32 = nn.Sequential(
            convolution(sixteenth, last, stride=2), Residual(last), Residual(last, dilation=2)
        )
        self.to_16 = convolution(last + sixteenth, sixteenth, kernel=1)
        self.to_8 = nn.Sequential(
            convolution(sixteenth + eighth, eighth, kernel=1), convolution(eighth, eighth)
        )
        self.to_4 = convolution(eighth + quarter, quarter)
        self.to_2 = nn.Sequential(
            convolution(quarter + half, half), nn.Conv2d(half, len(PARTS), 3, padding=1)
        )

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        """The log-odds of each part, (n, parts, h / 2, w / 2), of RGB pictures, 0 to 255."""
        half = self.at_2(picture * (1 / 64) - 2)
        quarter = self.at_4(half)
        eighth = self.at_8(quarter)
        sixteenth = self.at_16(eighth)
        features = self.to_16(torch.cat([doubled(self.at_32(sixteenth)), sixteenth], 1))
        features = self.to_8(torch.cat([doubled(features), eighth], 1))
        features = self.to_4(torch.cat([doubled(features), quarter], 1))
        parts: torch.Tensor = self.to_2(torch.cat([doubled(features), half], 1))
        return parts
