"""The image encoder: a backbone, a feature pyramid, and the decoder's projections of it."""

import numpy as np
from openvino import Model, Node
from openvino import opset15 as ops

from shared.sam2_server.graphs.config import HieraConfig, ModelConfig
from shared.sam2_server.graphs.hiera import hiera
from shared.sam2_server.graphs.layers import convolution
from shared.sam2_server.graphs.repvit import repvit
from shared.sam2_server.graphs.weights import Weights

_MEAN = np.array([0.485, 0.456, 0.406], np.float32).reshape(1, 3, 1, 1)
_DEVIATION = np.array([0.229, 0.224, 0.225], np.float32).reshape(1, 3, 1, 1)
"""Of ImageNet, with which all networks of the family were trained."""


def image_encoder(weights: Weights, config: ModelConfig) -> Model:
    """Returns the graph.

    Input: RGB uint8 (1, side, side, 3). Outputs, float32: the image embedding (1, 256, side/16,
    side/16), and finer features of side/8 and side/4 with 64 and 32 channels.
    """
    side = config.prompt_encoder_config.image_size
    image = ops.parameter([1, side, side, 3], np.uint8, "image")
    pixels = ops.transpose(ops.convert(image, "f32"), np.array([0, 3, 1, 2]))
    pixels = ops.divide(ops.subtract(ops.divide(pixels, np.float32(255)), _MEAN), _DEVIATION)
    levels = _pyramid(_features(pixels, weights, config, side), weights, config)
    finest, finer, coarse = levels
    memory = weights["no_memory_embedding"].reshape(1, -1, 1, 1)
    decoder = weights.under("mask_decoder")
    outputs = [
        ops.add(coarse, memory),
        _projected(finer, decoder.under("conv_s1")),
        _projected(finest, decoder.under("conv_s0")),
    ]
    return Model([ops.result(output) for output in outputs], [image], "image encoder")


def _features(pixels: Node, weights: Weights, config: ModelConfig, side: int) -> list[Node]:
    backbone = weights.under("vision_encoder.backbone")
    vision = config.vision_config.backbone_config
    if isinstance(vision, HieraConfig):
        return hiera(pixels, backbone, vision, side)
    return repvit(pixels, backbone.under("timm_model"))


def _pyramid(features: list[Node], weights: Weights, config: ModelConfig) -> list[Node]:
    """Returns the three finest levels of the feature pyramid, finest first.

    The coarsest level only adds to the next one. `fpn_top_down_levels` are those to which the
    coarser level is added.
    """
    convolutions = weights.under("vision_encoder.neck").parts("convs")
    added = config.vision_config.fpn_top_down_levels
    levels: list[Node] = []
    coarsest = len(features) - 1
    for level in range(coarsest, -1, -1):
        lateral = _projected(features[level], convolutions[coarsest - level])
        if level in added and level < coarsest:
            lateral = ops.add(lateral, _enlarged(levels[-1]))
        levels.append(lateral)
    return levels[:0:-1]


def _enlarged(x: Node) -> Node:
    """Returns the feature map with each value repeated in a square of four."""
    return ops.interpolate(
        x,
        np.array([2.0, 2.0], np.float32),
        "nearest",
        "scales",
        axes=np.array([2, 3]),
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    )


def _projected(x: Node, weights: Weights) -> Node:
    return convolution(x, weights["weight"], weights["bias"])
