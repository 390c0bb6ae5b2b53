"""The `config.json` of a checkpoint in transformers' format, as far as the graphs need it.

Defaults are those of transformers (`Sam2Config`, `EdgeTamConfig`), which leaves fields with default
values out of the file: https://huggingface.co/docs/transformers/model_doc/sam2.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Side = Annotated[int, BeforeValidator(lambda value: value[0] if isinstance(value, list) else value)]
"""The side of a square: a number, or a list of two equal ones."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class HieraConfig(_Part):
    """SAM 2's backbone: https://arxiv.org/abs/2306.00989."""

    model_type: Literal["sam2_hiera_det_model"] = "sam2_hiera_det_model"
    patch_stride: Side = 4
    patch_padding: Side = 3
    query_stride: Side = 2
    num_query_pool_stages: int = 3
    blocks_per_stage: list[int] = [1, 2, 7, 2]
    embed_dim_per_stage: list[int] = [96, 192, 384, 768]
    num_attention_heads_per_stage: list[int] = [1, 2, 4, 8]
    window_size_per_stage: list[int] = [8, 4, 14, 7]
    global_attention_blocks: list[int] = [5, 7, 9]
    layer_norm_eps: float = 1e-6


class RepVitConfig(_Part):
    """EdgeTAM's backbone: https://arxiv.org/abs/2307.09283. Its weights say all about it."""

    model_type: Literal["timm_wrapper"]


class VisionConfig(_Part):
    """The image encoder: the backbone, and a feature pyramid."""

    backbone_config: Annotated[HieraConfig | RepVitConfig, Field(discriminator="model_type")] = (
        HieraConfig()
    )
    fpn_top_down_levels: list[int] = [2, 3]


class PromptConfig(_Part):
    """The prompt encoder."""

    image_size: Side = 1024
    patch_size: Side = 16


class DecoderConfig(_Part):
    """The mask decoder."""

    num_attention_heads: int = 8
    dynamic_multimask_via_stability: bool = True
    dynamic_multimask_stability_delta: float = 0.05
    dynamic_multimask_stability_thresh: float = 0.98


class ModelConfig(_Part):
    """A model that segments images. Parts for videos are not read."""

    model_type: Literal["sam2", "sam2_video", "edgetam", "edgetam_video"]
    vision_config: VisionConfig = VisionConfig()
    prompt_encoder_config: PromptConfig = PromptConfig()
    mask_decoder_config: DecoderConfig = DecoderConfig()
