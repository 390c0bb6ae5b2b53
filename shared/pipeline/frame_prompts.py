"""Detects faces and hands in each frame of an upload, and writes their prompts."""

from collections.abc import Callable, Mapping

from shared.decoding.sandbox import OpenedFile
from shared.gcp.provenance import Provenance
from shared.imaging.geometry import Image
from shared.imaging.png import encode_array
from shared.pipeline.prompts_store import PromptsStore, StoredPrompts
from shared.runtime import logs
from shared.runtime.deadline import Deadline
from shared.runtime.stage_timer import StageTimer
from shared.schemas.documents import PromptsDocument, Source
from shared.schemas.errors import Rejected, Transient
from shared.schemas.frames import Frame

_SECONDS = 240.0
"""Time for the frames of one delivery, in seconds. The next delivery continues. Chosen by hand: the
rest of the 300 seconds of the function (terraform/variables.tf) is for the last frame and for
publishing."""

Detect = Callable[[Source, Image, StageTimer], PromptsDocument]


class FramePrompts:
    """Writes the prompts of uploads with frames. Safe to share between threads."""

    def __init__(self, store: PromptsStore, detect: Detect) -> None:
        self._store = store
        self._detect = detect

    def write(
        self, upload: PromptsDocument, file: OpenedFile, timer: StageTimer
    ) -> list[StoredPrompts]:
        """Writes pixels and prompts of each frame; returns what is to be published.

        Nothing is published before all frames are decoded, so a broken one costs no segmentation.
        Prompts that an earlier delivery or a person wrote stay. Nothing is returned if there is a
        newer upload.

        Raises:
            Rejected: a frame is broken, or exceeds a limit.
            Transient: there was not enough time; the next delivery continues.
        """
        source = upload.source
        upload = upload.model_copy(update={"frames": file.frames})
        if not self._store.begin_frames(upload, timer):
            stored = self._store.stored(source)  # the correction of the upload without frames
            return [stored] if stored else []
        existing = self._store.frames(source)
        deadline = Deadline.after(_SECONDS)
        written = []
        for number in range(1, file.frames + 1):
            frame = Frame(number=number, count=file.frames)
            with logs.context(frame=str(number)):
                prompts = self._existing(upload, frame, existing)
                if prompts is None:
                    if not deadline.left:
                        raise Transient(f"{frame} is not done after {_SECONDS:.0f} s.")
                    prompts = self._write_frame(upload, frame, file, timer)
            if prompts is None:  # there is a newer upload
                return []
            written.append(prompts)
        return written

    def _existing(
        self, upload: PromptsDocument, frame: Frame, existing: Mapping[int, Provenance]
    ) -> StoredPrompts | None:
        """Returns the stored prompts of a frame, if they are as new ones would be, or corrected."""
        generation = upload.source.generation
        found = existing.get(frame.number)
        if found is None or found.generation != generation:
            return None
        if not found.revision and found.config != upload.config:
            return None
        return self._store.stored(upload.source.model_copy(update={"frame": frame}))

    def _write_frame(
        self, upload: PromptsDocument, frame: Frame, file: OpenedFile, timer: StageTimer
    ) -> StoredPrompts | None:
        source = upload.source.model_copy(update={"frame": frame})
        try:
            with timer.stage("decode"):
                file.seek(frame.number)
                image = file.decode()
        except Rejected as rejection:
            raise Rejected(rejection.code, f"{frame}: {rejection}") from rejection
        document = self._detect(source, image, timer)
        self._store.write_original(source, encode_array(image), upload.config)
        return self._store.write(document, timer)
