"""The mask decoder of SAM 2.

https://arxiv.org/abs/2408.00714, appendix D, and https://arxiv.org/abs/2304.02643, appendix A.
"""

import numpy as np
from openvino import Model, Node
from openvino import opset15 as ops

from shared.imaging.geometry import Floats
from shared.sam2_server.graphs.config import ModelConfig
from shared.sam2_server.graphs.layers import (
    TO_CHANNELS_FIRST,
    TO_CHANNELS_LAST,
    attention,
    doubled,
    gelu,
    layer_norm,
    linear,
    mlp,
    reshape,
    transpose,
)
from shared.sam2_server.graphs.prompt_encoder import PromptEncoder
from shared.sam2_server.graphs.weights import Weights

_EPSILON = 1e-5
_UPSCALE_EPSILON = 1e-6
"""Of the transformer's layer normalisations and of that between the enlargements, as in
transformers' `Sam2MaskDecoder`."""

_LEARNED = ("obj_score_token", "iou_token", "mask_tokens")
"""The tokens before those of the prompt: of the object's score, the IoUs and the masks."""


def mask_decoder(weights: Weights, config: ModelConfig, prompts: PromptEncoder) -> Model:
    """Returns the graph.

    Inputs: the outputs of the image encoder for one image, and the tokens (1, tokens, 256) of one
    prompt: several at once are no faster, and need 30 MB each. Outputs: logits (1, masks, side/4,
    side/4) and predicted IoUs (1, masks). The first mask is that for an unambiguous prompt.
    """
    grid = config.prompt_encoder_config.image_size // config.prompt_encoder_config.patch_size
    decoder = weights.under("mask_decoder")
    width = decoder["iou_token.weight"].shape[1]
    image = ops.parameter([1, width, grid, grid], np.float32, "image")
    finer = ops.parameter([1, width // 4, 2 * grid, 2 * grid], np.float32, "finer")
    finest = ops.parameter([1, width // 8, 4 * grid, 4 * grid], np.float32, "finest")
    sparse = ops.parameter([1, -1, width], np.float32, "tokens")

    dense = weights["prompt_encoder.no_mask_embed.weight"].reshape(1, -1, 1, 1)
    keys = transpose(reshape(ops.add(image, dense), (1, width, grid * grid)), (0, 2, 1))
    learned = np.concatenate([decoder[f"{name}.weight"] for name in _LEARNED])
    tokens = ops.concat([ops.constant(learned[None]), sparse], 1)
    tokens, keys = _transformer(
        tokens, keys, prompts.grid(grid), decoder.under("transformer"), config
    )
    features = transpose(reshape(keys, (0, grid, grid, width)), TO_CHANNELS_FIRST)
    logits = _logits(_enlarged(features, finer, finest, decoder), tokens, decoder)
    scores = ops.sigmoid(mlp(_token(tokens, 1), decoder.under("iou_prediction_head")))
    results = [ops.result(logits), ops.result(scores)]
    return Model(results, [image, finer, finest, sparse], "mask decoder")


def _transformer(
    tokens: Node, keys: Node, positions: Floats, weights: Weights, config: ModelConfig
) -> tuple[Node, Node]:
    """Returns the tokens and the image's features after all layers."""
    heads, prompt = config.mask_decoder_config.num_attention_heads, tokens
    for index, layer in enumerate(weights.parts("layers")):
        if index == 0:
            tokens = _attend(tokens, tokens, tokens, layer.under("self_attn"), heads)
        else:
            query = ops.add(tokens, prompt)
            attended = _attend(query, query, tokens, layer.under("self_attn"), heads)
            tokens = ops.add(tokens, attended)
        tokens = layer_norm(tokens, layer.under("layer_norm1"), _EPSILON)
        to_image = layer.under("cross_attn_token_to_image")
        placed = ops.add(keys, positions)
        attended = _attend(ops.add(tokens, prompt), placed, keys, to_image, heads)
        tokens = layer_norm(ops.add(tokens, attended), layer.under("layer_norm2"), _EPSILON)
        tokens = ops.add(tokens, mlp(tokens, layer.under("mlp")))
        tokens = layer_norm(tokens, layer.under("layer_norm3"), _EPSILON)
        to_tokens = layer.under("cross_attn_image_to_token")
        attended = _attend(placed, ops.add(tokens, prompt), tokens, to_tokens, heads)
        keys = layer_norm(ops.add(keys, attended), layer.under("layer_norm4"), _EPSILON)
    final = weights.under("final_attn_token_to_image")
    attended = _attend(ops.add(tokens, prompt), ops.add(keys, positions), keys, final, heads)
    norm = weights.under("layer_norm_final_attn")
    return layer_norm(ops.add(tokens, attended), norm, _EPSILON), keys


def _attend(query: Node, key: Node, value: Node, weights: Weights, heads: int) -> Node:
    attended = attention(
        linear(query, weights.under("q_proj")),
        linear(key, weights.under("k_proj")),
        linear(value, weights.under("v_proj")),
        heads,
    )
    return linear(attended, weights.under("o_proj"))


def _enlarged(features: Node, finer: Node, finest: Node, weights: Weights) -> Node:
    """Returns the image's features with four times the height and width."""
    x = ops.add(doubled(features, weights.under("upscale_conv1")), finer)
    norm = weights.under("upscale_layer_norm")
    x = layer_norm(transpose(x, TO_CHANNELS_LAST), norm, _UPSCALE_EPSILON)
    x = gelu(transpose(x, TO_CHANNELS_FIRST))
    return gelu(ops.add(doubled(x, weights.under("upscale_conv2")), finest))


def _logits(features: Node, tokens: Node, weights: Weights) -> Node:
    """Returns the products of the features with what each mask token becomes."""
    networks = weights.parts("output_hypernetworks_mlps")
    factors = [
        ops.unsqueeze(mlp(_token(tokens, 2 + index), network), np.array([1]))
        for index, network in enumerate(networks)
    ]
    _, channels, height, width = features.get_output_partial_shape(0)
    flat = reshape(features, (0, channels.get_length(), -1))
    masks = ops.matmul(ops.concat(factors, 1), flat, False, False)
    return reshape(masks, (0, len(networks), height.get_length(), width.get_length()))


def _token(tokens: Node, index: int) -> Node:
    """Returns one token of each prompt, (prompts, channels)."""
    return ops.gather(tokens, np.int64(index), np.int64(1))
