"""Writes the prompts of uploads and of their frames, and publishes them."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from shared.gcp.gcs import FRAMES_KEY, ObjectToWrite, Storage, WriteOutcome
from shared.gcp.provenance import Provenance
from shared.gcp.publisher import Publisher
from shared.pipeline.upload_frames import UploadFrames
from shared.runtime.stage_timer import StageTimer
from shared.runtime.trace_context import TraceContext
from shared.schemas import object_names
from shared.schemas.documents import PromptsDocument, Source, digest
from shared.schemas.errors import UnreadableMessage
from shared.schemas.field_errors import problems


@dataclass(frozen=True, slots=True)
class StoredPrompts:
    """Prompts to publish. `repeated`: they may have been published before."""

    document: PromptsDocument
    repeated: bool


class PromptsStore:
    """The prompts in the output bucket, and the topic. Safe to share between threads."""

    def __init__(self, storage: Storage, bucket: str, topic: str) -> None:
        self._storage = storage
        self._bucket = bucket
        self._topic = topic
        self._publisher = Publisher()
        self._frames = UploadFrames(storage, bucket)

    def write(self, document: PromptsDocument, timer: StageTimer) -> StoredPrompts | None:
        """Writes prompts.json; returns what is to be published.

        These are the stored prompts if a person corrected those of the same upload. So a backfill
        segments a correction again, and no event undoes one. It is None if there are prompts of a
        newer upload: its own event publishes them.

        Raises:
            UnreadableMessage: another version wrote the stored prompts.
        """
        source = document.source
        provenance = Provenance(source.generation, document.config)
        outcome = self._write(document, provenance, {}, timer)
        if outcome is WriteOutcome.OUTRANKED:
            return self.stored(source)
        if outcome is not WriteOutcome.CREATED:
            # Segmentation lists nothing where no result was before, and finds no unfinished frames.
            self._frames.clear_older(source)
        # Publish even if the same document existed: the worker that wrote it may have been killed
        # before it published.
        return StoredPrompts(document, repeated=outcome is WriteOutcome.SAME)

    def begin_frames(self, document: PromptsDocument, timer: StageTimer) -> bool:
        """Writes prompts.json of an upload with frames, before the first frame.

        Returns False if there are prompts of a newer upload, or if a person has corrected those of
        the upload without frames.
        """
        source = document.source
        # Settings may be those of an upload without frames, whose prompts.json is another one.
        config = digest(prompts=document.config, frames=document.frames)
        metadata = {FRAMES_KEY: str(document.frames)}
        outcome = self._write(document, Provenance(source.generation, config), metadata, timer)
        return outcome is not WriteOutcome.OUTRANKED

    def write_original(self, source: Source, content: bytes, config: str) -> None:
        """Writes the pixels of a frame, from which its results are made."""
        item = ObjectToWrite(source.folder + object_names.ORIGINAL, "image/png", content)
        self._storage.write(self._bucket, item, Provenance(source.generation, config))

    def frames(self, source: Source) -> Mapping[int, Provenance]:
        """Returns the provenance of the prompts of each frame that has some, by its number."""
        found = self._frames.documents(source, object_names.PROMPTS)
        return {number: Provenance.of(blob) for number, blob in found.items()}

    def stored(self, source: Source) -> StoredPrompts | None:
        """Returns the stored prompts of exactly this upload or frame.

        Raises:
            UnreadableMessage: another version wrote them.
        """
        name = source.folder + object_names.PROMPTS
        stored = self._storage.read_document(self._bucket, name)
        if stored is None or stored[1].generation != source.generation:
            return None
        try:
            document = PromptsDocument.model_validate_json(stored[0])
        except ValidationError as error:
            raise UnreadableMessage(
                f"gs://{self._bucket}/{name} is not understood: {problems(error)}"
            ) from error
        return StoredPrompts(document, repeated=True)

    def publish(self, prompts: StoredPrompts, timer: StageTimer, trace: TraceContext) -> None:
        """Publishes prompts for the segmentation function."""
        with timer.stage("publish") as stage:
            stage.fields["revision"] = prompts.document.revision
            self._publisher.publish_prompts(
                self._topic, prompts.document, trace, repeated=prompts.repeated
            )

    def _write(
        self,
        document: PromptsDocument,
        provenance: Provenance,
        metadata: Mapping[str, str],
        timer: StageTimer,
    ) -> WriteOutcome:
        name = document.source.folder + object_names.PROMPTS
        with timer.stage("write") as stage:
            item = ObjectToWrite.document(name, document, metadata)
            outcome = self._storage.write(self._bucket, item, provenance)
            stage.fields["outcome"] = outcome.value
        return outcome
