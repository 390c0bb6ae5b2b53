"""The segmentation function's use case: prompts come in, masks and pictures go out."""

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version

import numpy as np
import numpy.typing as npt

from shared import VERSION, images, layout, logs, masks, rendering, rle
from shared.deadline import Deadline
from shared.deliveries import last_words
from shared.documents import (
    Instance,
    InstanceFiles,
    Outputs,
    PromptsDocument,
    Reason,
    ResultDocument,
    RleModel,
    Status,
)
from shared.errors import BadMessage, Permanent, Rejected, Superseded
from shared.geometry import Box, Image
from shared.masks import Candidate, Mask
from shared.messages import REPEATED, Message, parse_prompts
from shared.prompts import Prompt
from shared.results import Results
from shared.room import Room
from shared.segmenters import Answer, Segmenter
from shared.settings import SegmentationSettings
from shared.stopwatch import Stopwatch
from shared.storage import Item, ObjectRef, Storage

_log = logging.getLogger(__name__)

_ROOM_SECONDS = 120
"""How long an image waits for others to leave memory, before Pub/Sub is asked to bring it later."""

_DRAWING = Room(25_000_000)
"""Pixels of pictures that are being drawn and encoded, at some 12 bytes each, in this process."""


@dataclass(frozen=True, slots=True, eq=False)
class Segmented:
    """What became of one prompt; `trouble` is why the fallback had to help."""

    prompt: Prompt
    mask: Mask
    quality: float
    segmenter: Segmenter
    trouble: Permanent | None = None

    @property
    def box(self) -> Box:
        """The mask's bounds, or the prompt's box where the mask is empty."""
        return self.mask.bounds or self.prompt.box


@dataclass(frozen=True, slots=True, eq=False)
class Verdict:
    """How an upload ended, and what there is to draw of it."""

    status: Status
    reason: Reason | None
    segmented: tuple[Segmented, ...]


class Segmentation:
    """Turns prompts into pictures. One per process; safe to share between threads.

    `primary` is asked first, `fallback`, if any, where the primary will never answer.
    """

    def __init__(
        self,
        settings: SegmentationSettings,
        primary: Segmenter,
        fallback: Segmenter | None,
    ) -> None:
        self._settings = settings
        self._primary = primary
        self._fallback = fallback
        self._storage = Storage()
        self._results = Results(self._storage, settings.output_bucket)
        self._images = Room(settings.max_pixels)
        self._versions = {"toonmask": VERSION, "opencv": version("opencv-python-headless")}

    def handle(self, message: Message) -> None:
        """Writes all results of the upload that the message is about, result.json last.

        Raises:
            BadMessage: the message was not made by the landmarks function.
            Exception: whatever may be gone at the next delivery.
        """
        document = parse_prompts(message)
        source = document.source
        ref = ObjectRef(source.bucket, source.name, source.generation)
        with logs.about(**ref.story):
            _check_source(ref, self._settings.input_bucket)
            again = message.attempt > 1 or REPEATED in message.attributes
            most = self._settings.max_delivery_attempts
            with last_words(self._results, ref, message.attempt, most):
                if again and self._is_done(document, ref):
                    return
                with self._images.taking(source.pixels, _ROOM_SECONDS):
                    self._handle(document, ref)

    def _is_done(self, document: PromptsDocument, ref: ObjectRef) -> bool:
        """Whether an earlier delivery did it all, so that SAM2 need not be asked again."""
        done = self._results.are_finished(ref, self._settings.config(document.config))
        if done:
            _log.info("finished before", extra={"state": "repeated"})
        return done

    def _handle(self, document: PromptsDocument, ref: ObjectRef) -> None:
        config = self._settings.config(document.config)
        watch = Stopwatch()
        try:
            data = self._storage.read(ref, self._settings.max_bytes)
            image = images.decode(data, self._settings.max_pixels)
        except Rejected as rejection:  # the limits were lowered meanwhile
            self._results.reject(ref, rejection, config, watch.laps)
            return
        except Superseded as reason:
            _log.info("superseded", extra={"state": "superseded", "why": str(reason)})
            self._results.clear_superseded(ref)
            return
        watch.lap("read")
        whole = Box.of_image(image)
        _check_fit(document, whole)
        try:
            verdict = self._segment_all(image, document)
        except Permanent as error:
            self._results.fail(ref, Reason.of(error))
            return
        watch.lap("segment")
        result = ResultDocument(
            status=verdict.status,
            reason=verdict.reason,
            source=document.source,
            config=config,
            instances=tuple(_instance(one, whole) for one in verdict.segmented),
            outputs=Outputs(),
            timing=watch.laps,
            versions=document.versions | self._versions,
        )
        pictures = _pictures(layout.folder(ref.name), image, verdict.segmented)
        self._results.write(result, pictures)

    def _segment_all(self, image: Image, document: PromptsDocument) -> Verdict:
        segmented = self._segment_in_batches(image, document.instances)
        troubles = [one.trouble for one in segmented if one.trouble]
        masks_apart = masks.apart([one.mask for one in segmented], document.instances)
        segmented = [
            replace(one, mask=mask) for one, mask in zip(segmented, masks_apart, strict=True)
        ]
        if troubles:
            return Verdict(Status.DEGRADED, Reason.of(troubles[0]), tuple(segmented))
        return Verdict(Status.SEGMENTED if segmented else Status.EMPTY, None, tuple(segmented))

    def _segment_in_batches(self, image: Image, prompts: Sequence[Prompt]) -> list[Segmented]:
        """As many prompts a call, and as many calls at a time, as the primary segmenter takes."""
        size = self._primary.batch
        batches = [prompts[first : first + size] for first in range(0, len(prompts), size)]
        deadline = Deadline.after(self._settings.sam2_deadline)
        with ThreadPoolExecutor(self._primary.parallel) as pool:
            done = [
                # each in a copy of this context, which knows what the log lines are about
                pool.submit(copy_context().run, self._segment, image, batch, deadline)
                for batch in batches
            ]
            return [one for batch in done for one in batch.result()]

    def _segment(
        self, image: Image, prompts: Sequence[Prompt], deadline: Deadline
    ) -> list[Segmented]:
        """Asks the primary segmenter, and the fallback where that one will never answer."""
        answers: Sequence[Answer]
        try:
            answers = self._primary.segment(image, prompts, deadline)
        except Permanent as error:
            # without its traceback, whose frames would keep the image in memory
            answers = [error.with_traceback(None)] * len(prompts)
        return [
            self._fall_back(image, prompt, answer, deadline)
            if isinstance(answer, Permanent)
            else _chosen(answer, prompt, self._primary)
            for prompt, answer in zip(prompts, answers, strict=True)
        ]

    def _fall_back(
        self, image: Image, prompt: Prompt, trouble: Permanent, deadline: Deadline
    ) -> Segmented:
        if self._fallback is None:
            raise trouble
        told = {"instance": prompt.id, "reason": trouble.code.value, "why": str(trouble)}
        _log.warning("fell back", extra=told)
        (answer,) = self._fallback.segment(image, [prompt], deadline)
        if isinstance(answer, Permanent):
            raise answer
        return replace(_chosen(answer, prompt, self._fallback), trouble=trouble)


def _chosen(candidates: Sequence[Candidate], prompt: Prompt, segmenter: Segmenter) -> Segmented:
    mask, quality = masks.choose(candidates, prompt)
    return Segmented(prompt, mask, quality, segmenter)


def _check_source(ref: ObjectRef, input_bucket: str) -> None:
    """Raises BadMessage for an upload that the landmarks function would not have prompted."""
    if ref.bucket != input_bucket:
        raise BadMessage(f"{ref} is not in {input_bucket}")
    if layout.is_taken(ref.name):
        raise BadMessage(f"{ref} is where the results of another upload lie")


def _check_fit(document: PromptsDocument, image: Box) -> None:
    """Raises BadMessage where prompts lie outside the image or stand for one another."""
    if (document.source.width, document.source.height) != (image.width, image.height):
        raise BadMessage(
            f"prompts for another size than the image's {image.width} x {image.height}"
        )
    ids = [prompt.id for prompt in document.instances]
    if len(set(ids)) < len(ids):
        raise BadMessage("two prompts have the same id")
    for prompt in document.instances:
        for box in (prompt.crop, prompt.box):
            if not box.area or box.intersection(image) != box:
                raise BadMessage(f"{prompt.id}: the box {box} does not lie in the image {image}")


def _instance(one: Segmented, image: Box) -> Instance:
    encoded = rle.encode(one.mask.full(image))
    prompt = one.prompt
    return Instance(
        id=prompt.id,
        label=prompt.label,
        side=prompt.side,
        score=prompt.score,
        box=one.box,
        area=one.mask.area,
        segmenter=one.segmenter.name,
        quality=round(one.quality, 4),
        rle=RleModel(size=encoded.size, counts=encoded.counts),
        files=_files(prompt),
    )


def _files(prompt: Prompt) -> InstanceFiles:
    return InstanceFiles(mask=f"{prompt.id}/mask.png", cutout=f"{prompt.id}/cutout.png")


def _pictures(folder: str, image: Image, segmented: Sequence[Segmented]) -> list[Item]:
    """All pictures of one upload, mask.png first, each drawn and encoded when it is written."""
    outputs, whole = Outputs(), Box.of_image(image)
    drawn = [
        rendering.Drawn(one.prompt.id, one.prompt.label, one.mask, one.box) for one in segmented
    ]
    everyone = [one.mask for one in segmented]
    items = [
        *_mask_and_cutout(folder, outputs, image, everyone),
        _png(folder + outputs.overlay, whole.area, partial(rendering.overlay, image, drawn)),
    ]
    for one in segmented:
        items += _mask_and_cutout(folder, _files(one.prompt), image, [one.mask])
    return items


def _mask_and_cutout(
    folder: str, files: Outputs | InstanceFiles, image: Image, shown: Sequence[Mask]
) -> list[Item]:
    whole = Box.of_image(image)
    merged = partial(masks.union, shown, whole)
    return [
        _png(folder + files.mask, whole.area, merged),
        _png(folder + files.cutout, whole.area, lambda: rendering.cutout(image, merged())),
    ]


def _png(name: str, pixels: int, draw: Callable[[], npt.NDArray[np.uint8]]) -> Item:
    def content() -> bytes:
        with _DRAWING.taking(pixels, _ROOM_SECONDS):
            return images.encode_png(draw())

    return Item(name, "image/png", content)
