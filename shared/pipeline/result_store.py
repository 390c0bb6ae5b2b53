"""Writes an upload's results. The newest upload wins, and no older image file remains.

Of one upload, the newest correction of its prompts wins. The frames of an upload are written like
uploads, each in its own folder; `upload_frames` writes their summary.

docs/architecture.md explains why this is safe; tests/interleavings tests it.
"""

import logging
from collections.abc import Callable, Iterable
from functools import partial
from importlib.metadata import version
from itertools import islice

from pydantic import ValidationError

from shared import VERSION
from shared.gcp.gcs import ObjectRef, ObjectToWrite, Storage, Stored, WriteOutcome
from shared.gcp.provenance import Provenance
from shared.pipeline.failed_corrections import result_before, with_note
from shared.pipeline.outdated_objects import OutdatedObjects
from shared.pipeline.result_objects import image_object, result_object
from shared.pipeline.upload_frames import UploadFrames
from shared.runtime import tracing
from shared.runtime.stage_timer import Stage, StageTimer
from shared.schemas import object_names
from shared.schemas.documents import (
    NO_SETTINGS,
    Digest,
    Reason,
    ResultDocument,
    Source,
    Status,
)
from shared.schemas.errors import Rejected, Superseded, Transient
from shared.schemas.image_file import ImageFile

_log = logging.getLogger(__name__)

_STAGE = "write result"

_MOST_WRITES = 3
"""Limit for the writes of a result. Chosen by hand: each needs another worker in the way."""


class ResultStore:
    """The results in the output bucket. Safe to share between threads."""

    def __init__(self, storage: Storage, bucket: str) -> None:
        self._storage = storage
        self._bucket = bucket
        self._frames = UploadFrames(storage, bucket)
        self._outdated = OutdatedObjects(storage, bucket, self._frames)

    def write(
        self, document: ResultDocument, draw: Callable[[], Iterable[ImageFile]]
    ) -> WriteOutcome:
        """Writes the image files, then result.json, and deletes what they replace.

        `draw` returns the files, and may draw them lazily: one is taken when it can be written. It
        is called again if another worker replaced some of them: that one may have acknowledged the
        message, so that there is no redelivery. The first image file is written before the others.
        Every upload with image files has it. If it did not exist, no older upload left files, so
        the common path lists nothing. If a newer upload has written, the files of this one are
        deleted. If another worker has finished the same upload with the same settings, its result
        stays, even if its masks differ.

        Raises:
            Transient: other workers wrote other masks of the same upload at the same time, and
                replaced some of these files `_MOST_WRITES` times.
        """
        provenance = Provenance(
            document.source.generation, document.config, document.content_digest, document.revision
        )
        with StageTimer().stage(_STAGE) as stage:
            writes = (self._write_all(document, draw(), provenance) for _ in range(_MOST_WRITES))
            outcome = next(filter(None, writes), None)
            if outcome is None:
                raise Transient("Another worker replaced some of the pictures meanwhile.")
            _end(stage, document, outcome)
        self.settle(document.source)
        return outcome

    def settle(self, source: Source) -> None:
        """Updates the summary of a frame's upload, after a change of the frame's result.

        Raises:
            Transient: other writers were in the way.
        """
        if source.frame:
            self._frames.settle(source)

    def _write_all(
        self, document: ResultDocument, files: Iterable[ImageFile], provenance: Provenance
    ) -> WriteOutcome | None:
        """Writes once; returns None if another worker has replaced some of the files."""
        source = document.source
        items = (image_object(source.folder, file) for file in files)
        outcomes = {
            self._storage.write(self._bucket, item, provenance, self._keeps(document))
            for item in islice(items, 1)
        }
        has_files = bool(outcomes)
        if WriteOutcome.KEPT in outcomes:
            return WriteOutcome.KEPT
        if WriteOutcome.OUTRANKED not in outcomes:
            outcomes |= self._storage.write_all(self._bucket, items, provenance)
        if WriteOutcome.OUTRANKED not in outcomes:
            keep = partial(self._frames.keeps_summary, source) if has_files else None
            outcomes.add(last := self._write_document(document, provenance, keep))
            is_new = has_files and outcomes == {WriteOutcome.CREATED}
            if is_new and self._has_first_file(document, provenance):
                return last
        for outcome in (WriteOutcome.OUTRANKED, WriteOutcome.KEPT):
            if outcome in outcomes:
                self._outdated.delete(source, lambda found: found.edition <= provenance.edition)
                return outcome
        self._outdated.delete_others(document, provenance)
        # After a lost response, a write that has replaced an object is repeated and says SAME. So
        # outcomes do not tell whether another worker was in the way.
        return last if self.is_complete(document, provenance) else None

    def reject(
        self, source: Source, rejection: Rejected, config: Digest, timing: dict[str, float]
    ) -> None:
        """Writes a `rejected` result with the reason, if the upload still exists."""
        if not self._upload_exists(source):
            return
        document = ResultDocument(
            status=Status.REJECTED,
            reason=Reason.of(rejection),
            source=source,
            config=config,
            outputs=None,
            timing=timing,
            versions={"toonmask": VERSION, "pillow": version("pillow")},
        )
        self.write(document, tuple)

    def fail(self, source: Source, reason: Reason, revision: int = 0) -> None:
        """Writes a `failed` result, unless a result exists or the upload does not.

        If a correction of the prompts (`revision`) fails, the result before it stays, with a reason
        to review it. Image files of the same upload, left by a killed worker, stay. Another worker
        may be completing them.
        """
        if not self._upload_exists(source):
            return
        document = ResultDocument(
            status=Status.FAILED,
            reason=reason,
            source=source,
            revision=revision,
            config=NO_SETTINGS,
            outputs=None,
            timing={},
            versions={"toonmask": VERSION},
        )
        with StageTimer().stage(_STAGE) as stage:
            outcome = self._write_document(
                document, Provenance(source.generation, NO_SETTINGS, revision=revision)
            )
            if outcome is not WriteOutcome.OUTRANKED:
                self._outdated.delete(source, lambda found: found.generation < source.generation)
                self._frames.clear_older(source)
            elif revision:
                outcome = self._note_failure(document)
            _end(stage, document, outcome)
        self.settle(source)

    def clear_superseded(self, source: Source, reason: Superseded) -> None:
        """Deletes the files of an upload if a newer upload has a result; its frames, if prompts.

        If that result does not exist yet, its worker deletes these files later. If this upload was
        deleted and there is no newer one, its results stay.
        """
        _log.info("superseded", extra={"state": "superseded", "why": str(reason)})
        tracing.annotate_request(state="superseded")
        existing = self._storage.provenance(self._bucket, source.folder + object_names.RESULT)
        if existing and existing.generation > source.generation:
            self._outdated.delete(source, lambda found: found.generation <= source.generation)
        self._frames.clear_superseded(source)

    def is_finished(
        self, source: Source, revision: int, is_current: Callable[[ResultDocument], bool]
    ) -> bool:
        """Whether the result of this revision exists, is current, and has all its image files.

        A result that cannot be parsed is not current: another version wrote it.
        """
        found = self.stored(source, revision)
        return found is not None and is_current(found[0]) and self.is_complete(*found)

    def stored(self, source: Source, revision: int) -> tuple[ResultDocument, Provenance] | None:
        """Returns the result of exactly this generation and revision, with its provenance.

        It may be outdated: other settings may give another one. It is None if there is none, or it
        cannot be parsed.
        """
        found = self._storage.read_document(self._bucket, source.folder + object_names.RESULT)
        if found is None:
            return None
        content, provenance = found
        if provenance.edition != (source.generation, revision):
            return None
        try:
            return ResultDocument.model_validate_json(content), provenance
        except ValidationError:
            return None

    def _has_first_file(self, document: ResultDocument, provenance: Provenance) -> bool:
        """Whether no other worker has replaced the first image file, with which each begins."""
        name = document.source.folder + document.pictures[0]
        return self._storage.provenance(self._bucket, name) == provenance

    def _keeps(self, document: ResultDocument) -> Callable[[Provenance], bool]:
        """Returns whether an existing image file belongs to a finished result of equal standing."""
        source, revision = document.source, document.revision

        def is_as_good(result: ResultDocument) -> bool:
            # another attempt may need the fallback for fewer instances
            return result.config == document.config and result.status is not Status.DEGRADED

        def keep(existing: Provenance) -> bool:
            edition, config = (source.generation, revision), document.config
            is_equal = (existing.edition, existing.config) == (edition, config)
            return is_equal and self.is_finished(source, revision, is_as_good)

        return keep

    def _upload_exists(self, source: Source) -> bool:
        """Whether exactly this generation exists; clears the files of one that does not.

        A forged message may name a future generation, whose result would outrank those of all later
        uploads. Results with image files need no check, because their upload has been read.
        """
        ref = ObjectRef.of(source)
        exists = self._storage.exists(ref)
        if not exists:
            self.clear_superseded(source, Superseded(f"{ref} is gone"))
        return exists

    def _write_document(
        self,
        document: ResultDocument,
        provenance: Provenance,
        keep: Callable[[Provenance], bool] | None = None,
    ) -> WriteOutcome:
        return self._storage.write(self._bucket, result_object(document), provenance, keep)

    def _note_failure(self, failed: ResultDocument) -> WriteOutcome:
        """Adds the failure of a correction to the reasons to review the result before it.

        The provenance of that result stays, so its files still belong to it, and any newer result
        replaces it as before. The outcome is OUTRANKED if there is no such result.
        """
        outcome = WriteOutcome.OUTRANKED

        def noted(stored: Stored | None) -> tuple[ObjectToWrite, Provenance] | None:
            nonlocal outcome
            outcome = WriteOutcome.OUTRANKED
            result = result_before(failed, stored)
            if stored is None or result is None:
                return None
            outcome = WriteOutcome.SAME
            changed = with_note(result, failed)
            if changed is None:
                return None
            outcome = WriteOutcome.REPLACED
            return result_object(changed), stored[1]

        name = failed.source.folder + object_names.RESULT
        self._storage.update(self._bucket, name, noted)
        return outcome

    def is_complete(self, document: ResultDocument, provenance: Provenance) -> bool:
        """Whether the folder has this result, all its image files, and none of another result."""
        existing = self._storage.provenances(self._bucket, document.source.folder)
        pictures = {
            name: found for name, found in existing.items() if object_names.is_picture(name)
        }
        expected = dict.fromkeys(document.pictures, provenance)
        return existing.get(object_names.RESULT) == provenance and pictures == expected


def _end(stage: Stage, document: ResultDocument, outcome: WriteOutcome) -> None:
    """Logs one line per finished upload. The metrics count the lines by `state`."""
    state = document.status.value
    stage.message = "finished"
    if outcome is WriteOutcome.OUTRANKED:
        stage.message = state = "superseded"
    elif outcome is WriteOutcome.KEPT:
        stage.message, state = "finished before", "repeated"
    elif document.reason:
        stage.fields["reason"] = document.reason.message
        tracing.annotate_request(reason=document.reason.code.value)
        if document.status is Status.FAILED:
            tracing.fail_request(document.reason.code.value, document.reason.message)
    stage.fields |= {"state": state, "outcome": outcome.value}
    tracing.annotate_request(state=state)
