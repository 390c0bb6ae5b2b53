"""From prompts to masks: whom to ask, and what to do where they will never answer."""

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, replace
from functools import partial

from shared.imaging import rle
from shared.imaging.geometry import Image
from shared.runtime.deadline import Check, Deadline, uncancelled
from shared.schemas.box import Box
from shared.schemas.documents import (
    Instance,
    InstanceFiles,
    Reason,
    RleModel,
    SegmenterVersion,
    Status,
)
from shared.schemas.errors import Cancelled, Permanent, Transient, forget_frames
from shared.schemas.prompt import Prompt
from shared.segmentation import masks
from shared.segmentation.backends.base import Answer, Answered, Segmenter
from shared.segmentation.masks import Mask

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class SegmentedInstance:
    """The mask of one prompt. `fallback_reason` says why the fallback cut it, None otherwise."""

    prompt: Prompt
    mask: Mask
    quality: float
    segmenter: SegmenterVersion
    fallback_reason: Permanent | None = None

    @property
    def box(self) -> Box:
        """The mask's bounds, or the prompt's box where the mask is empty."""
        return self.mask.bounds or self.prompt.box

    @property
    def files(self) -> InstanceFiles:
        """Its pictures, relative to the folder of its upload."""
        return InstanceFiles(
            mask=f"{self.prompt.id}/mask.png", cutout=f"{self.prompt.id}/cutout.png"
        )

    def to_instance(self, image: Box) -> Instance:
        """As result.json tells of it."""
        encoded = rle.encode_part(self.mask.pixels, self.mask.window, image)
        prompt = self.prompt
        return Instance(
            id=prompt.id,
            label=prompt.label,
            side=prompt.side,
            score=prompt.score,
            box=self.box,
            area=self.mask.area,
            segmenter=self.segmenter.name,
            quality=round(self.quality, 4),
            rle=RleModel(size=encoded.size, counts=encoded.counts),
            files=self.files,
        )


@dataclass(frozen=True, slots=True, eq=False)
class SegmentationResult:
    """How an upload ended, and what there is to draw of it."""

    status: Status
    reason: Reason | None
    segmented: tuple[SegmentedInstance, ...]

    @property
    def segmenters(self) -> frozenset[SegmenterVersion]:
        """What cut the masks."""
        return frozenset(one.segmenter for one in self.segmented)


class SegmentationService:
    """Asks for masks. Safe to share between threads.

    `primary` is asked first, `fallback`, if any, where the primary will never answer. `seconds` is
    the most that all of an image's answers may take, repeats included.
    """

    def __init__(self, primary: Segmenter, fallback: Segmenter | None, seconds: float) -> None:
        self._primary = primary
        self._fallback = fallback
        self._seconds = seconds

    def version(self, deadline: Deadline) -> SegmenterVersion | None:
        """What the primary segmenter would answer with now; None where that cannot be known."""
        return self._primary.version(deadline)

    def segment_image(
        self,
        image: Image,
        prompts: Sequence[Prompt],
        check: Check = uncancelled,
        *,
        multimask: bool = True,
    ) -> SegmentationResult:
        """A mask for each prompt, without overlaps.

        With `multimask` the backend may answer with several candidates for a prompt.

        Raises:
            Permanent: neither will ever answer one of the prompts.
            Transient: they may do so later.
            Cancelled: `check` raised it meanwhile.
        """
        deadline = Deadline.after(self._seconds, check)
        try:
            segmented = self._segment_in_batches(image, prompts, deadline, multimask=multimask)
        except (Permanent, Transient, Cancelled) as error:
            forget_frames(error)
            raise
        troubles = [one.fallback_reason for one in segmented if one.fallback_reason]
        separate = masks.resolve_overlaps([one.mask for one in segmented], prompts)
        segmented = [replace(one, mask=mask) for one, mask in zip(segmented, separate, strict=True)]
        if troubles:
            return SegmentationResult(Status.DEGRADED, Reason.of(troubles[0]), tuple(segmented))
        return SegmentationResult(
            Status.SEGMENTED if segmented else Status.EMPTY, None, tuple(segmented)
        )

    def _segment_in_batches(
        self, image: Image, prompts: Sequence[Prompt], deadline: Deadline, *, multimask: bool
    ) -> list[SegmentedInstance]:
        """As many prompts a call, and as many calls at a time, as the primary segmenter takes."""
        size = self._primary.batch
        batches = [prompts[first : first + size] for first in range(0, len(prompts), size)]
        with ThreadPoolExecutor(self._primary.parallel) as pool:
            done = [
                # each in a copy of this context, which knows what the log lines are about
                pool.submit(
                    copy_context().run,
                    partial(self._segment, image, batch, deadline, multimask=multimask),
                )
                for batch in batches
            ]
            return [one for batch in done for one in batch.result()]

    def _segment(
        self, image: Image, prompts: Sequence[Prompt], deadline: Deadline, *, multimask: bool
    ) -> list[SegmentedInstance]:
        """Asks the primary segmenter, and the fallback where that one will never answer."""
        answers: Sequence[Answer]
        try:
            answers = self._primary.segment(image, prompts, deadline, multimask=multimask)
        except Permanent as error:
            answers = [error] * len(prompts)
        return [
            self._masked(image, prompt, answer, deadline)
            for prompt, answer in zip(prompts, answers, strict=True)
        ]

    def _masked(
        self, image: Image, prompt: Prompt, answer: Answer, deadline: Deadline
    ) -> SegmentedInstance:
        """The best mask of an answer, or the fallback's where there is none in it."""
        deadline.check()
        if isinstance(answer, Answered):
            try:
                return _chosen(answer, prompt)
            except Permanent as error:
                answer = error
        # without its traceback, whose frames would keep the image in memory
        return self._fall_back(image, prompt, answer.with_traceback(None), deadline)

    def _fall_back(
        self, image: Image, prompt: Prompt, fallback_reason: Permanent, deadline: Deadline
    ) -> SegmentedInstance:
        if self._fallback is None:
            raise fallback_reason
        told = {
            "instance": prompt.id,
            "reason": fallback_reason.code.value,
            "why": str(fallback_reason),
        }
        _log.warning("fell back", extra=told)
        (answer,) = self._fallback.segment(image, [prompt], deadline, multimask=True)
        if isinstance(answer, Permanent):
            raise answer
        return replace(_chosen(answer, prompt), fallback_reason=fallback_reason)


def _chosen(answer: Answered, prompt: Prompt) -> SegmentedInstance:
    mask, quality = masks.choose(answer.candidates, prompt)
    return SegmentedInstance(prompt, mask, quality, answer.segmenter)
