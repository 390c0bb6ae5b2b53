"""The segmentation function's use case: turns prompts into masks and image files."""

import logging
from importlib.metadata import version

from shared import VERSION
from shared.decoding.sandbox import Sandbox
from shared.gcp.events import REPEATED, Message, parse_prompts
from shared.gcp.gcs import ObjectRef, ObjectToWrite, Storage
from shared.imaging.geometry import Image, image_box
from shared.pipeline.push_handler import record_final_failure
from shared.pipeline.result_store import ResultStore
from shared.rendering.artifacts import result_artifacts
from shared.runtime import logs
from shared.runtime.deadline import Deadline
from shared.runtime.memory_budget import MEMORY_SECONDS, MemoryBudget
from shared.runtime.stage_timer import StageTimer
from shared.schemas import object_names
from shared.schemas.box import Box
from shared.schemas.documents import (
    Outputs,
    PromptsDocument,
    Reason,
    ResultDocument,
    SegmenterVersion,
    revisions,
)
from shared.schemas.errors import ForeignMessage, Permanent, Rejected, Superseded, UnreadableMessage
from shared.schemas.settings import SegmentationSettings
from shared.segmentation.backends.base import Segmenter
from shared.segmentation.review import reviewed
from shared.segmentation.service import SegmentationService

_log = logging.getLogger(__name__)

_VERSION_SECONDS = 10
"""Timeout for the version of the segmentation service. Chosen by hand: without a version, the last
result counts as current; a longer timeout delays each redelivery."""


class Segmentation:
    """Turns prompts into image files. One per process; safe to share between threads."""

    def __init__(
        self,
        settings: SegmentationSettings,
        primary: Segmenter,
        fallback: Segmenter | None,
    ) -> None:
        self._settings = settings
        self._service = SegmentationService(primary, fallback, settings.sam2_deadline)
        self._storage = Storage()
        self._results = ResultStore(self._storage, settings.output_bucket)
        self._memory = MemoryBudget(settings.max_pixels)
        self._sandbox = Sandbox(settings.max_pixels)
        self._versions = {"toonmask": VERSION, "opencv": version("opencv-python-headless")}

    def handle(self, message: Message) -> None:
        """Writes all results of the message's upload, result.json last.

        Raises:
            ForeignMessage: the landmarks function did not create the message.
            UnreadableMessage: its prompts are invalid, or do not fit the upload.
            Exception: an error that may not occur at the next delivery.
        """
        document = parse_prompts(message)
        source = document.source
        ref = ObjectRef(source.bucket, source.name, source.generation)
        with logs.context(**ref.log_fields):
            _check_source(ref, self._settings.input_bucket)
            is_redelivered = message.attempt > 1 or REPEATED in message.attributes
            max_attempts = self._settings.max_delivery_attempts
            with record_final_failure(self._results, ref, message.attempt, max_attempts):
                if is_redelivered and self._is_done(document, ref):
                    return
                self._handle(document, ref)

    def _is_done(self, document: PromptsDocument, ref: ObjectRef) -> bool:
        """Whether an earlier delivery wrote the complete result, so that no SAM2 call is needed."""

        def is_current(result: ResultDocument) -> bool:
            segmenters = self._expected_segmenters(result)
            return result.config == self._settings.config(document.config, segmenters)

        is_done = self._results.is_finished(ref, is_current)
        if is_done:
            _log.info("finished before", extra={"state": "repeated"})
        return is_done

    def _expected_segmenters(self, result: ResultDocument) -> frozenset[SegmenterVersion]:
        """Returns the segmenters that would be used now; those of the result if unknown."""
        if not result.instances:
            return frozenset()
        version = self._service.version(Deadline.after(_VERSION_SECONDS))
        return frozenset({version}) if version else result.segmenters

    def _handle(self, document: PromptsDocument, ref: ObjectRef) -> None:
        timer, limits = StageTimer(), self._settings
        try:
            data = self._storage.read(ref, limits.max_bytes)
            with (
                self._sandbox.opened(data) as file,
                self._memory.acquired(file.pixels, MEMORY_SECONDS),
            ):
                image = file.decode()
                timer.lap("read")
                self._segment(document, image, timer)
        except Rejected as rejection:  # the limits were lowered meanwhile
            config = limits.config(document.config, frozenset())
            self._results.reject(ref, rejection, config, timer.seconds)
        except Superseded as reason:
            self._results.clear_superseded(ref, reason)
        except Permanent as error:
            self._results.fail(ref, Reason.of(error))

    def _segment(self, document: PromptsDocument, image: Image, timer: StageTimer) -> None:
        bounds = image_box(image)
        _check_fit(document, bounds)
        segmentation = self._service.segment_image(image, document.instances)
        segmenters = segmentation.segmenters
        timer.lap("segment", segmenters=sorted(map(str, segmenters)))
        outputs = Outputs(preview=object_names.PREVIEWS[self._settings.preview])
        result = ResultDocument(
            status=segmentation.status,
            reason=segmentation.reason,
            source=document.source,
            config=self._settings.config(document.config, segmenters),
            instances=tuple(item.to_instance(bounds) for item in segmentation.segmented),
            review=reviewed(segmentation.segmented, document.missed),
            outputs=outputs,
            timing=timer.seconds,
            versions=document.versions | self._versions | revisions(segmenters),
        )
        folder = object_names.folder(document.source.name)
        items = [
            ObjectToWrite(
                folder + artifact.name, object_names.content_type(artifact.name), artifact.encode
            )
            for artifact in result_artifacts(image, segmentation.segmented, outputs)
        ]
        self._results.write(result, items)


def _check_source(ref: ObjectRef, input_bucket: str) -> None:
    """Raises ForeignMessage for an upload that the landmarks function never publishes."""
    if ref.bucket != input_bucket:
        raise ForeignMessage(f"{ref} is not in {input_bucket}")
    if why := object_names.refusal(ref.name):
        raise ForeignMessage(f"{ref} has no prompts: {why}")


def _check_fit(document: PromptsDocument, image: Box) -> None:
    """Raises UnreadableMessage for prompts outside the image, or with the same id."""
    if (document.source.width, document.source.height) != (image.width, image.height):
        raise UnreadableMessage(
            f"prompts for another size than the image's {image.width} x {image.height}"
        )
    ids = [prompt.id for prompt in document.instances]
    if len(set(ids)) < len(ids):
        raise UnreadableMessage("two prompts have the same id")
    for prompt in document.instances:
        for box in (prompt.crop, prompt.box):
            if not box.area or box.intersection(image) != box:
                raise UnreadableMessage(
                    f"{prompt.id}: the box {box} does not lie in the image {image}"
                )
