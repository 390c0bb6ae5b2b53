"""The backend that runs real SAM 2.1 with transformers."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from cachetools import LRUCache
from transformers import Sam2Model, Sam2Processor
from transformers.utils.logging import disable_progress_bar

from shared.imaging.geometry import Image
from shared.runtime import tracing
from shared.sam2_server.batching import Batcher
from shared.sam2_server.checkpoint import identify
from shared.sam2_server.checkpoint_files import OFFLINE, find
from shared.sam2_server.job import Job
from shared.sam2_server.settings import Sam2Settings
from shared.segmentation.sam2.answers import ScoredMask
from shared.segmentation.sam2.contract import PromptPart

disable_progress_bar()

_log = logging.getLogger(__name__)

_WARM_UP = Job(
    np.zeros((64, 64, 3), np.uint8), b"", [PromptPart(points=[(32, 32, 1)])], multimask=True
)

_ENCODER_BATCHES = {"cuda": 8, "cpu": 1}
"""Images that the encoder processes at once, by the type of device. On a CPU, eight images at once
take longer than one by one (docs/sam2-performance.md, `make bench-model`). For a GPU, 8 was chosen
by hand: a larger batch needs more GPU memory, a smaller one uses the GPU less."""

Logits = list[tuple[torch.Tensor, torch.Tensor]]
"""For each prompt, on the CPU: mask logits (masks, 256, 256) and predicted IoUs (masks,)."""


class Sam2Backend:
    """One model on one device: the configured one, else a GPU, else the CPU.

    The encoder processes each image once for all its prompts, and the images of concurrent requests
    in batches. The embeddings of recent images are kept.
    """

    def __init__(self, settings: Sam2Settings) -> None:
        best = "cuda" if torch.cuda.is_available() else "cpu"
        self.device = torch.device(settings.sam2_device or best)
        files = find(settings.sam2_checkpoint)
        self.segmenter = identify(files)
        # bandit asks for a revision: `files` are those of one commit, or a folder.
        self._processor: Any = Sam2Processor.from_pretrained(files.folder, **OFFLINE)  # nosec B615
        model: Any = Sam2Model.from_pretrained(  # nosec B615
            files.folder, **OFFLINE, use_safetensors=True, dtype=torch.float32
        )
        self._model: Any = model.to(self.device).eval()
        self._embeddings: LRUCache[bytes, list[torch.Tensor]] = LRUCache(settings.sam2_embeddings)
        batch = settings.sam2_encoder_batch or _ENCODER_BATCHES[self.device.type]
        self._batches = Batcher(self._run, batch)
        log_fields = {**self.segmenter.model_dump(), "device": str(self.device)}
        _log.info("loaded", extra=log_fields)

    def warm_up(self) -> None:
        """Runs the model once, so that the first request is not slower than others."""
        for masks in self.segment([_WARM_UP]):
            list(masks)

    def segment(self, jobs: Sequence[Job]) -> Iterator[Iterable[ScoredMask]]:
        """Yields masks of probabilities at the image's size."""
        for job, outputs in zip(jobs, self._batches(jobs), strict=True):
            for logits, scores in outputs:
                yield self._enlarged(logits, scores, job.image.shape[:2])

    def _enlarged(
        self, logits: torch.Tensor, scores: torch.Tensor, size: tuple[int, ...]
    ) -> Iterator[ScoredMask]:
        """Yields masks at the image's size. Like SAM2, it interpolates logits, not masks."""
        for index, score in enumerate(scores.clamp(0, 1)):
            mask_logits = logits[None, None, index : index + 1]
            (enlarged,) = self._processor.post_process_masks(mask_logits, [size], binarize=False)
            yield ScoredMask(torch.sigmoid(enlarged[0, 0]).numpy(), float(score))

    def _run(self, jobs: Sequence[Job]) -> list[Logits]:
        with torch.inference_mode():
            with tracing.span("encode images", attributes={"toonmask.pictures": len(jobs)}):
                embeddings = self._embed(jobs)
            with tracing.span("decode masks"):
                return [self._decode(job, embeddings[job.digest]) for job in jobs]

    def _embed(self, jobs: Sequence[Job]) -> dict[bytes, list[torch.Tensor]]:
        """Returns the embeddings of all images by their digests; encodes images without them."""
        pictures: dict[bytes, Image] = {job.digest: job.image for job in jobs}
        known = {
            digest: self._embeddings[digest] for digest in pictures if digest in self._embeddings
        }
        new = {digest: image for digest, image in pictures.items() if digest not in known}
        if new:
            encoded = self._encode(list(new.values()))
            known |= dict(zip(new, encoded, strict=True))
            self._embeddings.update({digest: known[digest] for digest in new})
        return known

    def _encode(self, pictures: list[Image]) -> list[list[torch.Tensor]]:
        pixels = self._processor.image_processor(pictures, return_tensors="pt")["pixel_values"]
        # On a GPU the encoder computes in bfloat16; its weights stay float32. The decoder runs in
        # float32, because bfloat16 would shift the prompts' coordinates by pixels.
        with torch.autocast(
            self.device.type, dtype=torch.bfloat16, enabled=self.device.type == "cuda"
        ):
            levels = self._model.get_image_embeddings(pixels.to(self.device))
        return [
            [level[index : index + 1].float() for level in levels] for index in range(len(pictures))
        ]

    def _decode(self, job: Job, embeddings: list[torch.Tensor]) -> Logits:
        """Decodes prompts of the same form together. Padding would change the masks."""
        groups: defaultdict[tuple[int, bool], list[int]] = defaultdict(list)
        for index, prompt in enumerate(job.prompts):
            groups[_form(prompt)].append(index)
        outputs: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}
        for indices in groups.values():
            output = self._model(
                image_embeddings=embeddings,
                multimask_output=job.multimask,
                **self._inputs([job.prompts[index] for index in indices], job.image),
            )
            logits, scores = output.pred_masks[0].cpu(), output.iou_scores[0].cpu()
            outputs |= {index: (logits[at], scores[at]) for at, index in enumerate(indices)}
        return [outputs[index] for index in range(len(job.prompts))]

    def _inputs(self, prompts: Sequence[PromptPart], image: Image) -> dict[str, torch.Tensor]:
        """Returns the model's inputs for prompts of the same form, in pixels of its own input."""
        points, boxed = _form(prompts[0])
        inputs: dict[str, Any] = {}
        if points:
            inputs["input_points"] = [[[[x, y] for x, y, _ in p.points] for p in prompts]]
            inputs["input_labels"] = [[[label for *_, label in p.points] for p in prompts]]
        if boxed:
            inputs["input_boxes"] = [[list(p.box or ()) for p in prompts]]
        if not inputs:
            return {}
        encoded = self._processor(
            **inputs, original_sizes=[list(image.shape[:2])], return_tensors="pt"
        )
        return {name: encoded[name].to(self.device) for name in inputs}


def _form(prompt: PromptPart) -> tuple[int, bool]:
    """Returns the number of points, and whether there is a box."""
    return len(prompt.points), prompt.box is not None
