"""The landmarks function's use case: an upload comes in, prompts go out."""

import logging
from importlib.metadata import version

from cloudevents.http import CloudEvent

from shared import VERSION, images, layout
from shared.detection import Detector
from shared.documents import PromptsDocument, Reason, ResultDocument, Source, Status
from shared.errors import BadMessage, Rejected, Superseded
from shared.geometry import Box, Image
from shared.messages import Upload, parse_upload
from shared.prompts import build_prompts
from shared.publishing import Publisher
from shared.results import document_item, write_results
from shared.settings import LandmarksSettings
from shared.stopwatch import Stopwatch
from shared.storage import Outcome, Stamp, Storage

_log = logging.getLogger(__name__)


class Landmarking:
    """Finds faces and hands in uploads. One per process; safe to share between threads."""

    def __init__(self, settings: LandmarksSettings) -> None:
        self._settings = settings
        self._storage = Storage()
        self._publisher = Publisher()
        self._detector = Detector(settings.targets, settings.max_instances, settings.min_score)
        self._versions = {
            "toonmask": VERSION,
            "mediapipe": version("mediapipe"),
            "opencv": version("opencv-python-headless"),
            "pillow": version("pillow"),
        }

    def handle(self, event: CloudEvent) -> None:
        """Writes prompts.json and publishes it, or writes the result of a rejected upload.

        Raises:
            BadMessage: the event is no upload to our input bucket.
            Exception: whatever may be gone at the next delivery.
        """
        upload = parse_upload(event)
        if upload is None:
            _log.info("ignored an event of another kind", extra={"event": event["id"]})
            return
        if upload.ref.bucket != self._settings.input_bucket:
            raise BadMessage(f"{upload.ref} is not in {self._settings.input_bucket}")
        watch = Stopwatch()
        try:
            image = self._read(upload)
        except Superseded as reason:
            _log.info("nothing to do: %s", reason)
        except Rejected as rejection:
            watch.lap("read")
            self._reject(upload, rejection, watch)
        else:
            self._prompt(upload, image)

    def _read(self, upload: Upload) -> Image:
        limits = self._settings
        images.check_before_download(upload.content_type, upload.size, limits.max_bytes)
        data = self._storage.read(upload.ref, limits.max_bytes)
        return images.decode(data, limits.max_pixels)

    def _prompt(self, upload: Upload, image: Image) -> None:
        whole = Box.of_image(image)
        detections = self._detector.detect(image)
        document = PromptsDocument(
            source=Source(
                bucket=upload.ref.bucket,
                name=upload.ref.name,
                generation=upload.ref.generation,
                width=whole.width,
                height=whole.height,
            ),
            config=self._settings.config,
            instances=build_prompts(detections, whole, self._settings.prompt_options),
            versions=self._versions,
        )
        name = layout.folder(upload.ref.name) + layout.PROMPTS
        outcome = self._storage.write(
            self._settings.output_bucket, document_item(name, document), self._stamp(upload)
        )
        if outcome is Outcome.NEWER_EXISTS:
            _log.info("nothing to do: %s has a newer generation", upload.ref)
            return
        # Also where the same document was there already: the worker that wrote it may have died
        # before it published.
        self._publisher.publish_prompts(self._settings.prompts_topic, document)
        _log.info("prompted", extra={"upload": str(upload.ref), "found": len(document.instances)})

    def _reject(self, upload: Upload, rejection: Rejected, watch: Stopwatch) -> None:
        document = ResultDocument(
            status=Status.REJECTED,
            reason=Reason.of(rejection),
            source=Source(
                bucket=upload.ref.bucket, name=upload.ref.name, generation=upload.ref.generation
            ),
            config=self._settings.config,
            outputs=None,
            timing=watch.laps,
            versions=self._versions,
        )
        write_results(
            self._storage,
            self._settings.output_bucket,
            document,
            pictures=(),
            owned=layout.PROMPTS_AND_PICTURES,
        )
        told = {"upload": str(upload.ref), "state": document.status.value, "reason": str(rejection)}
        _log.info("finished", extra=told)

    def _stamp(self, upload: Upload) -> Stamp:
        return Stamp(upload.ref.generation, self._settings.config)
