"""The segmentation function's use case: prompts come in, masks and pictures go out."""

import logging
from importlib.metadata import version

from shared import VERSION, images, layout, logs
from shared.deliveries import last_words
from shared.documents import Outputs, PromptsDocument, Reason, ResultDocument
from shared.drawing import pictures
from shared.errors import BadMessage, Permanent, Rejected, Superseded
from shared.geometry import Box
from shared.masking import Masking
from shared.memory_budget import MEMORY_SECONDS, MemoryBudget
from shared.messages import REPEATED, Message, parse_prompts
from shared.results import Results
from shared.segmenters import Segmenter
from shared.settings import SegmentationSettings
from shared.stopwatch import Stopwatch
from shared.storage import Item, ObjectRef, Storage

_log = logging.getLogger(__name__)


class Segmentation:
    """Turns prompts into pictures. One per process; safe to share between threads."""

    def __init__(
        self,
        settings: SegmentationSettings,
        primary: Segmenter,
        fallback: Segmenter | None,
    ) -> None:
        self._settings = settings
        self._masking = Masking(primary, fallback, settings.sam2_deadline)
        self._storage = Storage()
        self._results = Results(self._storage, settings.output_bucket)
        self._memory = MemoryBudget(settings.max_pixels)
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
                with self._memory.acquired(source.pixels, MEMORY_SECONDS):
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
            self._results.clear_superseded(ref, reason)
            return
        watch.lap("read")
        whole = Box.of_image(image)
        _check_fit(document, whole)
        try:
            verdict = self._masking.masks_of(image, document.instances)
        except Permanent as error:
            self._results.fail(ref, Reason.of(error))
            return
        watch.lap("segment")
        outputs = Outputs(preview=layout.PREVIEWS[self._settings.preview])
        result = ResultDocument(
            status=verdict.status,
            reason=verdict.reason,
            source=document.source,
            config=config,
            instances=tuple(one.described(whole) for one in verdict.segmented),
            outputs=outputs,
            timing=watch.laps,
            versions=document.versions | self._versions,
        )
        folder = layout.folder(ref.name)
        items = [
            Item(folder + picture.name, layout.content_type(picture.name), picture.encoded)
            for picture in pictures(image, verdict.segmented, outputs)
        ]
        self._results.write(result, items)


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
