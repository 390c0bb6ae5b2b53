"""Reads the results of a pair of buckets, so that all parts of one belong together."""

from collections.abc import Iterator
from dataclasses import dataclass

from google.cloud import storage
from pydantic import ValidationError

from shared.gcp.gcs import FRAMES_KEY, RETRY, STATUS_KEY, TIMEOUT, ObjectRef, Storage
from shared.gcp.provenance import Provenance
from shared.schemas import object_names
from shared.schemas.documents import ResultDocument, Source
from shared.schemas.errors import Superseded
from shared.schemas.field_errors import problems

MOST_RESULT_BYTES = 32 * 2**20
"""Limit for a result.json that is read. Chosen by hand: one with a hundred
masks of 4,000 pixels has 1 MiB."""


@dataclass(frozen=True, slots=True)
class ListedResult:
    """The folder of a result, with a slash at its end, and the metadata of its result.json.

    `status` is empty if another program wrote it.
    """

    folder: str
    status: str
    size: int


@dataclass(frozen=True, slots=True, eq=False)
class StoredResult:
    """A result.json with its provenance; `content` is its text as it is stored."""

    folder: str
    content: bytes
    document: ResultDocument
    provenance: Provenance


class StoredResults:
    """Access to the results of a pair of buckets. Safe to share between threads."""

    def __init__(self, access: Storage, input_bucket: str, output_bucket: str) -> None:
        self._storage = access
        self._input = input_bucket
        self._output = output_bucket

    def listed(self, prefix: str) -> Iterator[ListedResult]:
        """Yields the results of uploads whose names start with `prefix`, in order of the folders.

        Of an upload with frames, these are the results of the frames. If the prefix is longer than
        MOST_LISTED_PREFIX, it also yields others.
        """
        blobs = self._storage.client.list_blobs(
            self._output,
            prefix=prefix[: object_names.MOST_LISTED_PREFIX],
            match_glob=f"**/{object_names.RESULT}",
            fields="items(name,metadata,size),nextPageToken",
            timeout=TIMEOUT,
            retry=RETRY,
        )
        for blob in blobs:
            metadata = blob.metadata or {}
            if FRAMES_KEY not in metadata:
                folder = blob.name.removesuffix(object_names.RESULT)
                yield ListedResult(folder, metadata.get(STATUS_KEY, ""), blob.size)

    def read(self, folder: str, most_bytes: int = MOST_RESULT_BYTES) -> StoredResult:
        """Reads the result.json of a folder.

        Raises:
            Superseded: it was replaced or deleted in the meantime.
            ValueError: it has more than `most_bytes`, or is not the result of this folder.
        """
        name = folder + object_names.RESULT
        blob = self._found(name)
        if blob.size > most_bytes:
            raise ValueError(f"its {object_names.RESULT} has more than {most_bytes:,} bytes")
        content = self._storage.read(ObjectRef(self._output, name, blob.generation), most_bytes)
        return StoredResult(folder, content, parsed(folder, content), Provenance.of(blob))

    def original(self, result: StoredResult, most_bytes: int) -> Iterator[bytes]:
        """Returns the content of the upload that the result is of, or its frame, in chunks.

        Raises:
            Superseded: the upload was replaced or deleted in the meantime.
            Rejected: it was uploaded gzipped, and is corrupt or larger than `most_bytes`.
        """
        source = result.document.source
        if source.frame is None:
            upload = ObjectRef(self._input, source.name, source.generation)
            return self._storage.stream(upload, most_bytes)
        blob = frame_original(self._storage, self._output, source)
        return self._storage.stream(ObjectRef(self._output, blob.name, blob.generation), blob.size)

    def picture(self, result: StoredResult, name: str, most_bytes: int) -> bytes:
        """Returns the content of an image file of the result; `name` is relative to its folder.

        Raises:
            Superseded: the file does not exist, or belongs to another result.
            ValueError: it has more than `most_bytes`.
        """
        blob = self.found_picture(result, name)
        if blob.size > most_bytes:
            raise ValueError(f"{name} has more than {most_bytes:,} bytes")
        return self._storage.read(ObjectRef(self._output, blob.name, blob.generation), most_bytes)

    def found_picture(self, result: StoredResult, name: str) -> storage.Blob:
        """Returns an image file of the result, without its content.

        Raises:
            Superseded: the file does not exist, or belongs to another result.
        """
        blob = self._found(result.folder + name)
        if Provenance.of(blob) != result.provenance:
            raise Superseded(f"gs://{self._output}/{blob.name} belongs to another result")
        return blob

    def _found(self, name: str) -> storage.Blob:
        blob = self._storage.find(self._output, name)
        if blob is None:
            raise Superseded(f"gs://{self._output}/{name} does not exist")
        return blob


def frame_original(access: Storage, output_bucket: str, source: Source) -> storage.Blob:
    """Returns the object with the pixels of a frame, without its content.

    Raises:
        Superseded: it does not exist, or belongs to another generation of the upload.
    """
    name = source.folder + object_names.ORIGINAL
    blob = access.find(output_bucket, name)
    if blob is None or Provenance.of(blob).generation != source.generation:
        raise Superseded(f"gs://{output_bucket}/{name} is not there for {ObjectRef.of(source)}")
    return blob


def parsed(folder: str, content: bytes) -> ResultDocument:
    """Parses the result.json of a folder.

    Raises:
        ValueError: it is not valid, or the result of another folder.
    """
    try:
        document = ResultDocument.model_validate_json(content)
    except ValidationError as error:
        raise ValueError(f"its {object_names.RESULT} is invalid: {problems(error)}") from error
    if document.source.folder != folder:
        raise ValueError(f"its {object_names.RESULT} belongs to another upload")
    return document
