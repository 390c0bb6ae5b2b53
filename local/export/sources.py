"""Where results come from: a pair of buckets, or the folder that `make run` wrote."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from local.operations.deployment import Target
from shared.gcp.gcs import Storage
from shared.gcp.stored_results import MOST_RESULT_BYTES, StoredResult, StoredResults, parsed
from shared.schemas import object_names
from shared.schemas.documents import ResultDocument
from shared.schemas.errors import Rejected, Superseded

_MOST_ORIGINAL_BYTES = 2**30
"""Limit for an upload that is stored gzipped, once it is decompressed. Chosen by hand: far above
any MAX_BYTES, so that it only stops decompression bombs."""

_CHUNK_BYTES = 2**20
"""Bytes of a file that are in memory at a time. Chosen by hand."""

_FIRST_FRAME = object_names.frame_folder(1).removesuffix("/")
"""The name of a folder that each upload with frames has."""


class Unreadable(Exception):
    """A result, or a file of it, cannot be read. The message says why, without its name."""


class OpenResult(Protocol):
    """A result. All that it returns belongs to one generation of the upload.

    The methods raise Superseded if the result has been replaced, and Unreadable.
    """

    @property
    def document(self) -> ResultDocument: ...  # noqa: D102

    def original(self) -> Iterator[bytes]:
        """Returns the content of the upload in chunks."""

    def picture(self, name: str, most_bytes: int) -> bytes:
        """Returns an image file of the result, of at most `most_bytes`."""


class Source(Protocol):
    """Results by their folders, which have a slash at the end. Safe to share between threads."""

    @property
    def name(self) -> str:
        """The name of the source for people. Two sources have different names."""

    def folders(self, prefix: str) -> Iterator[str]:
        """Yields the folders of all results whose uploads' names start with `prefix`."""

    def read(self, folder: str) -> OpenResult:
        """Returns the result of a folder.

        Raises:
            Superseded: it has been replaced or deleted.
            Unreadable: it is not valid, or too large.
        """


class BucketSource:
    """The results of a system, in the cloud or on this machine."""

    def __init__(self, target: Target) -> None:
        storage = Storage()
        storage.client = target.storage
        self._results = StoredResults(storage, target.input_bucket, target.output_bucket)
        self.name = f"gs://{target.output_bucket}"

    def folders(self, prefix: str) -> Iterator[str]:
        """Yields the folders in the order of their names."""
        return (result.folder for result in self._results.listed(prefix))

    def read(self, folder: str) -> OpenResult:
        """Reads the result.json of a folder."""
        try:
            return _BucketResult(self._results, self._results.read(folder))
        except ValueError as error:
            raise Unreadable(str(error)) from error


@dataclass(frozen=True, slots=True, eq=False)
class _BucketResult:
    results: StoredResults
    stored: StoredResult

    @property
    def document(self) -> ResultDocument:
        return self.stored.document

    def original(self) -> Iterator[bytes]:
        try:
            yield from self.results.original(self.stored, _MOST_ORIGINAL_BYTES)
        except Rejected as error:
            raise Unreadable(str(error)) from error

    def picture(self, name: str, most_bytes: int) -> bytes:
        try:
            return self.results.picture(self.stored, name, most_bytes)
        except ValueError as error:
            raise Unreadable(str(error)) from error


class FolderSource:
    """The results that `make run` wrote into a folder."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.name = str(root.resolve())

    def folders(self, prefix: str) -> Iterator[str]:
        """Yields the folders in the order of their names. Links are not followed."""
        found = (
            f"{Path(place).relative_to(self._root).as_posix()}/"
            for place, subfolders, files in os.walk(self._root)
            if object_names.RESULT in files
            and _FIRST_FRAME not in subfolders  # a summary of frames
        )
        return iter(sorted(folder for folder in found if folder.startswith(prefix)))

    def read(self, folder: str) -> OpenResult:
        """Reads the result.json of a folder."""
        place = self._root / folder
        content = _read(place / object_names.RESULT, MOST_RESULT_BYTES)
        try:
            return _FolderResult(place, parsed(folder, content))
        except ValueError as error:
            raise Unreadable(str(error)) from error


@dataclass(frozen=True, slots=True, eq=False)
class _FolderResult:
    place: Path
    document: ResultDocument

    def original(self) -> Iterator[bytes]:
        file = next(self.place.glob("original.*"), None)
        if file is None:
            raise Unreadable("its folder has no file `original`, which `make run` puts there")
        try:
            with file.open("rb") as content:
                yield from iter(lambda: content.read(_CHUNK_BYTES), b"")
        except OSError as error:
            raise Unreadable(f"{file.name} cannot be read: {error.strerror}") from error

    def picture(self, name: str, most_bytes: int) -> bytes:
        return _read(self.place / name, most_bytes)


def _read(file: Path, most_bytes: int) -> bytes:
    try:
        with file.open("rb") as opened:
            content = opened.read(most_bytes + 1)
    except FileNotFoundError as error:
        raise Superseded(f"{file} does not exist") from error
    except OSError as error:
        raise Unreadable(f"{file.name} cannot be read: {error.strerror}") from error
    if len(content) > most_bytes:
        raise Unreadable(f"{file.name} has more than {most_bytes:,} bytes")
    return content
