"""Writes an upload's results. The newest upload wins, and no older image file remains.

Of one upload, the newest correction of its prompts wins.

docs/architecture.md explains why this is safe; tests/interleavings tests it.
"""

import logging
from collections.abc import Callable, Iterable
from importlib.metadata import version
from itertools import islice

from pydantic import ValidationError

from shared import VERSION
from shared.gcp.gcs import (
    REVIEW_KEY,
    STATUS_KEY,
    ObjectRef,
    ObjectToWrite,
    Storage,
    Stored,
    WriteOutcome,
)
from shared.gcp.provenance import Provenance
from shared.pipeline.failed_corrections import result_before, with_note
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


def _image_object(folder: str, file: ImageFile) -> ObjectToWrite:
    return ObjectToWrite(folder + file.name, object_names.content_type(file.name), file.data)


class ResultStore:
    """The results in the output bucket. Safe to share between threads."""

    def __init__(self, storage: Storage, bucket: str) -> None:
        self._storage = storage
        self._bucket = bucket

    def write(self, document: ResultDocument, files: Iterable[ImageFile]) -> WriteOutcome:
        """Writes the image files, then result.json, and deletes what they replace.

        `files` may draw the images lazily: a file is taken when it can be written. The first image
        file is written before the others. Every upload with image files has it. If it did not
        exist, no older upload left files, so the common path lists nothing. If a newer upload has
        written, the files of this one are deleted. If another worker has finished the same upload
        with the same settings, its result stays, even if its masks differ.

        Raises:
            Transient: another worker wrote other masks of the same upload at the same time, and
                replaced some of these files.
        """
        provenance = Provenance(
            document.source.generation, document.config, document.content_digest, document.revision
        )
        with StageTimer().stage(_STAGE) as stage:
            outcome = self._write_all(document, files, provenance)
            _end(stage, document, outcome)
        return outcome

    def _write_all(
        self, document: ResultDocument, files: Iterable[ImageFile], provenance: Provenance
    ) -> WriteOutcome:
        folder = object_names.folder(document.source.name)
        items = (_image_object(folder, file) for file in files)
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
            outcomes.add(last := self._write_document(document, provenance))
            is_new = has_files and outcomes == {WriteOutcome.CREATED}
            if is_new and self._has_first_file(document, provenance):
                return last
        if WriteOutcome.OUTRANKED in outcomes:
            self._delete(document.source.name, lambda found: found.edition <= provenance.edition)
            return WriteOutcome.OUTRANKED
        self._delete_others(document.source.name, provenance)
        is_contested = is_new or WriteOutcome.REPLACED in outcomes
        if is_contested and not self._is_complete(document, provenance):
            raise Transient("Another worker replaced some of the pictures meanwhile.")
        return last

    def reject(
        self, ref: ObjectRef, rejection: Rejected, config: Digest, timing: dict[str, float]
    ) -> None:
        """Writes a `rejected` result with the reason, if the upload still exists."""
        if not self._upload_exists(ref):
            return
        document = ResultDocument(
            status=Status.REJECTED,
            reason=Reason.of(rejection),
            source=Source(bucket=ref.bucket, name=ref.name, generation=ref.generation),
            config=config,
            outputs=None,
            timing=timing,
            versions={"toonmask": VERSION, "pillow": version("pillow")},
        )
        self.write(document, files=())

    def fail(self, ref: ObjectRef, reason: Reason, revision: int = 0) -> None:
        """Writes a `failed` result, unless a result exists or the upload does not.

        If a correction of the prompts (`revision`) fails, the result before it stays, with a reason
        to review it. Image files of the same upload, left by a killed worker, stay. Another worker
        may be completing them.
        """
        if not self._upload_exists(ref):
            return
        document = ResultDocument(
            status=Status.FAILED,
            reason=reason,
            source=Source(bucket=ref.bucket, name=ref.name, generation=ref.generation),
            revision=revision,
            config=NO_SETTINGS,
            outputs=None,
            timing={},
            versions={"toonmask": VERSION},
        )
        with StageTimer().stage(_STAGE) as stage:
            outcome = self._write_document(
                document, Provenance(ref.generation, NO_SETTINGS, revision=revision)
            )
            if outcome is not WriteOutcome.OUTRANKED:
                self._delete(ref.name, lambda found: found.generation < ref.generation)
            elif revision:
                outcome = self._note_failure(document)
            _end(stage, document, outcome)

    def clear_superseded(self, ref: ObjectRef, reason: Superseded) -> None:
        """Deletes the files of an upload if a newer upload has a result.

        If that result does not exist yet, its worker deletes these files later. If this upload was
        deleted and there is no newer one, its results stay.
        """
        _log.info("superseded", extra={"state": "superseded", "why": str(reason)})
        tracing.annotate_request(state="superseded")
        existing = self._storage.provenance(
            self._bucket, object_names.folder(ref.name) + object_names.RESULT
        )
        if existing and existing.generation > ref.generation:
            self._delete(ref.name, lambda found: found.generation <= ref.generation)

    def is_finished(
        self, ref: ObjectRef, revision: int, is_current: Callable[[ResultDocument], bool]
    ) -> bool:
        """Whether the result of this revision exists, is current, and has all its image files.

        A result that cannot be parsed is not current: another version wrote it.
        """
        found = self._read(ref, revision)
        return found is not None and is_current(found[0]) and self._is_complete(*found)

    def stored(self, ref: ObjectRef, revision: int) -> ResultDocument | None:
        """Returns the result of this revision; None if there is none, or it cannot be parsed.

        It may be outdated: other settings may give another one.
        """
        found = self._read(ref, revision)
        return found and found[0]

    def _read(self, ref: ObjectRef, revision: int) -> tuple[ResultDocument, Provenance] | None:
        """Returns the result of exactly this generation and revision, with its provenance."""
        name = object_names.folder(ref.name) + object_names.RESULT
        found = self._storage.read_document(self._bucket, name)
        if found is None:
            return None
        content, provenance = found
        if provenance.edition != (ref.generation, revision):
            return None
        try:
            return ResultDocument.model_validate_json(content), provenance
        except ValidationError:
            return None

    def _has_first_file(self, document: ResultDocument, provenance: Provenance) -> bool:
        """Whether no other worker has replaced the first image file, with which each begins."""
        name = object_names.folder(document.source.name) + document.pictures[0]
        return self._storage.provenance(self._bucket, name) == provenance

    def _keeps(self, document: ResultDocument) -> Callable[[Provenance], bool]:
        """Returns whether an existing image file belongs to a finished result of equal standing."""
        source, revision = document.source, document.revision
        ref = ObjectRef(source.bucket, source.name, source.generation)

        def is_as_good(result: ResultDocument) -> bool:
            # another attempt may need the fallback for fewer instances
            return result.config == document.config and result.status is not Status.DEGRADED

        def keep(existing: Provenance) -> bool:
            edition, config = (ref.generation, revision), document.config
            is_equal = (existing.edition, existing.config) == (edition, config)
            return is_equal and self.is_finished(ref, revision, is_as_good)

        return keep

    def _upload_exists(self, ref: ObjectRef) -> bool:
        """Whether exactly this generation exists; clears the files of one that does not.

        A forged message may name a future generation, whose result would outrank those of all later
        uploads. Results with image files need no check, because their upload has been read.
        """
        exists = self._storage.exists(ref)
        if not exists:
            self.clear_superseded(ref, Superseded(f"{ref} is gone"))
        return exists

    def _write_document(self, document: ResultDocument, provenance: Provenance) -> WriteOutcome:
        return self._storage.write(self._bucket, _result_object(document), provenance)

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
            return _result_object(changed), stored[1]

        name = object_names.folder(failed.source.name) + object_names.RESULT
        self._storage.update(self._bucket, name, noted)
        return outcome

    def _is_complete(self, document: ResultDocument, provenance: Provenance) -> bool:
        """Whether the folder has this result, all its image files, and none of another result."""
        existing = self._storage.provenances(
            self._bucket, object_names.folder(document.source.name)
        )
        pictures = {
            name: found for name, found in existing.items() if object_names.is_picture(name)
        }
        expected = dict.fromkeys(document.pictures, provenance)
        return existing.get(object_names.RESULT) == provenance and pictures == expected

    def _delete(self, upload: str, is_old: Callable[[Provenance], bool]) -> None:
        """Deletes the prompts and the image files that are old."""

        def stale(name: str, found: Provenance) -> bool:
            ours = name == object_names.PROMPTS or object_names.is_picture(name)
            return ours and is_old(found)

        self._storage.delete_stale(self._bucket, object_names.folder(upload), stale)

    def _delete_others(self, upload: str, provenance: Provenance) -> None:
        """Deletes older prompts and image files, and this revision's files of other results."""

        def stale(name: str, found: Provenance) -> bool:
            if name == object_names.PROMPTS:
                return found.generation < provenance.generation
            older = found.edition <= provenance.edition
            return object_names.is_picture(name) and older and found != provenance

        self._storage.delete_stale(self._bucket, object_names.folder(upload), stale)


def _result_object(document: ResultDocument) -> ObjectToWrite:
    name = object_names.folder(document.source.name) + object_names.RESULT
    metadata = {STATUS_KEY: document.status.value, REVIEW_KEY: str(len(document.review))}
    return ObjectToWrite.document(name, document, metadata)


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
