"""A checkpoint of SAM2's architecture with a few thousand random weights, made on the spot.

The model sees 1024 x 1024 and answers 256 x 256, as the real ones do.
"""

from pathlib import Path

import torch
from transformers import (
    Sam2Config,
    Sam2HieraDetConfig,
    Sam2ImageProcessor,
    Sam2MaskDecoderConfig,
    Sam2Model,
    Sam2Processor,
    Sam2PromptEncoderConfig,
    Sam2VisionConfig,
)

_CHANNELS = [4, 8, 16, 32]


def write(folder: Path) -> str:
    """Writes model and processor as `from_pretrained` reads them; the folder's path."""
    torch.manual_seed(0)
    backbone = Sam2HieraDetConfig(
        hidden_size=4,
        num_attention_heads=1,
        blocks_per_stage=[1, 1, 1, 1],
        embed_dim_per_stage=_CHANNELS,
        num_attention_heads_per_stage=[1, 1, 1, 1],
        window_size_per_stage=[8, 4, 8, 4],
        global_attention_blocks=[],
    )
    config = Sam2Config(
        vision_config=Sam2VisionConfig(
            backbone_config=backbone, backbone_channel_list=_CHANNELS[::-1], fpn_hidden_size=32
        ),
        prompt_encoder_config=Sam2PromptEncoderConfig(hidden_size=32),
        mask_decoder_config=Sam2MaskDecoderConfig(
            hidden_size=32, mlp_dim=32, num_attention_heads=2, iou_head_hidden_dim=32
        ),
    )
    model = Sam2Model(config)
    for parameter in model.parameters():  # as they are made, prompts would make no difference
        if parameter.dim() > 1:
            torch.nn.init.normal_(parameter, std=0.4)
    model.save_pretrained(folder)
    Sam2Processor(Sam2ImageProcessor()).save_pretrained(folder)
    return str(folder)
