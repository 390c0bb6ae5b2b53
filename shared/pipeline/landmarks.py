"""The landmarks function's use case: detects faces and hands in an upload, publishes prompts."""

import logging
from contextlib import ExitStack
from importlib.metadata import version

from pydantic import ValidationError

from shared import VERSION
from shared.decoding.formats import check_before_download
from shared.detection.detections import Detections
from shared.detection.detector import Detector
from shared.gcp.events import Message, UploadEvent, parse_upload
from shared.gcp.gcs import ObjectRef, ObjectToWrite, Storage, WriteOutcome
from shared.gcp.provenance import Provenance
from shared.gcp.publisher import Publisher
from shared.imaging.geometry import image_box
from shared.pipeline.push_handler import record_final_failure
from shared.pipeline.result_store import ResultStore
from shared.pipeline.upload_decoder import UploadDecoder
from shared.prompting.builder import build_prompts
from shared.prompting.selection import missed
from shared.runtime import logs, tracing
from shared.runtime.stage_timer import StageTimer
from shared.runtime.trace_context import TraceContext
from shared.schemas import object_names
from shared.schemas.box import Box
from shared.schemas.documents import PromptsDocument, Source
from shared.schemas.errors import (
    ForeignMessage,
    ReasonCode,
    Rejected,
    Superseded,
    UnreadableMessage,
)
from shared.schemas.field_errors import problems
from shared.schemas.settings import LandmarksSettings

_log = logging.getLogger(__name__)


class Landmarks:
    """Detects faces and hands in uploads. One per process; safe to share between threads."""

    def __init__(self, settings: LandmarksSettings) -> None:
        self._settings = settings
        self._storage = Storage()
        self._results = ResultStore(self._storage, settings.output_bucket)
        self._decoder = UploadDecoder(self._storage, settings.max_bytes, settings.max_pixels)
        self._publisher = Publisher()
        self._detector = Detector()
        self._versions = {
            "toonmask": VERSION,
            "mediapipe": version("mediapipe"),
            "opencv": version("opencv-python-headless"),
            "pillow": version("pillow"),
        }

    def handle(self, message: Message) -> None:
        """Writes prompts.json and publishes it, or writes the result of a rejected upload.

        Raises:
            ForeignMessage: the message announces no upload, or one to another bucket.
            UnreadableMessage: the message announces an upload, but its data is invalid.
            Exception: an error that may not occur at the next delivery.
        """
        upload = parse_upload(message)
        if upload is None:
            _log.info("ignored", extra={"event": message.attributes.get("eventType")})
            return
        tracing.annotate_request(**upload.ref.log_fields)
        with logs.context(**upload.ref.log_fields):
            if upload.ref.bucket != self._settings.input_bucket:
                raise ForeignMessage(f"{upload.ref} is not in {self._settings.input_bucket}")
            max_attempts = self._settings.max_delivery_attempts
            with record_final_failure(self._results, upload.ref, message.attempt, max_attempts):
                self._landmark(upload, message.trace)

    def _landmark(self, upload: UploadEvent, trace: TraceContext) -> None:
        timer = StageTimer()
        try:
            document = self._prompts(upload, timer)
        except Superseded as reason:
            self._results.clear_superseded(upload.ref, reason)
        except Rejected as rejection:
            self._results.reject(upload.ref, rejection, self._settings.config, timer.seconds)
        else:
            self._write(document, timer, trace)

    def _prompts(self, upload: UploadEvent, timer: StageTimer) -> PromptsDocument:
        """Returns the prompts of an upload. The image is in memory only during the call."""
        with ExitStack() as memory:
            with timer.stage("read"):
                _check_name(upload.ref.name)
                check_before_download(upload.content_type, upload.size, self._settings.max_bytes)
                image = memory.enter_context(self._decoder.decoded(upload.ref))
            with timer.stage("detect") as stage:
                settings = self._settings
                detected = self._detector.detect(
                    image, settings.targets, settings.face_parts, settings.min_score
                )
                document = self._document(upload.ref, image_box(image), detected)
                stage.fields["found"] = len(document.instances)
        return document

    def _document(self, ref: ObjectRef, image: Box, detected: Detections) -> PromptsDocument:
        """Returns prompts.json. `image` is the image's bounds."""
        options = self._settings.prompt_options
        return PromptsDocument(
            source=Source(
                bucket=ref.bucket,
                name=ref.name,
                generation=ref.generation,
                width=image.width,
                height=image.height,
            ),
            config=self._settings.config,
            instances=build_prompts(detected.detections, image, options),
            missed=missed(detected, image, options),
            versions=self._versions,
        )

    def _write(self, document: PromptsDocument, timer: StageTimer, trace: TraceContext) -> None:
        """Writes prompts.json and publishes its content."""
        name = object_names.folder(document.source.name) + object_names.PROMPTS
        with timer.stage("write") as stage:
            outcome = self._storage.write(
                self._settings.output_bucket,
                ObjectToWrite.document(name, document),
                Provenance(document.source.generation, self._settings.config),
            )
            stage.fields["outcome"] = outcome.value
        if outcome is WriteOutcome.OUTRANKED:
            self._publish_correction(document.source, name, timer, trace)
            return
        # Publish even if the same document existed: the worker that wrote it may have been killed
        # before it published.
        self._publish(document, timer, trace, repeated=outcome is WriteOutcome.SAME)

    def _publish_correction(
        self, source: Source, name: str, timer: StageTimer, trace: TraceContext
    ) -> None:
        """Publishes the stored prompts if a person corrected those of the same upload.

        So a backfill segments a correction again, and no event undoes one. Prompts of a newer
        upload are published by its own event.

        Raises:
            UnreadableMessage: another version wrote the stored prompts.
        """
        stored = self._storage.read_document(self._settings.output_bucket, name)
        if stored is None or stored[1].generation != source.generation:
            return
        try:
            correction = PromptsDocument.model_validate_json(stored[0])
        except ValidationError as error:
            raise UnreadableMessage(
                f"gs://{self._settings.output_bucket}/{name} is not understood: {problems(error)}"
            ) from error
        self._publish(correction, timer, trace, repeated=True)

    def _publish(
        self, document: PromptsDocument, timer: StageTimer, trace: TraceContext, *, repeated: bool
    ) -> None:
        with timer.stage("publish") as stage:
            stage.fields["revision"] = document.revision
            self._publisher.publish_prompts(
                self._settings.prompts_topic, document, trace, repeated=repeated
            )


def _check_name(name: str) -> None:
    if why := object_names.refusal(name):
        raise Rejected(
            ReasonCode.UNSUPPORTED_NAME,
            f"No file may be called {name!r}: {why}. Give it another name.",
        )
