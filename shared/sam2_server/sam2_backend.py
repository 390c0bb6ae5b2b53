"""The backend that runs real SAM2: batches, caches embeddings, and fits images to the network."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import cv2
import numpy as np
from cachetools import LRUCache
from PIL import Image as Pictures

from shared.imaging.geometry import Floats, Image
from shared.runtime import tracing
from shared.sam2_server.batching import Batcher
from shared.sam2_server.checkpoint import identify
from shared.sam2_server.checkpoint_files import find
from shared.sam2_server.job import Job
from shared.sam2_server.network import Masks, Network, Prompts
from shared.sam2_server.runtimes import available_device, load_network
from shared.sam2_server.settings import Sam2Settings
from shared.segmentation.sam2.answers import ScoredMask
from shared.segmentation.sam2.contract import PromptPart, SegmenterPart

_log = logging.getLogger(__name__)

_WARM_UP = Job(
    np.zeros((64, 64, 3), np.uint8), b"", [PromptPart(points=[(32, 32, 1)])], multimask=True
)

_ENCODER_BATCHES = {"cuda": 8, "cpu": 1}
"""Images that the encoder processes at once, by the type of device. On a CPU, several at once are
no faster. For a GPU, 8 was chosen by hand: a larger batch needs more GPU memory, a smaller one uses
the GPU less."""


def load(settings: Sam2Settings) -> "Sam2Backend":
    """Returns the backend of the configured checkpoint on the configured device, else on a GPU.

    It has run once, so the first request is not slower than others.

    Raises:
        ValueError: the checkpoint's name has no commit, or it is of another family.
        OSError: its files cannot be had.
    """
    files = find(settings.sam2_checkpoint)
    network = load_network(files.folder, settings.sam2_device or available_device())
    backend = Sam2Backend(network, identify(files), settings)
    backend.warm_up()
    return backend


class Sam2Backend:
    """One network. Safe to share between threads.

    The encoder processes each image once for all its prompts, and the images of concurrent requests
    in batches. The embeddings of recent images are kept.
    """

    def __init__(self, network: Network, checkpoint: SegmenterPart, settings: Sam2Settings) -> None:
        self._network = network
        about = {"device": network.device, "runtime": network.runtime}
        self.segmenter = checkpoint.model_copy(update=about)
        self._embeddings: LRUCache[bytes, Any] = LRUCache(settings.sam2_embeddings)
        batch = settings.sam2_encoder_batch or _ENCODER_BATCHES[network.device]
        self._batches = Batcher(self._run, batch)
        _log.info("loaded", extra=self.segmenter.model_dump())

    def warm_up(self) -> None:
        """Runs the network once."""
        for masks in self.segment([_WARM_UP]):
            list(masks)

    def segment(self, jobs: Sequence[Job]) -> Iterator[Iterable[ScoredMask]]:
        """Yields masks of probabilities at the image's size."""
        for job, outputs in zip(jobs, self._batches(jobs), strict=True):
            height, width = job.image.shape[:2]
            for masks in outputs:
                yield _enlarged(masks, (width, height))

    def _run(self, jobs: Sequence[Job]) -> list[list[Masks]]:
        with tracing.span("encode images", attributes={"toonmask.pictures": len(jobs)}):
            embeddings = self._embed(jobs)
        with tracing.span("decode masks"):
            return [self._decode(job, embeddings[job.digest]) for job in jobs]

    def _embed(self, jobs: Sequence[Job]) -> dict[bytes, Any]:
        """Returns the embeddings of all images by their digests; encodes images without them."""
        pictures: dict[bytes, Image] = {job.digest: job.image for job in jobs}
        known = {
            digest: self._embeddings[digest] for digest in pictures if digest in self._embeddings
        }
        new = {digest: image for digest, image in pictures.items() if digest not in known}
        if new:
            side = self._network.side
            encoded = self._network.encode([resized(image, side) for image in new.values()])
            known |= dict(zip(new, encoded, strict=True))
            self._embeddings.update({digest: known[digest] for digest in new})
        return known

    def _decode(self, job: Job, embedding: Any) -> list[Masks]:
        """Decodes prompts of the same form together. Padding would change the masks."""
        groups: defaultdict[tuple[int, bool], list[int]] = defaultdict(list)
        for index, prompt in enumerate(job.prompts):
            groups[len(prompt.all_points), prompt.box is not None].append(index)
        height, width = job.image.shape[:2]
        scale = np.array([self._network.side / width, self._network.side / height], np.float32)
        outputs: dict[int, Masks] = {}
        for indices in groups.values():
            prompts = _prompts([job.prompts[index] for index in indices], scale)
            masks = self._network.decode(embedding, prompts, multimask=job.multimask)
            outputs |= dict(zip(indices, masks, strict=True))
        return [outputs[index] for index in range(len(job.prompts))]


def _prompts(parts: Sequence[PromptPart], scale: Floats) -> Prompts:
    """Returns prompts of the same form. `scale` maps x and y to the network's input."""
    points = np.array([[(x, y) for x, y, _ in part.all_points] for part in parts], np.float32)
    labels = np.array([[label for *_, label in part.all_points] for part in parts], np.int64)
    boxes = [part.box for part in parts if part.box]
    scaled = np.array(boxes, np.float32).reshape(-1, 2, 2) * scale
    return Prompts(
        points.reshape(len(parts), -1, 2) * scale,
        labels.reshape(len(parts), -1),
        scaled.reshape(-1, 4) if boxes else None,
    )


def resized(image: Image, side: int) -> Image:
    """Returns the image in the size of a network's input, without its aspect ratio."""
    square = Pictures.fromarray(image).resize((side, side), Pictures.Resampling.BILINEAR)
    return np.asarray(square)


def _enlarged(masks: Masks, size: tuple[int, int]) -> Iterator[ScoredMask]:
    """Yields masks of `size`, width and height. Like SAM2, it interpolates logits, not masks."""
    for logits, iou in zip(masks.logits, masks.predicted_ious, strict=True):
        enlarged = cv2.resize(logits, size, interpolation=cv2.INTER_LINEAR)
        probabilities = (1 + np.tanh(enlarged / 2)) / 2  # the logistic function, without overflow
        yield ScoredMask(probabilities, min(max(float(iou), 0.0), 1.0))
