"""The segmentation function's use case: turns prompts into masks and image files."""

import logging
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version

from shared import VERSION
from shared.gcp.events import REPEATED, Message, parse_prompts
from shared.gcp.gcs import ObjectRef, Storage
from shared.gcp.provenance import Provenance
from shared.imaging.geometry import Image, image_box
from shared.pipeline.push_handler import record_final_failure
from shared.pipeline.result_store import ResultStore
from shared.pipeline.stored_masks import stored_segmentation
from shared.pipeline.upload_decoder import UploadDecoder
from shared.rendering.artifacts import Renderer, result_artifacts
from shared.runtime import logs, tracing
from shared.runtime.deadline import Deadline
from shared.runtime.stage_timer import StageTimer
from shared.schemas import object_names
from shared.schemas.box import Box
from shared.schemas.documents import (
    Outputs,
    PromptsDocument,
    Reason,
    ResultDocument,
    SegmenterVersion,
    Source,
    revisions,
)
from shared.schemas.errors import ForeignMessage, Permanent, Rejected, Superseded, UnreadableMessage
from shared.schemas.prompt_fit import misfit
from shared.schemas.settings import SegmentationSettings
from shared.segmentation.backends.base import Segmenter
from shared.segmentation.review import reviewed
from shared.segmentation.service import SegmentationResult, SegmentationService

_log = logging.getLogger(__name__)

_VERSION_SECONDS = 10
"""Timeout for the version of the segmentation service. Chosen by hand: without a version, the last
result counts as current; a longer timeout delays each redelivery."""


@dataclass(frozen=True, slots=True)
class _Earlier:
    """The result of an earlier delivery, perhaps outdated.

    `segmenters` are those that would make its masks now.
    """

    result: ResultDocument
    provenance: Provenance
    segmenters: frozenset[SegmenterVersion]


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
        storage = Storage()
        self._results = ResultStore(storage, settings.output_bucket)
        self._decoder = UploadDecoder(storage, settings)
        self._renderer = Renderer()
        self._outputs = Outputs(preview=object_names.PREVIEWS[settings.preview])
        self._versions = {"toonmask": VERSION, "opencv": version("opencv-python-headless")}

    def handle(self, message: Message) -> None:
        """Writes all results of the message's upload, or of its frame, result.json last.

        Raises:
            ForeignMessage: the landmarks function did not create the message.
            UnreadableMessage: its prompts are invalid, or do not fit the upload.
            Exception: an error that may not occur at the next delivery.
        """
        document = parse_prompts(message)
        source = document.source
        tracing.annotate_request(**source.log_fields)
        with logs.context(**source.log_fields, revision=document.revision):
            _check_source(source, self._settings.input_bucket)
            is_redelivered = message.attempt > 1 or REPEATED in message.attributes
            max_attempts = self._settings.max_delivery_attempts
            revision = document.revision
            with record_final_failure(
                self._results, source, message.attempt, max_attempts, revision
            ):
                earlier = self._earlier(document) if is_redelivered else None
                if earlier and self._is_done(document, earlier):
                    self._results.settle(source)
                    return
                self._handle(document, earlier)

    def _earlier(self, document: PromptsDocument) -> _Earlier | None:
        """Returns the result of an earlier delivery of these prompts, if there is one."""
        stored = self._results.stored(document.source, document.revision)
        return stored and _Earlier(*stored, self._expected_segmenters(stored[0]))

    def _is_done(self, document: PromptsDocument, earlier: _Earlier) -> bool:
        """Whether an earlier delivery wrote the complete result, so that no SAM2 call is needed."""
        config = self._settings.config(document.config, earlier.segmenters)
        is_done = earlier.result.config == config and self._results.is_complete(
            earlier.result, earlier.provenance
        )
        if is_done:
            _log.info("finished before", extra={"state": "repeated"})
            tracing.annotate_request(state="repeated")
        return is_done

    def _expected_segmenters(self, result: ResultDocument) -> frozenset[SegmenterVersion]:
        """Returns the segmenters that would be used now; those of the result if unknown."""
        if not result.instances:
            return frozenset()
        version = self._service.version(Deadline.after(_VERSION_SECONDS))
        return frozenset({version}) if version else result.segmenters

    def _segment(
        self, image: Image, document: PromptsDocument, earlier: _Earlier | None
    ) -> SegmentationResult:
        """Returns the stored masks if they are those that the segmenter would make now."""
        if earlier and earlier.result.mask_config == self._settings.mask_config(
            document.config, earlier.segmenters
        ):
            found = stored_segmentation(earlier.result, document.instances, image_box(image))
            if found:
                _log.info("drawing stored masks")
                return found
        return self._service.segment_image(image, document.instances)

    def _handle(self, document: PromptsDocument, earlier: _Earlier | None) -> None:
        """Writes the results."""
        timer, source = StageTimer(), document.source
        try:
            with ExitStack() as memory:
                with timer.stage("read"):
                    image = memory.enter_context(self._decoder.decoded(source))
                    bounds = image_box(image)
                    _check_fit(document, bounds)
                with timer.stage("segment") as stage:
                    segmentation = self._segment(image, document, earlier)
                    stage.fields["segmenters"] = sorted(map(str, segmentation.segmenters))
                    segmentation = segmentation.grown(self._settings.mask_grow, bounds)
                result = self._result(document, bounds, segmentation, timer)
                artifacts = result_artifacts(
                    image, segmentation, self._outputs, self._settings.drawing
                )
                self._results.write(result, partial(self._renderer.files, artifacts))
        except Rejected as rejection:  # the limits were lowered meanwhile
            if document.revision:  # what was there before the correction stays
                self._results.fail(source, Reason.of(rejection), document.revision)
                return
            config = self._settings.config(document.config, frozenset())
            self._results.reject(source, rejection, config, timer.seconds)
        except Superseded as reason:
            self._results.clear_superseded(source, reason)
        except Permanent as error:
            self._results.fail(source, Reason.of(error), document.revision)

    def _result(
        self,
        document: PromptsDocument,
        image: Box,
        segmentation: SegmentationResult,
        timer: StageTimer,
    ) -> ResultDocument:
        """Returns result.json. `image` is the image's bounds."""
        segmenters, drawing = segmentation.segmenters, self._settings.drawing
        return ResultDocument(
            status=segmentation.status,
            reason=segmentation.reason,
            source=document.source,
            revision=document.revision,
            config=self._settings.config(document.config, segmenters),
            mask_config=self._settings.mask_config(document.config, segmenters),
            instances=tuple(item.to_instance(image, drawing) for item in segmentation.segmented),
            review=reviewed(segmentation.segmented, document.missed),
            outputs=self._outputs,
            drawing=drawing,
            cutout_box=drawing.cutout_box(segmentation.bounds, image),
            timing=timer.seconds,
            versions=document.versions | self._versions | revisions(segmenters),
        )


def _check_source(source: Source, input_bucket: str) -> None:
    """Raises ForeignMessage for an upload that the landmarks function never publishes."""
    ref = ObjectRef.of(source)
    if ref.bucket != input_bucket:
        raise ForeignMessage(f"{ref} is not in {input_bucket}")
    if why := object_names.refusal(ref.name):
        raise ForeignMessage(f"{ref} has no prompts: {why}")


def _check_fit(document: PromptsDocument, image: Box) -> None:
    """Raises UnreadableMessage for prompts that do not fit the image."""
    if (document.source.width, document.source.height) != (image.width, image.height):
        raise UnreadableMessage(
            f"prompts for another size than the image's {image.width} x {image.height}"
        )
    if why := misfit(document.instances, image):
        raise UnreadableMessage(why)
