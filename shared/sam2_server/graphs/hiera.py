"""Hiera, the backbone of SAM 2: https://arxiv.org/abs/2306.00989.

Tokens are (images, height, width, channels).
"""

from dataclasses import dataclass
from itertools import accumulate

import cv2
import numpy as np
from openvino import Node
from openvino import opset15 as ops

from shared.imaging.geometry import Floats
from shared.sam2_server.graphs.config import HieraConfig
from shared.sam2_server.graphs.layers import (
    TO_CHANNELS_FIRST,
    TO_CHANNELS_LAST,
    attention,
    convolution,
    gelu,
    layer_norm,
    linear,
    reshape,
    transpose,
)
from shared.sam2_server.graphs.weights import Weights


@dataclass(frozen=True, slots=True)
class _Block:
    """The form of a block.

    `window` is the side of the windows, 0 for attention over the image; `pooled` the factor by
    which queries are pooled, 1 for none.
    """

    heads: int
    window: int
    pooled: int


def hiera(pixels: Node, weights: Weights, config: HieraConfig, side: int) -> list[Node]:
    """Returns the feature maps at the end of each stage, in channels-first order, finest first.

    `pixels` are (images, 3, side, side).
    """
    patches = weights.under("patch_embed.projection")
    stride, padding = config.patch_stride, config.patch_padding
    embedded = convolution(
        pixels, patches["weight"], patches["bias"], stride=stride, padding=padding
    )
    size = side // stride
    x = transpose(ops.add(embedded, _positions(weights, size)), TO_CHANNELS_LAST)
    ends = set(accumulate(config.blocks_per_stage))
    features = []
    for index, (block, part) in enumerate(
        zip(_blocks(config), weights.parts("blocks"), strict=True), 1
    ):
        x = _block(x, part, block, size, config.layer_norm_eps)
        size //= block.pooled
        if index in ends:
            features.append(transpose(x, TO_CHANNELS_FIRST))
    return features


def _blocks(config: HieraConfig) -> list[_Block]:
    blocks: list[_Block] = []
    for stage, count in enumerate(config.blocks_per_stage):
        for index in range(count):
            first = stage > 0 and index == 0
            window = config.window_size_per_stage[stage - first]
            blocks.append(
                _Block(
                    heads=config.num_attention_heads_per_stage[stage],
                    window=0 if len(blocks) in config.global_attention_blocks else window,
                    pooled=config.query_stride
                    if first and stage <= config.num_query_pool_stages
                    else 1,
                )
            )
    return blocks


def _positions(weights: Weights, size: int) -> Floats:
    """Returns the position embedding (1, channels, size, size): of the image, and of windows.

    OpenCV's bicubic interpolation has PyTorch's coefficient, -0.75, and its edges.
    """
    background, window = weights["pos_embed"][0], weights["pos_embed_window"]
    enlarged = [
        cv2.resize(part, (size, size), interpolation=cv2.INTER_CUBIC) for part in background
    ]
    count = size // window.shape[2]
    return np.stack(enlarged)[None] + np.tile(window, (1, 1, count, count))


def _block(x: Node, weights: Weights, block: _Block, size: int, epsilon: float) -> Node:
    normal = layer_norm(x, weights.under("layer_norm1"), epsilon)
    if "proj" in weights:
        x = _pooled(linear(normal, weights.under("proj")), block.pooled)
    x = ops.add(x, _windowed_attention(normal, weights.under("attn"), block, size))
    normal = layer_norm(x, weights.under("layer_norm2"), epsilon)
    wide = gelu(linear(normal, weights.under("mlp.proj_in")))
    return ops.add(x, linear(wide, weights.under("mlp.proj_out")))


def _windowed_attention(x: Node, weights: Weights, block: _Block, size: int) -> Node:
    """Returns the attention inside windows. They are padded with zeros at the right and bottom."""
    window = block.window or size
    count = -(-size // window)
    padded = count * window
    if padded > size:
        margin = np.array([0, padded - size, padded - size, 0])
        x = ops.pad(x, np.zeros(4, np.int64), margin, "constant", np.float32(0))
    x = reshape(x, (0, count, window, count, window, -1))
    x = reshape(transpose(x, (0, 1, 3, 2, 4, 5)), (-1, window * window, x.shape[5]))
    x = _attention(x, weights, block, window)
    window //= block.pooled
    x = reshape(x, (-1, count, count, window, window, x.shape[2]))
    x = reshape(transpose(x, (0, 1, 3, 2, 4, 5)), (0, count * window, count * window, -1))
    if padded == size:
        return x
    axes, end = np.array([1, 2]), size // block.pooled
    return ops.slice(x, np.array([0, 0]), np.array([end, end]), np.array([1, 1]), axes)


def _attention(x: Node, weights: Weights, block: _Block, window: int) -> Node:
    """Returns the attention of tokens (windows, window², channels), with queries pooled."""
    qkv = linear(x, weights.under("qkv"))
    width = qkv.shape[2] // 3
    query, key, value = (reshape(part, (0, 0, width)) for part in ops.split(qkv, 2, 3).outputs())
    if block.pooled > 1:
        query = _pooled(reshape(query, (0, window, window, width)), block.pooled)
        query = reshape(query, (0, (window // block.pooled) ** 2, width))
    return linear(attention(query, key, value, block.heads), weights.under("proj"))


def _pooled(x: Node, factor: int) -> Node:
    """Returns the maximum of squares of `factor`² tokens."""
    if factor == 1:
        return x
    square, zero = [factor, factor], [0, 0]
    first = transpose(x, TO_CHANNELS_FIRST)
    pooled = ops.max_pool(first, square, [1, 1], zero, zero, square).output(0)
    return transpose(pooled, TO_CHANNELS_LAST)
