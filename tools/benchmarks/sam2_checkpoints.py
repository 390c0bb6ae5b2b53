"""Checkpoints of the true architectures of SAM 2.1 and EdgeTAM, with random weights.

They need the dependency group `sam2-gpu`.
"""

from pathlib import Path
from typing import Any

import torch
from transformers import (
    EdgeTamConfig,
    EdgeTamModel,
    EdgeTamVisionConfig,
    Sam2Config,
    Sam2HieraDetConfig,
    Sam2ImageProcessor,
    Sam2Model,
    Sam2Processor,
    Sam2VisionConfig,
)

_HIERA: dict[str, dict[str, Any]] = {
    "SAM 2.1 tiny": {},
    "SAM 2.1 small": {"blocks_per_stage": [1, 2, 11, 2], "global_attention_blocks": [7, 10, 13]},
    "SAM 2.1 base plus": {
        "hidden_size": 112,
        "num_attention_heads": 2,
        "embed_dim_per_stage": [112, 224, 448, 896],
        "num_attention_heads_per_stage": [2, 4, 8, 16],
        "blocks_per_stage": [2, 3, 16, 3],
        "global_attention_blocks": [12, 16, 20],
        "window_positional_embedding_background_size": [14, 14],
    },
    "SAM 2.1 large": {
        "hidden_size": 144,
        "num_attention_heads": 2,
        "embed_dim_per_stage": [144, 288, 576, 1152],
        "num_attention_heads_per_stage": [2, 4, 8, 16],
        "blocks_per_stage": [2, 6, 36, 4],
        "window_size_per_stage": [8, 4, 16, 8],
        "global_attention_blocks": [23, 33, 43],
    },
}
"""The differences of each size from the smallest one, from
https://github.com/facebookresearch/sam2/tree/main/sam2/configs/sam2.1."""

_EDGETAM = "EdgeTAM"

NAMES = (_EDGETAM, *_HIERA)

REPVIT: dict[str, Any] = {
    "model_type": "timm_wrapper",
    "architecture": "repvit_m1",
    "num_classes": 0,
    "do_pooling": False,
    "model_args": {"features_only": True, "in_chans": 3, "out_indices": [0, 1, 2, 3]},
}
"""EdgeTAM's backbone, from
https://github.com/facebookresearch/EdgeTAM/blob/main/sam2/configs/edgetam.yaml."""


def save(name: str, folder: Path) -> int:
    """Saves one of NAMES with random weights; returns the number of its parameters."""
    torch.manual_seed(0)
    model = _edgetam() if name == _EDGETAM else _sam2(_HIERA[name])
    model.save_pretrained(folder)
    Sam2Processor(Sam2ImageProcessor()).save_pretrained(folder)
    return sum(parameter.numel() for parameter in model.parameters())


def _sam2(size: dict[str, Any]) -> Any:
    backbone = Sam2HieraDetConfig(**size)
    channels = backbone.embed_dim_per_stage[::-1]
    return Sam2Model(
        Sam2Config(
            vision_config=Sam2VisionConfig(backbone_config=backbone, backbone_channel_list=channels)
        )
    )


def _edgetam() -> Any:
    vision = EdgeTamVisionConfig(backbone_config=REPVIT)
    return EdgeTamModel(EdgeTamConfig(vision_config=vision))
