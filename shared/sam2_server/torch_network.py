"""The family of SAM 2 with torch, on a GPU."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import AutoImageProcessor, AutoModelForMaskGeneration
from transformers.utils.logging import disable_progress_bar

from shared.imaging.geometry import Image
from shared.sam2_server.checkpoint_files import OFFLINE
from shared.sam2_server.network import Device, Masks, Prompts

disable_progress_bar()


class TorchNetwork:
    """The network of a checkpoint in a folder, by the type that its config.json names."""

    def __init__(self, folder: Path, device: Device, *, reduced: bool | None = None) -> None:
        """Loads the network.

        `reduced` is whether the encoder computes in bfloat16, its weights stay float32; without it,
        on a GPU.

        Raises:
            ValueError: the checkpoint is of a type that has no masks for prompts.
            OSError: a file cannot be read.
        """
        self.device: Device = device
        # bandit asks for a revision: `folder` has one commit, or is the user's own.
        processor: Any = AutoImageProcessor.from_pretrained(folder, **OFFLINE)  # nosec B615
        model: Any = AutoModelForMaskGeneration.from_pretrained(  # nosec B615
            folder, **OFFLINE, use_safetensors=True, dtype=torch.float32
        )
        self._model = model.to(device).eval()
        self.side = int(model.config.prompt_encoder_config.image_size)
        self._mean, self._deviation = (
            torch.tensor(values, device=device).view(1, 3, 1, 1)
            for values in (processor.image_mean, processor.image_std)
        )
        self._is_reduced = device == "cuda" if reduced is None else reduced
        precision = "bf16" if self._is_reduced else "f32"
        self.runtime = f"torch-{torch.__version__.partition('+')[0]}-{precision}"

    def encode(self, images: Sequence[Image]) -> list[list[torch.Tensor]]:
        """Returns the embeddings of images, each a list of feature maps."""
        stacked = torch.from_numpy(np.stack(images)).to(self.device)
        pixels = (stacked.permute(0, 3, 1, 2).float() / 255 - self._mean) / self._deviation
        precision = torch.autocast(self.device, dtype=torch.bfloat16, enabled=self._is_reduced)
        with torch.inference_mode(), precision:
            levels = self._model.get_image_embeddings(pixels)
        return [
            [level[index : index + 1].float() for level in levels] for index in range(len(images))
        ]

    def decode(
        self, embedding: list[torch.Tensor], prompts: Prompts, *, multimask: bool
    ) -> list[Masks]:
        """Returns three masks for each prompt, or one without `multimask`.

        The decoder computes in float32: bfloat16 would shift the prompts' coordinates by pixels.
        """
        inputs: dict[str, torch.Tensor] = {}
        if prompts.points.shape[1]:
            inputs["input_points"] = torch.from_numpy(prompts.points)[None].to(self.device)
            inputs["input_labels"] = torch.from_numpy(prompts.labels)[None].to(self.device)
        if prompts.boxes is not None:
            inputs["input_boxes"] = torch.from_numpy(prompts.boxes)[None].to(self.device)
        with torch.inference_mode():
            output = self._model(image_embeddings=embedding, multimask_output=multimask, **inputs)
        logits, ious = output.pred_masks[0].cpu().numpy(), output.iou_scores[0].cpu().numpy()
        if not inputs:  # the network then answers one prompt, whatever their number
            return [Masks(logits[0], ious[0])] * len(prompts.points)
        return [Masks(*masks) for masks in zip(logits, ious, strict=True)]
