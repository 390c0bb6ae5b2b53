"""The landmarks function's use case: detects faces and hands in an upload, publishes prompts."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.metadata import version

from shared import VERSION
from shared.decoding.formats import check_before_download
from shared.decoding.sandbox import OpenedFile
from shared.detection.detector import Detector
from shared.gcp.events import Message, UploadEvent, parse_upload
from shared.gcp.gcs import Storage
from shared.imaging.geometry import Image, image_box
from shared.pipeline.frame_prompts import FramePrompts
from shared.pipeline.prompts_store import PromptsStore, StoredPrompts
from shared.pipeline.push_handler import record_final_failure
from shared.pipeline.result_store import ResultStore
from shared.pipeline.upload_decoder import UploadDecoder
from shared.prompting.builder import build_prompts
from shared.prompting.selection import missed
from shared.runtime import logs, tracing
from shared.runtime.stage_timer import StageTimer
from shared.runtime.trace_context import TraceContext
from shared.schemas import object_names
from shared.schemas.documents import PromptsDocument, Source
from shared.schemas.errors import ForeignMessage, ReasonCode, Rejected, Superseded
from shared.schemas.settings import LandmarksSettings

_log = logging.getLogger(__name__)


class Landmarks:
    """Detects faces and hands in uploads. One per process; safe to share between threads."""

    def __init__(self, settings: LandmarksSettings) -> None:
        self._settings = settings
        storage = Storage()
        self._results = ResultStore(storage, settings.output_bucket)
        self._decoder = UploadDecoder(storage, settings)
        self._prompts = PromptsStore(storage, settings.output_bucket, settings.prompts_topic)
        self._frames = FramePrompts(self._prompts, self._detected)
        self._detector = Detector()
        self._versions = {
            "toonmask": VERSION,
            "mediapipe": version("mediapipe"),
            "opencv": version("opencv-python-headless"),
            "pillow": version("pillow"),
        }

    def handle(self, message: Message) -> None:
        """Writes prompts.json and publishes it, or writes the result of a rejected upload.

        With FRAMES=all, each frame has a prompts.json and a message.

        Raises:
            ForeignMessage: the message announces no upload, or one to another bucket.
            UnreadableMessage: the message announces an upload, but its data is invalid.
            Exception: an error that may not occur at the next delivery.
        """
        upload = parse_upload(message)
        if upload is None:
            _log.info("ignored", extra={"event": message.attributes.get("eventType")})
            return
        source = upload.ref.source
        tracing.annotate_request(**source.log_fields)
        with logs.context(**source.log_fields):
            if source.bucket != self._settings.input_bucket:
                raise ForeignMessage(f"{upload.ref} is not in {self._settings.input_bucket}")
            max_attempts = self._settings.max_delivery_attempts
            with record_final_failure(self._results, source, message.attempt, max_attempts):
                self._landmark(upload, message.trace)

    def _landmark(self, upload: UploadEvent, trace: TraceContext) -> None:
        timer, source = StageTimer(), upload.ref.source
        try:
            with self._opened(upload, timer) as file:
                written = self._write(source, file, timer)
        except Superseded as reason:
            self._results.clear_superseded(source, reason)
        except Rejected as rejection:
            self._results.reject(source, rejection, self._settings.config, timer.seconds)
        else:
            for prompts in written:
                self._prompts.publish(prompts, timer, trace)

    @contextmanager
    def _opened(self, upload: UploadEvent, timer: StageTimer) -> Iterator[OpenedFile]:
        """Opens an upload. Its image is in memory only in the context."""
        settings = self._settings
        most_frames = settings.max_frames if settings.frames == "all" else None
        with ExitStack() as memory:
            with timer.stage("read"):
                _check_name(upload.ref.name)
                check_before_download(upload.content_type, upload.size, settings.max_bytes)
                content = self._decoder.read(upload.ref)
                file = memory.enter_context(self._decoder.opened(content, most_frames))
            yield file

    def _write(self, source: Source, file: OpenedFile, timer: StageTimer) -> list[StoredPrompts]:
        """Writes the prompts of an upload, or of its frames; returns what is to be published."""
        if file.frames > 1:
            return self._frames.write(self._document(source), file, timer)
        with timer.stage("decode"):
            image = file.decode()
        written = self._prompts.write(self._detected(source, image, timer), timer)
        return [written] if written else []

    def _detected(self, source: Source, image: Image, timer: StageTimer) -> PromptsDocument:
        """Returns prompts.json of an image."""
        settings, bounds = self._settings, image_box(image)
        with timer.stage("detect") as stage:
            found = self._detector.detect(
                image, settings.targets, settings.face_parts, settings.min_score
            )
            instances = build_prompts(found.detections, bounds, settings.prompt_options)
            stage.fields["found"] = len(instances)
        size = {"width": bounds.width, "height": bounds.height}
        return self._document(source.model_copy(update=size)).model_copy(
            update={
                "instances": instances,
                "missed": missed(found, bounds, settings.prompt_options),
            }
        )

    def _document(self, source: Source) -> PromptsDocument:
        """Returns prompts.json without instances."""
        return PromptsDocument(
            source=source, config=self._settings.config, instances=(), versions=self._versions
        )


def _check_name(name: str) -> None:
    if why := object_names.refusal(name):
        raise Rejected(
            ReasonCode.UNSUPPORTED_NAME,
            f"No file may be called {name!r}: {why}. Give it another name.",
        )
