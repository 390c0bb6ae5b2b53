"""Puts the results of uploads into one archive."""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from functools import partial

from google.cloud import storage
from pydantic import ValidationError

from shared.api.archive_paths import ArchivePaths
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
from shared.gcp.gcs import ObjectRef
from shared.gcp.provenance import Provenance
from shared.runtime.bounded_map import bounded_map
from shared.schemas import object_names
from shared.schemas.documents import ResultDocument
from shared.schemas.errors import Superseded

OUTCOMES = "outcomes.json"
"""The file of the archive that says what became of each upload."""

_AHEAD = 4
"""Results that are looked up while others are sent. Chosen by hand: more are faster, but need more
memory, because each result.json has all masks of its upload."""

_UNREADABLE = "Another version of this software wrote its result. Process it again."
_REPLACED = "Its result was replaced meanwhile. Load it again."


@dataclass(frozen=True, slots=True)
class _Result:
    """The content of a result.json, and the result's pictures by their names in the folder."""

    upload: ChosenUpload
    document: bytes
    pictures: dict[str, storage.Blob]


class UploadArchive:
    """Reads the results of a pair of buckets. Safe to share between threads."""

    def __init__(self, buckets: Buckets) -> None:
        self._buckets = buckets

    def entries(self, selection: Selection) -> Iterator[ZipEntry]:
        """Yields the files of an archive: for each upload a folder, and at the end OUTCOMES.

        An upload whose outcome is not `done` has no folder, or not all of its files.

        Raises:
            GoogleAPICallError: Cloud Storage fails while a file is read.
        """
        outcomes: list[Outcome] = []
        paths = ArchivePaths([OUTCOMES])
        for found in bounded_map(partial(with_errors, self._find), selection.distinct, _AHEAD):
            if isinstance(found, Outcome):
                outcomes.append(found)
            else:
                outcomes.append((yield from self._files(found, paths)))
        report = Outcomes(outcomes=tuple(outcomes)).model_dump_json(indent=2)
        yield ZipEntry(OUTCOMES, [report.encode()], is_text=True)

    def _files(self, result: _Result, paths: ArchivePaths) -> Generator[ZipEntry, None, Outcome]:
        """Yields the files of an upload, and returns its outcome."""
        folder = paths.folder(result.upload.name, [object_names.RESULT, *result.pictures])
        yield ZipEntry(f"{folder}/{object_names.RESULT}", [result.document], is_text=True)
        for name, blob in result.pictures.items():
            try:
                content = self._buckets.storage.stream(
                    ObjectRef(self._buckets.output, blob.name, blob.generation), blob.size
                )
            except Superseded:
                return Outcome.of(result.upload, OutcomeCode.FAILED, _REPLACED)
            yield ZipEntry(f"{folder}/{name}", content)
        return Outcome.of(result.upload, OutcomeCode.DONE)

    def _find(self, upload: ChosenUpload) -> _Result | Outcome:
        """Returns the result of an upload. All its pictures belong to its result.json."""
        read = self._buckets.storage.read_document
        folder = object_names.folder(upload.name)
        found = read(self._buckets.output, folder + object_names.RESULT)
        if found is None or found[1].generation != upload.generation:
            return Outcome.of(upload, self._missing(upload))
        content, provenance = found
        try:
            names = ResultDocument.model_validate_json(content).pictures
        except ValidationError:
            return Outcome.of(upload, OutcomeCode.FAILED, _UNREADABLE)
        pictures = {}
        for name in filter(object_names.is_picture, names):
            blob = self._buckets.storage.find(self._buckets.output, folder + name)
            if blob is None or Provenance.of(blob) != provenance:
                return Outcome.of(upload, OutcomeCode.FAILED, _REPLACED)
            pictures[name] = blob
        return _Result(upload, content, pictures)

    def _missing(self, upload: ChosenUpload) -> OutcomeCode:
        """Returns why this generation of an upload has no result."""
        existing = self._buckets.storage.find(self._buckets.input, upload.name)
        if existing is None:
            return OutcomeCode.GONE
        is_this = existing.generation == upload.generation
        return OutcomeCode.NO_RESULT if is_this else OutcomeCode.SUPERSEDED
