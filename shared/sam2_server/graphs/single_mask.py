"""Chooses the one mask of a prompt that is not ambiguous."""

import numpy as np

from shared.imaging.geometry import Floats
from shared.sam2_server.graphs.config import DecoderConfig


def single_mask(logits: Floats, ious: Floats, config: DecoderConfig) -> tuple[Floats, Floats]:
    """Returns the first mask, or the best of the others if the first one is not stable.

    `logits` are (prompts, masks, height, width), `ious` (prompts, masks). The results have one
    mask. Stability is the IoU of the mask at a higher and at a lower threshold:
    https://arxiv.org/abs/2408.00714, appendix D.
    """
    if not config.dynamic_multimask_via_stability:
        return logits[:, :1], ious[:, :1]
    first, delta = logits[:, 0], config.dynamic_multimask_stability_delta
    inner, outer = ((first > edge).sum((1, 2)) for edge in (delta, -delta))
    stable = np.where(outer > 0, inner / np.maximum(outer, 1), 1.0)
    unstable = stable < config.dynamic_multimask_stability_thresh
    chosen = np.where(unstable, 1 + ious[:, 1:].argmax(1), 0)
    prompts = np.arange(len(logits))
    return logits[prompts, chosen][:, None], ious[prompts, chosen][:, None]
