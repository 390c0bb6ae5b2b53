"""Choices among masks: prompts of found faces, with candidates that are made from true masks."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
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
from shared.segmentation.mask_quality import Evidence
from shared.segmentation.mask_selection import clean, evidence_of, outline_mask
from tools.evaluation.candidates import FACE, HEAD, Objects, Option, bounds_of_mask
from tools.evaluation.drawings import GOOD, Regions
from tools.evaluation.in_process import InProcess
from tools.evaluation.true_faces import TrueFace

_MATCHED = 0.5
"""A prompt is that of a true face if the bounds of its outline and of what it means have at least
this IoU."""

_TOLERANCE = 0.02
"""A mask whose IoU is lower than the best candidate's by at most this is right too."""

HEAD_PARTS: frozenset[FacePart] = frozenset({"skin", "hair"})
"""FACE_PARTS of prompts that mean the head with hair."""


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """A prompt and three candidates: the evidence of each, cleaned, and its IoU with the truth."""

    image: Path
    prompt: Prompt
    options: tuple[Option, ...]
    evidence: tuple[Evidence, ...]
    ious: tuple[float, ...]
    regions: Regions
    """The true mask in the prompt's crop."""

    @property
    def is_right(self) -> list[bool]:
        """Whether each candidate is good, or about as good as the best one."""
        return [self.accepts(iou) for iou in self.ious]

    def accepts(self, iou: float) -> bool:
        """Whether a mask with this IoU is right."""
        return iou >= min(GOOD, max(self.ious) - _TOLERANCE)


class Choices:
    """Makes choices from images. Detection and prompts are those of the functions."""

    def __init__(self) -> None:
        self._steps = InProcess()
        self._parsing = FaceParsingNetwork()

    def of(
        self, file: Path, faces: Sequence[TrueFace], parts: frozenset[FacePart], count: int
    ) -> Iterator[Choice]:
        """Yields `count` choices for each of an image's faces that is found.

        Choices of right masks only are left out. Prompts are made with `parts`; with hair among
        them, they mean the head with hair.
        """
        image = self._steps.decode(file.read_bytes())
        detections = self._steps.detect(image, "face", parts).detections
        for prompt in build_prompts(detections, image_box(image), PromptOptions()):
            true = max(faces, key=lambda face: face.box.iou(prompt.box), default=None)
            if true:
                yield from self._of_face(file, image, prompt, true, count)

    def _of_face(
        self, file: Path, image: Image, prompt: Prompt, true: TrueFace, count: int
    ) -> Iterator[Choice]:
        face = true.regions
        head = Regions(self._head(image, face.true), face.scored)
        meant, regions = (HEAD, head) if prompt.has_further_parts else (FACE, face)
        if _outline_iou(prompt, regions.true) < _MATCHED:
            return
        window = prompt.crop.slices
        objects = Objects(face.true[window], head.true[window])
        regions = Regions(regions.true[window], regions.scored[window])
        random = np.random.default_rng([zlib.crc32(file.name.encode()), *true.box])
        for _ in range(count):
            choice = _choice(file, prompt, objects.triple(meant, random), regions)
            if not all(choice.is_right):
                yield choice

    def _head(self, image: Image, face: BoolMask) -> BoolMask:
        """The face with the hair that the face-parsing network sees, bool (h, w)."""
        skin = outline_of(part_in(face, face))
        others = HEAD_PARTS - SKIN_ONLY
        outline = outline_with(Pyramid.of(image), skin, 0.0, self._parsing, others)
        return face | polygon_mask(outline, image_box(image))


def _choice(file: Path, prompt: Prompt, options: Sequence[Option], regions: Regions) -> Choice:
    outline = outline_mask(prompt)
    cleaned = [
        replace(option.candidate, pixels=clean(option.candidate.pixels, prompt))
        for option in options
    ]
    return Choice(
        file,
        prompt,
        tuple(options),
        tuple(evidence_of(candidate, prompt, outline) for candidate in cleaned),
        tuple(regions.iou(candidate.pixels) for candidate in cleaned),
        regions,
    )


def _outline_iou(prompt: Prompt, mask: BoolMask) -> float:
    """The IoU of the bounds of a prompt's outline with those of a mask."""
    return bounding_box(polygon_of(prompt.polygon)).iou(bounds_of_mask(mask))
