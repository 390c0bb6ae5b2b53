"""The layers that the networks share, as nodes of an OpenVINO graph.

Feature maps are float32 (images, channels, height, width), tokens (…, tokens, channels).
"""

from collections.abc import Sequence

import numpy as np
from openvino import Node
from openvino import opset15 as ops

from shared.imaging.geometry import Floats
from shared.sam2_server.graphs.weights import Weights

TO_CHANNELS_LAST = (0, 2, 3, 1)
TO_CHANNELS_FIRST = (0, 3, 1, 2)


def linear(x: Node, weights: Weights) -> Node:
    """Returns a fully connected layer over the last axis."""
    return ops.add(ops.matmul(x, weights["weight"], False, True), weights["bias"])


def layer_norm(x: Node, weights: Weights, epsilon: float) -> Node:
    """Returns the layer normalised over its last axis."""
    normal = ops.mvn(x, np.array([-1]), True, epsilon, "inside_sqrt")
    return ops.add(ops.multiply(normal, weights["weight"]), weights["bias"])


def gelu(x: Node) -> Node:
    """Returns the exact GELU."""
    return ops.gelu(x, "erf")


def mlp(x: Node, weights: Weights) -> Node:
    """Returns linear layers with ReLU between them: proj_in, layers.0, layers.1, …, proj_out."""
    x = ops.relu(linear(x, weights.under("proj_in")))
    for layer in weights.parts("layers"):
        x = ops.relu(linear(x, layer))
    return linear(x, weights.under("proj_out"))


def convolution(
    x: Node, kernel: Floats, bias: Floats | None, *, stride: int = 1, padding: int = 0
) -> Node:
    """Returns a convolution. `kernel` is (out, in, height, width)."""
    strides, pads = [stride, stride], [padding, padding]
    return _biased(ops.convolution(x, kernel, strides, pads, pads, [1, 1]), bias)


def depthwise(x: Node, kernel: Floats, bias: Floats, *, stride: int = 1, padding: int = 0) -> Node:
    """Returns a convolution of each channel by itself. `kernel` is (channels, 1, height, width)."""
    strides, pads = [stride, stride], [padding, padding]
    grouped = kernel[:, None]
    return _biased(ops.group_convolution(x, grouped, strides, pads, pads, [1, 1]), bias)


def doubled(x: Node, weights: Weights) -> Node:
    """Returns a transposed convolution of stride and size 2."""
    zero = [0, 0]
    wide = ops.convolution_backprop_data(x, weights["weight"], [2, 2], None, zero, zero, [1, 1])
    return _biased(wide, weights["bias"])


def attention(query: Node, key: Node, value: Node, heads: int) -> Node:
    """Returns scaled dot-product attention of projected tokens (batch, tokens, channels)."""
    parts = (_split(tokens, heads) for tokens in (query, key, value))
    attended = ops.scaled_dot_product_attention(*parts)
    return reshape(transpose(attended, (0, 2, 1, 3)), (0, 0, -1))


def reshape(x: Node, shape: Sequence[int]) -> Node:
    """Returns the array in another shape. 0 keeps the size of an axis."""
    return ops.reshape(x, np.array(shape, np.int64), True)


def transpose(x: Node, axes: Sequence[int]) -> Node:
    """Returns the array with its axes in another order."""
    return ops.transpose(x, np.array(axes))


def _split(tokens: Node, heads: int) -> Node:
    channels = tokens.get_output_partial_shape(0)[2].get_length()
    return transpose(reshape(tokens, (0, 0, heads, channels // heads)), (0, 2, 1, 3))


def _biased(x: Node, bias: Floats | None) -> Node:
    return x if bias is None else ops.add(x, bias.reshape(1, -1, 1, 1))
