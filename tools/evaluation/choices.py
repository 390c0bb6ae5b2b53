"""Choices among candidate masks: prompts of found faces, with candidates made from the true mask."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from shared.imaging.geometry import (
    BoolMask,
    Image,
    bounding_box,
    image_box,
    polygon_mask,
    polygon_of,
)
from shared.imaging.pyramid import Pyramid
from shared.networks.face_parsing import FaceParsingNetwork
from shared.networks.face_parts import outline_with
from shared.networks.outlines import outline_of, part_in
from shared.prompting.builder import build_prompts
from shared.schemas.prompt import SKIN_ONLY, FacePart, Prompt, PromptOptions
from shared.segmentation.mask_selection import clean
from tools.evaluation.candidates import FACE, HEAD, Objects, Option, bounds_of_mask
from tools.evaluation.drawings import GOOD, Regions
from tools.evaluation.in_process import InProcess
from tools.evaluation.true_faces import TrueFace, true_faces

_MATCHED = 0.5
"""A prompt is that of a true face if its outline's bounds have at least this IoU with its box."""

_TOLERANCE = 0.02
"""A mask whose IoU is lower than the best candidate's by at most this is right too."""

HEAD_PARTS: frozenset[FacePart] = frozenset({"skin", "hair"})
"""FACE_PARTS of prompts that mean the head with hair."""


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """A prompt and three candidates. `regions` are those of what the prompt means, in its crop."""

    image: Path
    prompt: Prompt
    options: tuple[Option, ...]
    regions: Regions

    @property
    def ious(self) -> list[float]:
        """The IoU of each candidate, cleaned, with the true mask."""
        pixels = [clean(option.candidate.pixels, self.prompt) for option in self.options]
        return [self.regions.iou(mask) for mask in pixels]


def is_right(iou: float, ious: Sequence[float]) -> bool:
    """Whether a mask with this IoU is good, or about as good as the best of all."""
    return iou >= min(GOOD, max(ious) - _TOLERANCE)


class Choices:
    """Makes choices of images: detection and prompts are those of the functions."""

    def __init__(self) -> None:
        self._steps = InProcess()
        self._parsing = FaceParsingNetwork()

    def of(self, truth: Path, parts: frozenset[FacePart], count: int) -> Iterator[Choice]:
        """Yields `count` choices for each found face of a file, less those without a wrong mask.

        Prompts are made with `parts`. With hair among them, they mean the head with hair.
        """
        for file, faces in true_faces(truth):
            image = self._steps.decode(file.read_bytes())
            detections = self._steps.detect(image, "face", parts).detections
            for prompt in build_prompts(detections, image_box(image), PromptOptions()):
                true = max(faces, key=lambda face: face.box.iou(prompt.box), default=None)
                if true:
                    yield from self._of_face(file, image, prompt, true, count)

    def _of_face(
        self, file: Path, image: Image, prompt: Prompt, true: TrueFace, count: int
    ) -> Iterator[Choice]:
        random = np.random.default_rng([zlib.crc32(file.name.encode()), *true.box])
        face, scored = true.regions.true, true.regions.scored
        head = self._head(image, face)
        meant = HEAD if prompt.has_further_parts else FACE
        regions = Regions(face, scored) if meant == FACE else Regions(head, np.ones_like(head))
        outline = bounding_box(polygon_of(prompt.polygon))
        if outline.iou(bounds_of_mask(regions.true)) < _MATCHED:
            return
        window = prompt.crop.slices
        regions = Regions(regions.true[window], regions.scored[window])
        objects = Objects(face[window], head[window])
        for _ in range(count):
            choice = Choice(file, prompt, objects.triple(meant, random), regions)
            if not all(is_right(iou, choice.ious) for iou in choice.ious):
                yield choice

    def _head(self, image: Image, face: BoolMask) -> BoolMask:
        """The face with the hair that the face-parsing network sees, bool (h, w)."""
        skin = outline_of(part_in(face, face))
        others = HEAD_PARTS - SKIN_ONLY
        outline = outline_with(Pyramid.of(image), skin, 0.0, self._parsing, others)
        return face | polygon_mask(outline, image_box(image))
