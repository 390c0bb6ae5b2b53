"""Writing an upload's results so that the newest upload wins and no older picture stays behind.

Why this is safe is said in docs/architecture.md; tests/interleavings tries to prove it wrong.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from types import MappingProxyType

from pydantic import ValidationError

from shared import VERSION
from shared.gcp.gcs import REVIEW_KEY, STATUS_KEY, Item, ObjectRef, Outcome, Stamp, Storage
from shared.runtime.stage_timer import Stopwatch
from shared.schemas import object_names
from shared.schemas.base import Record
from shared.schemas.documents import NO_SETTINGS, Digest, Reason, ResultDocument, Source, Status
from shared.schemas.errors import Rejected, Superseded, Transient

_log = logging.getLogger(__name__)

_NOTHING: Mapping[str, str] = MappingProxyType({})


def document_item(name: str, document: Record, metadata: Mapping[str, str] = _NOTHING) -> Item:
    """A JSON document as an object to be written."""
    content = document.model_dump_json(indent=1).encode()
    return Item(name, "application/json", lambda: content, metadata)


class Results:
    """The results in the output bucket. Safe to share between threads."""

    def __init__(self, storage: Storage, bucket: str) -> None:
        self._storage = storage
        self._bucket = bucket

    def write(self, document: ResultDocument, pictures: Sequence[Item]) -> Outcome:
        """Writes the pictures, then result.json, and clears away what they replace.

        The first picture is written before the others begin: every upload with pictures has it, so
        where nothing stood in its place there are no strays of an older upload, and the common path
        lists nothing. Where a newer upload got ahead, what this one wrote goes.

        Raises:
            Transient: another worker drew other masks of the same upload at the same time, and took
                away some of these.
        """
        watch = Stopwatch()
        stamp = Stamp(document.source.generation, document.config, document.shown)
        outcome = self._write_all(document, pictures, stamp)
        _log_end(watch, document, outcome)
        return outcome

    def _write_all(
        self, document: ResultDocument, pictures: Sequence[Item], stamp: Stamp
    ) -> Outcome:
        outcomes = self._storage.write_all(self._bucket, pictures[:1], stamp)
        if Outcome.OUTRANKED not in outcomes:
            outcomes |= self._storage.write_all(self._bucket, pictures[1:], stamp)
        if Outcome.OUTRANKED not in outcomes:
            outcomes.add(last := self._write_document(document, stamp))
            if pictures and outcomes == {Outcome.CREATED}:
                return last
        if Outcome.OUTRANKED in outcomes:
            self._sweep_until(document.source.name, stamp.generation)
            return Outcome.OUTRANKED
        self._sweep_other_than(document.source.name, stamp)
        if Outcome.REPLACED in outcomes and not self._is_whole(document, stamp):
            raise Transient("Another worker replaced some of the pictures meanwhile.")
        return last

    def reject(
        self, ref: ObjectRef, rejection: Rejected, config: Digest, timing: dict[str, float]
    ) -> None:
        """Writes a result that says why the upload is no image that is taken, if it is there."""
        if not self._is_there(ref):
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
        self.write(document, pictures=())

    def fail(self, ref: ObjectRef, reason: Reason) -> None:
        """Writes a result that says why there is none, unless there is one or no upload, after all.

        Pictures of the same upload that a dead worker left stay: another may be finishing them.
        """
        if not self._is_there(ref):
            return
        document = ResultDocument(
            status=Status.FAILED,
            reason=reason,
            source=Source(bucket=ref.bucket, name=ref.name, generation=ref.generation),
            config=NO_SETTINGS,
            outputs=None,
            timing={},
            versions={"toonmask": VERSION},
        )
        watch = Stopwatch()
        outcome = self._write_document(document, Stamp(ref.generation, NO_SETTINGS))
        if outcome is not Outcome.OUTRANKED:
            self._sweep_until(ref.name, ref.generation - 1)
        _log_end(watch, document, outcome)

    def clear_superseded(self, ref: ObjectRef, reason: Superseded) -> None:
        """Deletes what was written for an upload that a newer one with a result has replaced.

        Where that result is not there yet, its own worker is going to find what lies here. Without
        a newer upload (this one was deleted) its results stay.
        """
        _log.info("superseded", extra={"state": "superseded", "why": str(reason)})
        there = self._storage.stamp(
            self._bucket, object_names.folder(ref.name) + object_names.RESULT
        )
        if there and there.generation > ref.generation:
            self._sweep_until(ref.name, ref.generation)

    def are_finished(self, ref: ObjectRef, is_current: Callable[[ResultDocument], bool]) -> bool:
        """Whether that upload's result is there, is current, and has all its pictures.

        A result that is not understood is not current: another version wrote it.
        """
        name = object_names.folder(ref.name) + object_names.RESULT
        found = self._storage.read_document(self._bucket, name)
        if found is None:
            return False
        content, stamp = found
        if stamp.generation != ref.generation:
            return False
        try:
            document = ResultDocument.model_validate_json(content)
        except ValidationError:
            return False
        return is_current(document) and self._is_whole(document, stamp)

    def _is_there(self, ref: ObjectRef) -> bool:
        """Whether the input bucket has that very generation; clears up after one that is gone.

        A forged message may name one that is still to come: its result would outrank those of every
        later upload. Results with pictures need no look, for their upload has been read.
        """
        there = self._storage.exists(ref)
        if not there:
            self.clear_superseded(ref, Superseded(f"{ref} is gone"))
        return there

    def _write_document(self, document: ResultDocument, stamp: Stamp) -> Outcome:
        name = object_names.folder(document.source.name) + object_names.RESULT
        told = {STATUS_KEY: document.status.value, REVIEW_KEY: str(len(document.review))}
        item = document_item(name, document, told)
        return self._storage.write(self._bucket, item, stamp)

    def _is_whole(self, document: ResultDocument, stamp: Stamp) -> bool:
        """Whether the folder holds this result, all of its pictures, and none of another."""
        there = self._storage.stamps(self._bucket, object_names.folder(document.source.name))
        pictures = {name: found for name, found in there.items() if object_names.is_picture(name)}
        expected = dict.fromkeys(document.pictures, stamp)
        return there.get(object_names.RESULT) == stamp and pictures == expected

    def _sweep_until(self, upload: str, generation: int) -> None:
        """Deletes prompts and pictures of all generations up to this one."""

        def stale(name: str, found: Stamp) -> bool:
            ours = name == object_names.PROMPTS or object_names.is_picture(name)
            return ours and found.generation <= generation

        self._storage.sweep(self._bucket, object_names.folder(upload), stale)

    def _sweep_other_than(self, upload: str, stamp: Stamp) -> None:
        """Deletes older generations' prompts and pictures, and other pictures of this one."""

        def stale(name: str, found: Stamp) -> bool:
            if name == object_names.PROMPTS:
                return found.generation < stamp.generation
            older = found.generation <= stamp.generation
            return object_names.is_picture(name) and older and found != stamp

        self._storage.sweep(self._bucket, object_names.folder(upload), stale)


def _log_end(watch: Stopwatch, document: ResultDocument, outcome: Outcome) -> None:
    """One line per upload that came to its end; metrics count them by `state`."""
    if outcome is Outcome.OUTRANKED:
        watch.lap("superseded", state="superseded", outcome=outcome.value)
        return
    why = {"reason": document.reason.message} if document.reason else {}
    watch.lap("finished", state=document.status.value, outcome=outcome.value, **why)
