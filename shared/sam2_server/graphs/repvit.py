"""RepViT, the backbone of EdgeTAM: https://arxiv.org/abs/2307.09283.

A block's three branches (a 3 x 3 and a 1 x 1 convolution, each with batch normalisation, and the
identity) are one convolution, as in section 3.2 of the paper.
"""

from dataclasses import dataclass

import numpy as np
from openvino import Node
from openvino import opset15 as ops

from shared.imaging.geometry import Floats
from shared.sam2_server.graphs.layers import convolution, depthwise, gelu
from shared.sam2_server.graphs.weights import Weights

_EPSILON = 1e-5
"""PyTorch's default for batch normalisation, which timm's RepViT uses."""

_STAGES = 4


@dataclass(frozen=True, slots=True, eq=False)
class _Fused:
    """A convolution with its batch normalisation folded in."""

    kernel: Floats
    bias: Floats


def repvit(pixels: Node, weights: Weights) -> list[Node]:
    """Returns the feature maps at the end of each stage, finest first."""
    stem = weights.under("stem")
    x = _convolution(pixels, stem.under("conv1"), stride=2, padding=1)
    x = _convolution(gelu(x), stem.under("conv2"), stride=2, padding=1)
    features = []
    for stage in range(_STAGES):
        x = _stage(x, weights.under(f"stages_{stage}"))
        features.append(x)
    return features


def _stage(x: Node, weights: Weights) -> Node:
    if "downsample" in weights:
        x = _downsampled(x, weights.under("downsample"))
    for block in weights.parts("blocks"):
        x = _block(x, block)
    return x


def _downsampled(x: Node, weights: Weights) -> Node:
    x = _block(x, weights.under("pre_block"))
    half = _folded(weights.under("spatial_downsample"))
    x = depthwise(x, half.kernel, half.bias, stride=2, padding=half.kernel.shape[2] // 2)
    x = _convolution(x, weights.under("channel_downsample"))
    return ops.add(x, _mlp(x, weights.under("ffn")))


def _block(x: Node, weights: Weights) -> Node:
    mixer = _mixer(weights.under("token_mixer"))
    x = depthwise(x, mixer.kernel, mixer.bias, padding=mixer.kernel.shape[2] // 2)
    if "se" in weights:
        x = _squeeze_excite(x, weights.under("se"))
    return ops.add(x, _mlp(x, weights.under("channel_mixer")))


def _mixer(weights: Weights) -> _Fused:
    wide, narrow = _folded(weights.under("conv")), _folded(weights.under("conv1"))
    kernel, middle = wide.kernel.copy(), wide.kernel.shape[2] // 2
    kernel[:, 0, middle, middle] += narrow.kernel[:, 0, 0, 0] + 1
    return _Fused(kernel, wide.bias + narrow.bias)


def _mlp(x: Node, weights: Weights) -> Node:
    return _convolution(gelu(_convolution(x, weights.under("conv1"))), weights.under("conv2"))


def _squeeze_excite(x: Node, weights: Weights) -> Node:
    """Returns the channels, scaled by a function of their means."""
    means = ops.reduce_mean(x, np.array([2, 3]), True)
    inner, outer = weights.under("fc1"), weights.under("fc2")
    hidden = ops.relu(convolution(means, inner["weight"], inner["bias"]))
    scales = ops.sigmoid(convolution(hidden, outer["weight"], outer["bias"]))
    return ops.multiply(x, scales)


def _convolution(x: Node, weights: Weights, *, stride: int = 1, padding: int = 0) -> Node:
    fused = _folded(weights)
    return convolution(x, fused.kernel, fused.bias, stride=stride, padding=padding)


def _folded(weights: Weights) -> _Fused:
    """Folds a batch normalisation into the convolution before it."""
    normal = weights.under("bn")
    scale = normal["weight"] / np.sqrt(normal["running_var"] + _EPSILON)
    kernel = weights["c.weight"] * scale[:, None, None, None]
    return _Fused(kernel, normal["bias"] - normal["running_mean"] * scale)
