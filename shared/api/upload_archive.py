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
from shared.gcp.stored_results import StoredResults
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
    """The content of a result.json, and the result's pictures by their names in the folder.

    `frames` are the numbers of the frames whose summary this is.
    """

    upload: ChosenUpload
    document: bytes
    pictures: dict[str, storage.Blob]
    frames: tuple[int, ...]


class UploadArchive:
    """Reads the results of a pair of buckets. Safe to share between threads."""

    def __init__(self, buckets: Buckets) -> None:
        self._buckets = buckets
        self._results = StoredResults(buckets.storage, buckets.input, buckets.output)

    def entries(self, selection: Selection) -> Iterator[ZipEntry]:
        """Yields the files of an archive: for each upload a folder, and at the end OUTCOMES.

        Frames have folders in that of their upload.

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
                outcomes.append((yield from self._files(found, f"{folders[found.upload.name]}/")))
        report = Outcomes(outcomes=tuple(outcomes)).model_dump_json(indent=2)
        yield ZipEntry(OUTCOMES, [report.encode()])

    def _files(self, result: _Result, folder: str) -> Generator[ZipEntry, None, Outcome]:
        """Yields the files of an upload, or of a frame of it, and returns the outcome.

        `folder` is that in the archive, with a slash at its end.
        """
        yield ZipEntry(folder + object_names.RESULT, [result.document])
        for name, blob in result.pictures.items():
            try:
                content = self._buckets.storage.stream(
                    ObjectRef(self._buckets.output, blob.name, blob.generation), blob.size
                )
            except Superseded:
                return Outcome.of(result.upload, OutcomeCode.FAILED, _REPLACED)
            yield ZipEntry(folder + name, content)
        for number in result.frames:
            frame = self._find(result.upload, number)
            if isinstance(frame, Outcome):
                return Outcome.of(result.upload, OutcomeCode.FAILED, _REPLACED)
            outcome = yield from self._files(frame, folder + object_names.frame_folder(number))
            if outcome.outcome is not OutcomeCode.DONE:
                return outcome
        return Outcome.of(result.upload, OutcomeCode.DONE)

    def _find(self, upload: ChosenUpload, frame: int | None = None) -> _Result | Outcome:
        """Returns the newest result of an upload, or of a frame, with pictures of the same one."""
        try:
            result = self._results.read(object_names.folder(upload.name, frame))
        except Superseded:
            return Outcome.of(upload, self._missing(upload))
        except ValueError:
            return Outcome.of(upload, OutcomeCode.FAILED, _UNREADABLE)
        if result.provenance.generation != upload.generation:
            return Outcome.of(upload, self._missing(upload))
        names = filter(object_names.is_picture, result.document.pictures)
        try:
            pictures = {name: self._results.found_picture(result, name) for name in names}
        except Superseded:
            return Outcome.of(upload, OutcomeCode.FAILED, _REPLACED)
        frames = tuple(item.number for item in result.document.frames)
        return _Result(upload, result.content, pictures, frames)

    def _missing(self, upload: ChosenUpload) -> OutcomeCode:
        """Returns why this generation of an upload has no result."""
        existing = self._buckets.storage.find(self._buckets.input, upload.name)
        if existing is None:
            return OutcomeCode.GONE
        is_this = existing.generation == upload.generation
        return OutcomeCode.NO_RESULT if is_this else OutcomeCode.SUPERSEDED
