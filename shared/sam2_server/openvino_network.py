"""SAM 2 and EdgeTAM on a CPU, with OpenVINO. The graphs are built from the checkpoint at the start.

The encoder computes in bfloat16 where the processor has instructions for it. The decoder computes
in float32.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import openvino
from pydantic import ValidationError
from safetensors import SafetensorError
from safetensors.numpy import load_file

from shared.imaging.geometry import Floats, Image
from shared.sam2_server.checkpoint_files import PINS
from shared.sam2_server.graphs.config import ModelConfig
from shared.sam2_server.graphs.image_encoder import image_encoder
from shared.sam2_server.graphs.mask_decoder import mask_decoder
from shared.sam2_server.graphs.prompt_encoder import PromptEncoder
from shared.sam2_server.graphs.single_mask import single_mask
from shared.sam2_server.graphs.weights import Weights
from shared.sam2_server.network import Device, Masks, Prompts
from shared.schemas.field_errors import problems

_PRECISION = "INFERENCE_PRECISION_HINT"
_ONE_AT_A_TIME = {"PERFORMANCE_HINT": "LATENCY"}
"""All processors work on one image: requests are computed one after the other."""


class OpenVinoNetwork:
    """The networks of a checkpoint in a folder: config.json and model.safetensors."""

    device: Device = "cpu"

    def __init__(self, folder: Path, precision: str | None = None) -> None:
        """Builds and compiles the graphs.

        `precision` is that of the encoder, such as `f32`; without it, the processor's fastest.

        Raises:
            ValueError: the checkpoint is of another family, or lacks a tensor.
            OSError: a file cannot be read.
        """
        self._config = _config(folder)
        weights = _weights(folder)
        self.side = self._config.prompt_encoder_config.image_size
        self._prompts = PromptEncoder(weights, self._config)
        core = openvino.Core()
        encoder = image_encoder(weights, self._config)
        decoder = mask_decoder(weights, self._config, self._prompts)
        chosen = {_PRECISION: precision} if precision else {}
        self._encoder = core.compile_model(encoder, "CPU", {**_ONE_AT_A_TIME, **chosen})
        self._decoder = core.compile_model(decoder, "CPU", {**_ONE_AT_A_TIME, _PRECISION: "f32"})
        used = self._encoder.get_property(_PRECISION).get_type_name()
        self.runtime = f"openvino-{openvino.__version__.partition('-')[0]}-{used}"

    def encode(self, images: Sequence[Image]) -> list[list[Floats]]:
        """Returns the embeddings of images, each the encoder's outputs."""
        embeddings = []
        for image in images:
            outputs = self._encoder(image[None])
            embeddings.append([np.array(outputs[port]) for port in self._encoder.outputs])
        return embeddings

    def decode(self, embedding: list[Floats], prompts: Prompts, *, multimask: bool) -> list[Masks]:
        """Returns three masks for each prompt, or one without `multimask`."""
        tokens = self._prompts.tokens(prompts.points, prompts.labels, prompts.boxes)
        outputs = [self._decoded(embedding, tokens[at : at + 1]) for at in range(len(tokens))]
        logits, ious = (np.concatenate(arrays) for arrays in zip(*outputs, strict=True))
        if multimask:
            logits, ious = logits[:, 1:], ious[:, 1:]
        else:
            logits, ious = single_mask(logits, ious, self._config.mask_decoder_config)
        return [Masks(*masks) for masks in zip(logits, ious, strict=True)]

    def _decoded(self, embedding: list[Floats], tokens: Floats) -> list[Floats]:
        """Returns the logits and the predicted IoUs of all masks of one prompt."""
        outputs = self._decoder([*embedding, tokens])
        return [np.array(outputs[port]) for port in self._decoder.outputs]


def _config(folder: Path) -> ModelConfig:
    file = folder / "config.json"
    try:
        return ModelConfig.model_validate_json(file.read_bytes())
    except ValidationError as error:
        raise ValueError(
            f"{file} does not describe a network of SAM 2, SAM 2.1 or EdgeTAM for images: "
            f"{problems(error)} These checkpoints work on a CPU: {', '.join(PINS)}, and those of "
            "SAM 2, facebook/sam2-hiera-…."
        ) from error


def _weights(folder: Path) -> Weights:
    file = folder / "model.safetensors"
    try:
        return Weights(load_file(file))
    except SafetensorError as error:
        raise ValueError(f"{file} is no file of safetensors: {error}") from error
