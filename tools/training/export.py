"""Writes a network as ONNX for OpenCV's dnn module, and compares both."""

from __future__ import annotations

import io
from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

OPSET = 13
"""OpenCV 4.11 reads it; later ones pass the scales of Resize in ways that it reads no better."""

INPUT = "picture"

Outputs = list[npt.NDArray[np.float32]]


def onnx_bytes(
    network: nn.Module, side: int, outputs: Sequence[str], *, half_precision: bool = False
) -> bytes:
    """The network with BatchNorm folded into the convolutions, for pictures of `side`.

    OpenCV runs it with any side that the network takes. `half_precision` stores the weights as
    float16, at half the size, and computes in float32.
    """
    buffer = io.BytesIO()
    example = torch.zeros(1, 3, side, side)
    torch.onnx.export(
        network.eval(),
        (example,),
        buffer,
        opset_version=OPSET,
        input_names=[INPUT],
        output_names=list(outputs),
        dynamo=False,  # its graphs have operators of opset 18, which OpenCV 4.11 does not read
    )
    model = onnx.load_from_string(buffer.getvalue())
    if half_precision:
        _halve(model)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def smallest_bytes(network: nn.Module, side: int, outputs: Sequence[str]) -> bytes:
    """With float16 weights if that changes no output of a random picture by 1%."""
    exact, halved = (
        onnx_bytes(network, side, outputs, half_precision=half) for half in (False, True)
    )
    picture = np.random.default_rng(0).integers(0, 256, (side, side, 3)).astype(np.uint8)
    same = all(
        np.abs(one - other).max() <= 0.01 * max(np.abs(one).max(), 1)
        for one, other in zip(
            run(exact, picture, outputs), run(halved, picture, outputs), strict=True
        )
    )
    return halved if same else exact


def run(content: bytes, picture: npt.NDArray[np.uint8], outputs: Sequence[str]) -> Outputs:
    """The outputs for one RGB picture, (h, w, 3), by OpenCV."""
    net = cv2.dnn.readNetFromONNX(np.frombuffer(content, np.uint8))
    net.setInput(cv2.dnn.blobFromImage(picture))
    return [np.asarray(output, np.float32) for output in net.forward(list(outputs))]


def _halve(model: onnx.ModelProto) -> None:
    """Each large weight as float16 with a Cast to float32 behind it."""
    graph = model.graph
    for weight in list(graph.initializer):
        values = numpy_helper.to_array(weight)
        if values.dtype != np.float32 or values.ndim != 4:
            continue
        stored = f"{weight.name}.half"
        graph.initializer.remove(weight)
        graph.initializer.append(numpy_helper.from_array(values.astype(np.float16), stored))
        graph.node.insert(
            0, helper.make_node("Cast", [stored], [weight.name], to=TensorProto.FLOAT)
        )
