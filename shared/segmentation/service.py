"""Turns prompts into masks with the primary segmenter, or with the fallback if that one fails."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain

from shared.imaging import rle
from shared.imaging.geometry import BoolMask, Image, enclosing
from shared.runtime.bounded_map import bounded_map
from shared.runtime.deadline import Check, Deadline, uncancelled
from shared.schemas.amounts import Amount
from shared.schemas.box import Box
from shared.schemas.documents import (
    Instance,
    InstanceFiles,
    Reason,
    RleModel,
    SegmenterVersion,
    Status,
)
from shared.schemas.drawing import Drawing
from shared.schemas.errors import Cancelled, Permanent, Transient, forget_frames
from shared.schemas.prompt import LabelledPixel, Prompt
from shared.segmentation import masks
from shared.segmentation.backends.base import CandidateMasks, Segmenter
from shared.segmentation.click_correction import corrected
from shared.segmentation.mask_growth import grow
from shared.segmentation.mask_selection import choose
from shared.segmentation.masks import Mask

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class SegmentedInstance:
    """The mask of one prompt.

    `quality` is the expected IoU of the segmenter's mask with the true one, 0..1. `fallback_reason`
    is the primary segmenter's error if the fallback made the mask, else None. `ungrown` is the
    segmenter's mask if growing has changed it, else None.
    """

    prompt: Prompt
    mask: Mask
    quality: float
    segmenter: SegmenterVersion
    fallback_reason: Permanent | None = None
    ungrown: Mask | None = None

    @property
    def segmented_mask(self) -> Mask:
        """The segmenter's mask."""
        return self.ungrown or self.mask

    @property
    def box(self) -> Box:
        """The mask's bounds, or the prompt's box if the mask is empty."""
        return self.mask.bounds or self.prompt.box

    @property
    def files(self) -> InstanceFiles:
        """Names of its image files, relative to the upload's folder."""
        return InstanceFiles(
            mask=f"{self.prompt.id}/mask.png", cutout=f"{self.prompt.id}/cutout.png"
        )

    def with_grown(self, mask: Mask) -> "SegmentedInstance":
        """Returns the instance with its mask grown or shrunk.

        Growing only adds pixels and shrinking only removes some, so masks of equal area are equal.
        """
        if mask.area == self.mask.area:
            return self
        return replace(self, mask=mask, ungrown=self.segmented_mask)

    def to_instance(self, image: Box, drawing: Drawing) -> Instance:
        """Returns the instance as result.json has it. `image` is the image's bounds."""
        prompt = self.prompt
        return Instance(
            id=prompt.id,
            label=prompt.label,
            side=prompt.side,
            parts=prompt.parts,
            score=prompt.score,
            box=self.box,
            area=self.mask.area,
            segmenter=self.segmenter.name,
            quality=round(self.quality, 4),
            rle=_encoded(self.mask, image),
            segmented_rle=_encoded(self.ungrown, image) if self.ungrown else None,
            cutout_box=drawing.cutout_box(self.box, image),
            files=self.files,
        )


@dataclass(frozen=True, slots=True, eq=False)
class SegmentationResult:
    """The status of an upload, its reason, and the segmented instances."""

    status: Status
    reason: Reason | None
    segmented: tuple[SegmentedInstance, ...]

    @property
    def segmenters(self) -> frozenset[SegmenterVersion]:
        """The segmenters that made the masks."""
        return frozenset(item.segmenter for item in self.segmented)

    @property
    def bounds(self) -> Box:
        """The bounds of all instances; an empty box at the origin if there are none."""
        return enclosing(item.box for item in self.segmented)

    def grown(self, amount: Amount, image: Box) -> "SegmentationResult":
        """Returns the result with its masks grown, or shrunk if the amount is negative.

        `image` is the image's bounds.
        """
        masks = grow([item.mask for item in self.segmented], amount, image)
        grown = (item.with_grown(mask) for item, mask in zip(self.segmented, masks, strict=True))
        return replace(self, segmented=tuple(grown))


class SegmentationService:
    """Segments the prompts of an image. Safe to share between threads.

    If `primary` fails permanently, `fallback` is used, if there is one. `seconds` is the time limit
    for all prompts of an image, including retries.
    """

    def __init__(self, primary: Segmenter, fallback: Segmenter | None, seconds: float) -> None:
        self._primary = primary
        self._fallback = fallback
        self._seconds = seconds

    def version(self, deadline: Deadline) -> SegmenterVersion | None:
        """Returns the primary segmenter's current version; None if it is unknown."""
        return self._primary.version(deadline)

    def segment_image(
        self,
        image: Image,
        prompts: Sequence[Prompt],
        check: Check = uncancelled,
        *,
        multimask: bool = True,
    ) -> SegmentationResult:
        """Returns a mask for each prompt, without overlaps. `image` is RGB uint8 (h, w, 3).

        With `multimask`, the backend may return several candidates for a prompt.

        Raises:
            Permanent: both segmenters fail permanently, or the primary does without a fallback.
            Transient: a later attempt may succeed.
            Cancelled: raised by `check`.
        """
        deadline = Deadline.after(self._seconds, check)
        try:
            segmented = self._segment_in_batches(image, prompts, deadline, multimask=multimask)
        except (Permanent, Transient, Cancelled) as error:
            forget_frames(error)
            raise
        fallback_reasons = [item.fallback_reason for item in segmented if item.fallback_reason]
        separate = masks.resolve_overlaps([item.mask for item in segmented], prompts)
        segmented = [
            replace(item, mask=mask) for item, mask in zip(segmented, separate, strict=True)
        ]
        if fallback_reasons:
            return SegmentationResult(
                Status.DEGRADED, Reason.of(fallback_reasons[0]), tuple(segmented)
            )
        return SegmentationResult(
            Status.SEGMENTED if segmented else Status.EMPTY, None, tuple(segmented)
        )

    def _segment_in_batches(
        self, image: Image, prompts: Sequence[Prompt], deadline: Deadline, *, multimask: bool
    ) -> list[SegmentedInstance]:
        """Segments in batches, with the primary segmenter's batch size and parallelism."""
        size = self._primary.batch
        batches = [prompts[first : first + size] for first in range(0, len(prompts), size)]

        def segment(batch: Sequence[Prompt]) -> list[SegmentedInstance]:
            return self._segment(image, batch, deadline, multimask=multimask)

        return list(chain.from_iterable(bounded_map(segment, batches, self._primary.parallel)))

    def _segment(
        self, image: Image, prompts: Sequence[Prompt], deadline: Deadline, *, multimask: bool
    ) -> list[SegmentedInstance]:
        """Calls the primary segmenter, and the fallback where that one fails permanently."""
        try:
            responses = self._primary.segment(image, prompts, deadline, multimask=multimask)
        except Permanent as error:
            return [self._fall_back(image, prompt, error, deadline) for prompt in prompts]
        return [
            self._choose_or_fall_back(image, prompt, response, deadline)
            for prompt, response in zip(prompts, responses, strict=True)
        ]

    def _choose_or_fall_back(
        self, image: Image, prompt: Prompt, response: CandidateMasks, deadline: Deadline
    ) -> SegmentedInstance:
        """Returns the best candidate, or the fallback's mask if a candidate is invalid."""
        deadline.check()
        try:
            return _choose(image, response, prompt)
        except Permanent as error:
            return self._fall_back(image, prompt, error, deadline)

    def _fall_back(
        self, image: Image, prompt: Prompt, error: Permanent, deadline: Deadline
    ) -> SegmentedInstance:
        """Returns the fallback's mask. Raises the primary segmenter's error without a fallback."""
        deadline.check()
        # without its traceback, whose frames would keep the image in memory
        error = error.with_traceback(None)
        if self._fallback is None:
            raise error
        log_fields = {"instance": prompt.id, "reason": error.code.value, "why": str(error)}
        _log.warning("fell back", extra=log_fields)
        (response,) = self._fallback.segment(image, [prompt], deadline, multimask=True)
        return replace(_choose(image, response, prompt), fallback_reason=error)


def _encoded(mask: Mask, image: Box) -> RleModel:
    encoded = rle.encode_part(mask.pixels, mask.window, image)
    return RleModel(size=encoded.size, counts=encoded.counts)


def _choose(image: Image, response: CandidateMasks, prompt: Prompt) -> SegmentedInstance:
    mask, quality = choose(response.candidates, prompt)
    if prompt.clicks:
        mask = replace(mask, pixels=_corrected(image, mask, prompt))
    return SegmentedInstance(prompt, mask, quality, response.segmenter)


def _corrected(image: Image, mask: Mask, prompt: Prompt) -> BoolMask:
    """The pixels of a mask after the corrections of a person."""
    left, top = mask.window.x0, mask.window.y0

    def in_window(given: Sequence[LabelledPixel]) -> list[LabelledPixel]:
        return [(x - left, y - top, label) for x, y, label in given]

    crop = image[mask.window.slices]
    return corrected(crop, mask.pixels, in_window(prompt.points), in_window(prompt.clicks))
