"""The results of an upload with frames: their summary, and the deletion of outdated frames.

Each frame has a folder with prompts and results of its own. prompts.json of the upload says how
many frames there are. Landmarks writes it before any frame, so whoever finds one that is newer, or
without frames, knows that these frames are outdated.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from google.cloud import storage as gcs
from pydantic import ValidationError

from shared import VERSION
from shared.gcp.gcs import (
    FRAMES_KEY,
    REVIEW_KEY,
    STATUS_KEY,
    ObjectToWrite,
    Storage,
    Stored,
)
from shared.gcp.provenance import Provenance
from shared.pipeline.result_objects import result_object
from shared.schemas import object_names
from shared.schemas.documents import (
    MOST_REVISION,
    FrameResult,
    Reason,
    ResultDocument,
    Source,
    Status,
    digest,
)

_log = logging.getLogger(__name__)

_WORST_FIRST = (
    Status.FAILED, Status.REJECTED, Status.DEGRADED, Status.SEGMENTED, Status.EMPTY
)  # fmt: skip
_STATUSES = frozenset(status.value for status in Status)
_WITH_REASON = frozenset({Status.FAILED, Status.REJECTED, Status.DEGRADED})


@dataclass(frozen=True, slots=True)
class _Layout:
    """What prompts.json and result.json of an upload say about its generation and its frames.

    Generations are 0, and `frames` is None, if there are none.
    """

    prompts: int
    frames: int | None
    result: int

    def has_frames(self, source: Source) -> bool:
        """Whether the results of the upload are those of its frames."""
        return self.prompts == source.generation and self.frames is not None

    def is_current(self, source: Source) -> bool:
        """Whether this frame belongs to the results of the upload."""
        count = source.frame and source.frame.count
        return self.has_frames(source) and self.frames == count and self.result <= source.generation

    def outdates(self, source: Source) -> bool:
        """Whether the frames of the upload can be deleted.

        The number of frames in a forged message is no reason.
        """
        if self.has_frames(source):
            return self.result > source.generation
        return max(self.prompts, self.result) >= source.generation


class UploadFrames:
    """The frames in the output bucket. Safe to share between threads."""

    def __init__(self, storage: Storage, bucket: str) -> None:
        self._storage = storage
        self._bucket = bucket

    def has_frames(self, source: Source) -> bool:
        """Whether the current results of this upload are those of its frames."""
        return self._layout(source, result=0).has_frames(source)

    def keeps_summary(self, source: Source, existing: Provenance) -> bool:
        """Whether an existing result.json is the summary of this upload, and so stays."""
        is_equal = existing.generation == source.generation and source.frame is None
        return is_equal and self.has_frames(source)

    def settle(self, source: Source) -> None:
        """Writes the upload's summary if all its frames have results; deletes outdated frames.

        It is called after each change of a frame's result. Each summary is made of a listing that
        is newer than the summary that it replaces, so the last one shows the last results.

        Raises:
            Transient: other writers were in the way.
        """
        layout = _Layout(0, None, 0)
        summary: ResultDocument | None = None

        def summarised(stored: Stored | None) -> tuple[ObjectToWrite, Provenance] | None:
            nonlocal layout, summary
            layout = self._layout(source, stored[1].generation if stored else 0)
            summary = self._summary(source) if layout.is_current(source) else None
            return _replacement(summary, stored) if summary else None

        name = object_names.folder(source.name) + object_names.RESULT
        if self._storage.update(self._bucket, name, summarised):
            _log.info("all frames are finished")
        if summary:
            self._delete_others(source)
        elif layout.outdates(source):
            self.delete(source, lambda found: found.generation <= source.generation)

    def clear_older(self, source: Source) -> None:
        """Deletes the frames of older uploads of the name."""
        if source.frame is None:
            self.delete(source, lambda found: found.generation < source.generation)

    def clear_superseded(self, source: Source) -> None:
        """Deletes the frames of an upload if a newer one has prompts or a result."""
        name = object_names.folder(source.name) + object_names.RESULT
        result = self._storage.provenance(self._bucket, name)
        layout = self._layout(source, result.generation if result else 0)
        if max(layout.prompts, layout.result) > source.generation:
            self.delete(source, lambda found: found.generation <= source.generation)

    def documents(self, source: Source, document: str) -> Mapping[int, gcs.Blob]:
        """Returns the objects of this name, PROMPTS or RESULT, by the number of the frame.

        They may be those of another generation of the upload.
        """
        folder = object_names.folder(source.name)
        blobs = self._storage.listed(
            self._bucket, folder + object_names.FRAME_START, glob=f"**/{document}"
        )
        numbered = {
            object_names.of_frame(blob.name.removesuffix(document)): blob
            for blob in blobs
            if object_names.is_frame_object(blob.name.removeprefix(folder))
        }
        return {number: blob for number, blob in numbered.items() if number}

    def delete(self, source: Source, is_outdated: Callable[[Provenance], bool]) -> None:
        """Deletes the outdated objects of an upload's frames."""
        start = object_names.FRAME_START

        def stale(name: str, found: Provenance) -> bool:
            return object_names.is_frame_object(start + name) and is_outdated(found)

        self._storage.delete_stale(self._bucket, object_names.folder(source.name) + start, stale)

    def _layout(self, source: Source, result: int) -> _Layout:
        """Reads prompts.json of the upload. `result` is the generation of its result.json."""
        name = object_names.folder(source.name) + object_names.PROMPTS
        blob = self._storage.find(self._bucket, name)
        if blob is None:
            return _Layout(0, None, result)
        frames = (blob.metadata or {}).get(FRAMES_KEY, "")
        count = int(frames) if frames.isdecimal() else None
        return _Layout(Provenance.of(blob).generation, count, result)

    def _summary(self, source: Source) -> ResultDocument | None:
        """Returns the upload's result.json; None if a frame has no result yet."""
        found = self._finished(source)
        if source.frame is None or len(found) < source.frame.count:
            return None
        frames = tuple(_frame_result(number, found[number]) for number in sorted(found))
        worst = min(frames, key=lambda frame: _WORST_FIRST.index(frame.status))
        configs = [Provenance.of(found[number]).config for number in sorted(found)]
        return ResultDocument(
            status=worst.status,
            reason=self._reason(source, worst),
            source=source.model_copy(update={"frame": None, "width": None, "height": None}),
            revision=min(sum(frame.revision for frame in frames), MOST_REVISION),
            config=digest(frames=configs),
            frames=frames,
            outputs=None,
            timing={},
            versions={"toonmask": VERSION},
        )

    def _finished(self, source: Source) -> Mapping[int, gcs.Blob]:
        """Returns the result.json of each frame of this upload that has one, by its number."""
        return {
            number: blob
            for number, blob in self.documents(source, object_names.RESULT).items()
            if (blob.metadata or {}).get(STATUS_KEY) in _STATUSES
            and Provenance.of(blob).generation == source.generation
        }

    def _reason(self, source: Source, worst: FrameResult) -> Reason | None:
        """Returns why the worst frame is not `segmented`, with its number."""
        if worst.status not in _WITH_REASON or source.frame is None:
            return None
        frame = source.frame.model_copy(update={"number": worst.number})
        name = source.model_copy(update={"frame": frame}).folder + object_names.RESULT
        stored = self._storage.read_document(self._bucket, name)
        try:
            document = stored and ResultDocument.model_validate_json(stored[0])
        except ValidationError:  # another version wrote it
            return None
        if not document or not document.reason:
            return None
        message = f"{frame}: {document.reason.message}"
        return Reason(code=document.reason.code, message=message)

    def _delete_others(self, source: Source) -> None:
        """Deletes the pictures of the upload without frames, and all frames of older uploads."""

        def stale(name: str, found: Provenance) -> bool:
            if object_names.is_frame_object(name):
                return found.generation < source.generation
            return object_names.is_picture(name) and found.generation <= source.generation

        self._storage.delete_stale(self._bucket, object_names.folder(source.name), stale)


def _frame_result(number: int, blob: gcs.Blob) -> FrameResult:
    return FrameResult(
        number=number,
        status=Status(blob.metadata[STATUS_KEY]),
        revision=Provenance.of(blob).revision,
        review=int(blob.metadata.get(REVIEW_KEY, "0")),
    )


def _replacement(
    summary: ResultDocument, stored: Stored | None
) -> tuple[ObjectToWrite, Provenance] | None:
    """Returns what is to be written; None if the stored summary is the same."""
    provenance = Provenance(
        summary.source.generation, summary.config, summary.content_digest, summary.revision
    )
    if stored and stored[1] == provenance:
        return None
    return result_object(summary), provenance
