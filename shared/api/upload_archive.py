"""Puts the results of uploads into one archive."""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from functools import partial

from google.cloud import storage

from shared.api.buckets import Buckets
from shared.api.upload_selection import (
    ChosenUpload,
    Outcome,
    OutcomeCode,
    Outcomes,
    Selection,
    with_errors,
)
from shared.api.zip_stream import ZipEntry
from shared.export.places import places
from shared.gcp.gcs import ObjectRef
from shared.gcp.stored_results import StoredResult, StoredResults
from shared.runtime.bounded_map import bounded_map
from shared.schemas import object_names
from shared.schemas.errors import Superseded

OUTCOMES = "outcomes.json"
"""The file of the archive that says what became of each upload. No folder of an upload has this
name, because they end like images."""

_AHEAD = 4
"""Results that are looked up while others are sent. Chosen by hand: more are faster, but need more
memory, because each result.json has all masks of its upload."""

_UNREADABLE = "Its result.json is not understood. Process it again."
_REPLACED = "Its result was replaced meanwhile. Load it again."


@dataclass(frozen=True, slots=True)
class _Result:
    """A result, and its pictures by their names in the folder."""

    upload: ChosenUpload
    stored: StoredResult
    pictures: dict[str, storage.Blob]


class UploadArchive:
    """Reads the results of a pair of buckets. Safe to share between threads."""

    def __init__(self, buckets: Buckets) -> None:
        self._buckets = buckets
        self._results = StoredResults(buckets.storage, buckets.input, buckets.output)

    def entries(self, selection: Selection) -> Iterator[ZipEntry]:
        """Yields the files of an archive: for each upload a folder, and at the end OUTCOMES.

        An upload whose outcome is not `done` has no folder, or not all of its files.

        Raises:
            GoogleAPICallError: Cloud Storage fails while a file is read.
        """
        outcomes: list[Outcome] = []
        names = list(dict.fromkeys(upload.name for upload in selection.uploads))
        folders = {name: place.name() for name, place in zip(names, places(names), strict=True)}
        for found in bounded_map(partial(with_errors, self._find), selection.distinct, _AHEAD):
            if isinstance(found, Outcome):
                outcomes.append(found)
            else:
                outcomes.append((yield from self._files(found, folders[found.upload.name])))
        report = Outcomes(outcomes=tuple(outcomes)).model_dump_json(indent=2)
        yield ZipEntry(OUTCOMES, [report.encode()])

    def _files(self, result: _Result, folder: str) -> Generator[ZipEntry, None, Outcome]:
        """Yields the files of an upload and of its frames, and returns its outcome."""
        upload = result.upload
        try:
            yield from self._result_files(result.stored, result.pictures, folder)
            for frame in result.stored.document.frames:
                stored = self._results.read(object_names.folder(upload.name, frame.number))
                if stored.provenance.generation != upload.generation:
                    return Outcome.of(upload, OutcomeCode.FAILED, _REPLACED)
                path = f"{folder}/{object_names.folder_of_frame(frame.number)}".rstrip("/")
                yield from self._result_files(stored, self._pictures(stored), path)
        except (Superseded, ValueError):
            return Outcome.of(upload, OutcomeCode.FAILED, _REPLACED)
        return Outcome.of(upload, OutcomeCode.DONE)

    def _result_files(
        self, result: StoredResult, pictures: dict[str, storage.Blob], folder: str
    ) -> Iterator[ZipEntry]:
        """Yields the files of a result.

        Raises:
            Superseded: one was replaced.
        """
        yield ZipEntry(f"{folder}/{object_names.RESULT}", [result.content])
        for name, blob in pictures.items():
            ref = ObjectRef(self._buckets.output, blob.name, blob.generation)
            yield ZipEntry(f"{folder}/{name}", self._buckets.storage.stream(ref, blob.size))

    def _pictures(self, result: StoredResult) -> dict[str, storage.Blob]:
        """Returns the pictures of a result.

        Raises:
            Superseded: one is missing, or belongs to another result.
        """
        names = filter(object_names.is_picture, result.document.pictures)
        return {name: self._results.found_picture(result, name) for name in names}

    def _find(self, upload: ChosenUpload) -> _Result | Outcome:
        """Returns the newest result of an upload, with pictures of the same result."""
        try:
            result = self._results.read(object_names.folder(upload.name))
        except Superseded:
            return Outcome.of(upload, self._missing(upload))
        except ValueError:
            return Outcome.of(upload, OutcomeCode.FAILED, _UNREADABLE)
        if result.provenance.generation != upload.generation:
            return Outcome.of(upload, self._missing(upload))
        try:
            return _Result(upload, result, self._pictures(result))
        except Superseded:
            return Outcome.of(upload, OutcomeCode.FAILED, _REPLACED)

    def _missing(self, upload: ChosenUpload) -> OutcomeCode:
        """Returns why this generation of an upload has no result."""
        existing = self._buckets.storage.find(self._buckets.input, upload.name)
        if existing is None:
            return OutcomeCode.GONE
        is_this = existing.generation == upload.generation
        return OutcomeCode.NO_RESULT if is_this else OutcomeCode.SUPERSEDED
