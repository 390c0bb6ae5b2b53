"""Creates checkpoints of the architectures of SAM 2 and EdgeTAM with a few thousand random weights.

The model sees 1024 x 1024 and answers 256 x 256, as the real ones do. Those at huggingface.co are
of the kind `video`: with a memory for frames, that pictures do without.
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
    Sam2VideoConfig,
    Sam2VideoModel,
    Sam2VideoProcessor,
    Sam2VideoVideoProcessor,
    Sam2VisionConfig,
    Sam3ImageProcessor,
    Sam3TrackerConfig,
    Sam3TrackerModel,
    Sam3TrackerProcessor,
)

from tools.benchmarks.sam2_checkpoints import REPVIT

_CHANNELS = [4, 8, 16, 32]
_PROMPT_ENCODER = {"hidden_size": 32}
_MASK_DECODER = {
    "hidden_size": 32,
    "mlp_dim": 32,
    "num_attention_heads": 2,
    "iou_head_hidden_dim": 32,
}
_PROMPTS = {
    "prompt_encoder_config": _PROMPT_ENCODER,
    "mask_decoder_config": _MASK_DECODER,
}
_MEMORY = {
    "memory_attention_hidden_size": 32,
    "memory_attention_num_layers": 1,
    "memory_attention_feed_forward_hidden_size": 32,
    "memory_encoder_hidden_size": 32,
    "memory_encoder_output_channels": 16,
    "mask_downsampler_embed_dim": 32,
    "memory_fuser_embed_dim": 32,
    "memory_fuser_intermediate_dim": 32,
}


def write(folder: Path) -> str:
    """Saves a model and a processor for images; returns the folder's path."""
    _save(Sam2Model(Sam2Config(**_parts())), folder)
    Sam2Processor(Sam2ImageProcessor()).save_pretrained(folder)
    return str(folder)


def write_video(folder: Path) -> str:
    """Saves a model and a processor for videos; returns the folder's path."""
    _save(Sam2VideoModel(Sam2VideoConfig(**_parts(), **_MEMORY)), folder)
    processors = Sam2ImageProcessor(), Sam2VideoVideoProcessor()
    Sam2VideoProcessor(*processors).save_pretrained(folder)
    return str(folder)


def write_edgetam(folder: Path) -> str:
    """Saves EdgeTAM and a processor for images; returns the folder's path."""
    smaller = {"embed_dim": _CHANNELS, "depth": [1, 2, 3, 1]}
    backbone = {**REPVIT, "model_args": {**REPVIT["model_args"], **smaller}}
    vision = EdgeTamVisionConfig(
        backbone_config=backbone, backbone_channel_list=_CHANNELS[::-1], fpn_hidden_size=32
    )
    _save(EdgeTamModel(EdgeTamConfig(vision_config=vision.to_dict(), **_PROMPTS)), folder)
    Sam2Processor(Sam2ImageProcessor()).save_pretrained(folder)
    return str(folder)


def write_sam3_tracker(folder: Path) -> str:
    """Saves SAM 3's tracker and a processor for images; returns the folder's path."""
    config = Sam3TrackerConfig()
    backbone = config.vision_config.backbone_config
    backbone.hidden_size = backbone.intermediate_size = 32
    backbone.num_hidden_layers = backbone.num_attention_heads = 2
    backbone.global_attn_indexes = [1]
    Sam3TrackerModel(config).save_pretrained(folder)
    Sam3TrackerProcessor(Sam3ImageProcessor()).save_pretrained(folder)
    return str(folder)


def _parts() -> dict[str, Any]:
    backbone = Sam2HieraDetConfig(
        hidden_size=4,
        num_attention_heads=1,
        blocks_per_stage=[1, 1, 1, 1],
        embed_dim_per_stage=_CHANNELS,
        num_attention_heads_per_stage=[1, 1, 1, 1],
        window_size_per_stage=[8, 4, 8, 4],
        global_attention_blocks=[],
    )
    vision = Sam2VisionConfig(
        backbone_config=backbone, backbone_channel_list=_CHANNELS[::-1], fpn_hidden_size=32
    )
    return {"vision_config": vision.to_dict(), **_PROMPTS}


def _save(model: Any, folder: Path) -> None:
    torch.manual_seed(0)
    for parameter in model.parameters():  # as they are made, prompts would make no difference
        if parameter.dim() > 1:
            torch.nn.init.normal_(parameter, std=0.4)
    for name, values in model.named_buffers():  # of batch normalisations
        if name.endswith("running_mean"):
            torch.nn.init.normal_(values)
        if name.endswith("running_var"):
            torch.nn.init.uniform_(values, 0.5, 2)
    model.save_pretrained(folder)
