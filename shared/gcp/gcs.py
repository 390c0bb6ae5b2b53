"""Google Cloud Storage: bounded reads, and writes that never replace a newer source generation."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property, partial
from itertools import chain
from types import MappingProxyType

from google.api_core.exceptions import NotFound, PreconditionFailed
from google.cloud import storage
from google.cloud.storage.retry import DEFAULT_RETRY

from shared.gcp.gunzip import gunzip
from shared.gcp.provenance import Provenance
from shared.runtime.bounded_map import bounded_map
from shared.schemas.base import Record
from shared.schemas.documents import Source
from shared.schemas.errors import Superseded, Transient, forget_frames

_log = logging.getLogger(__name__)

RETRY = DEFAULT_RETRY.with_timeout(20)
TIMEOUT = (5, 30)
"""Seconds to connect, and seconds between bytes. Chosen by hand: together with RETRY they must stay
well below the acknowledgement deadline, or Pub/Sub redelivers while a worker still retries."""

_CHUNK_BYTES = 2**20
"""Bytes that a stream downloads and decompresses at a time. Chosen by hand: larger chunks need more
memory, smaller ones more requests."""

_PARALLEL_WRITES = 4
"""Chosen by hand: more threads write faster, but hold more encoded images in memory."""

_MAX_RACES = 5
"""Lost races after which a write raises Transient. Chosen by hand: with fewer, Pub/Sub redelivers
more often under contention."""

STATUS_KEY, REVIEW_KEY, CHECKED_KEY = "status", "review", "checked"
"""Keys in the custom metadata of result.json: its status, its number of review reasons, and whether
a person has checked it. With them, a listing of the bucket has all three without a download."""

FRAMES_KEY = "frames"
"""Key in the custom metadata of prompts.json and result.json of an upload with frames: their
number."""

_NOTHING: Mapping[str, str] = MappingProxyType({})

Stored = tuple[bytes, Provenance]
"""The content and the provenance of an object."""


@dataclass(frozen=True, slots=True)
class ObjectRef:
    """One generation of one object."""

    bucket: str
    name: str
    generation: int

    def __str__(self) -> str:
        """The object's URI in the notation of gsutil."""
        return f"gs://{self.bucket}/{self.name}#{self.generation}"

    @property
    def log_fields(self) -> dict[str, str]:
        """The fields that identify the object in log lines."""
        return self.source.log_fields

    @classmethod
    def of(cls, source: Source) -> "ObjectRef":
        """Returns the upload of a document."""
        return cls(source.bucket, source.name, source.generation)

    @property
    def source(self) -> Source:
        """The object as the upload of a document."""
        return Source(bucket=self.bucket, name=self.name, generation=self.generation)


class WriteOutcome(Enum):
    """The result of a monotone write."""

    CREATED = "created"
    REPLACED = "replaced"
    SAME = "same"
    KEPT = "kept"
    OUTRANKED = "outranked"


@dataclass(frozen=True, slots=True)
class ObjectToWrite:
    """One object to write."""

    name: str
    content_type: str
    content: bytes
    metadata: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def document(
        cls, name: str, document: Record, metadata: Mapping[str, str] = _NOTHING
    ) -> "ObjectToWrite":
        """Returns a JSON document as an object to write."""
        return cls(name, "application/json", document.model_dump_json(indent=1).encode(), metadata)


class Storage:
    """Access to the buckets. Safe to share between threads.

    Without a client, it builds one on first use.
    """

    def __init__(self, client: storage.Client | None = None) -> None:
        if client is not None:
            self.client = client

    @cached_property
    def client(self) -> storage.Client:
        """Google's client, for operations that this class does not have."""
        return storage.Client()

    def read(self, ref: ObjectRef, max_bytes: int) -> bytes:
        """Returns the content of exactly this generation, at most `max_bytes` of it.

        Gzipped uploads (`gsutil cp -Z`) are downloaded as stored and decompressed here, within the
        same limit. Cloud Storage would decompress a decompression bomb without a limit.

        Raises:
            Superseded: the generation was overwritten or deleted.
            Rejected: the gzip data is corrupt, or too large once decompressed.
        """
        blob = self.client.bucket(ref.bucket).blob(ref.name, generation=ref.generation)
        try:
            data: bytes = blob.download_as_bytes(
                end=max_bytes - 1, raw_download=True, timeout=TIMEOUT, retry=RETRY
            )
        except NotFound as error:
            raise Superseded(f"{ref} is gone") from error
        if blob.content_encoding == "gzip":
            return b"".join(gunzip([data], max_bytes, max_bytes + 1))
        return data

    def stream(self, ref: ObjectRef, max_bytes: int) -> Iterator[bytes]:
        """Returns the content of exactly this generation in chunks, one in memory at a time.

        Gzipped uploads are decompressed, up to `max_bytes`. The first chunk is read before this
        returns, so most errors are raised here and not by the iterator.

        Raises:
            Superseded, Rejected: as in `read`; the iterator may raise them too.
        """
        blob = self.client.bucket(ref.bucket).blob(ref.name, generation=ref.generation)
        stored = _chunks(blob, ref)
        chunks = chain([next(stored, b"")], stored)  # the download also sets content_encoding
        if blob.content_encoding == "gzip":
            unpacked = gunzip(chunks, max_bytes, _CHUNK_BYTES)
            chunks = chain([next(unpacked, b"")], unpacked)
        return chunks

    def exists(self, ref: ObjectRef) -> bool:
        """Whether exactly this generation exists."""
        blob = self.client.bucket(ref.bucket).blob(ref.name, generation=ref.generation)
        return bool(blob.exists(timeout=TIMEOUT, retry=RETRY))

    def read_document(self, bucket: str, name: str) -> Stored | None:
        """Returns the newest generation of an object with its provenance; None if it is missing."""
        blob = self.find(bucket, name)
        if blob is None:
            return None
        try:
            return _download(blob), Provenance.of(blob)
        except NotFound:  # overwritten in between
            return self.read_document(bucket, name)

    def provenance(self, bucket: str, name: str) -> Provenance | None:
        """Returns the provenance of an object; None if the object does not exist."""
        blob = self.find(bucket, name)
        return Provenance.of(blob) if blob else None

    def provenances(self, bucket: str, folder: str) -> dict[str, Provenance]:
        """Returns the provenances of the objects in a folder, by their names relative to it."""
        return {
            blob.name.removeprefix(folder): Provenance.of(blob)
            for blob in self.listed(bucket, folder)
        }

    def write(
        self,
        bucket: str,
        item: ObjectToWrite,
        provenance: Provenance,
        keep: Callable[[Provenance], bool] | None = None,
    ) -> WriteOutcome:
        """Writes one object, unless the same or one that outranks it already exists.

        If another object exists, `keep` decides from its provenance whether it stays; without it,
        the object is replaced. The first attempt assumes that no object exists, so the common path
        is a single request.

        Raises:
            Transient: other writers won `_MAX_RACES` races.
        """
        expected = 0
        for _ in range(_MAX_RACES):
            try:
                self._upload(bucket, item, provenance, expected)
            except PreconditionFailed as error:
                forget_frames(error)
                found = self.find(bucket, item.name)
                existing = Provenance.of(found) if found else None
                if existing == provenance:  # written before; perhaps the response was lost
                    return WriteOutcome.REPLACED if expected else WriteOutcome.SAME
                if existing and provenance.is_outranked_by(existing):
                    return WriteOutcome.OUTRANKED
                if existing and keep and keep(existing):
                    return WriteOutcome.KEPT
                expected = found.generation if found else 0
            else:
                return WriteOutcome.REPLACED if expected else WriteOutcome.CREATED
        raise _lost_races(bucket, item.name)

    def update(
        self,
        bucket: str,
        name: str,
        change: Callable[[Stored | None], tuple[ObjectToWrite, Provenance] | None],
    ) -> bool:
        """Replaces an object by what `change` makes of it; returns whether it did.

        `change` takes None if there is no object, and returns None if nothing is to be written. If
        another writer is faster, it is called again with what that one wrote. So two updates never
        undo each other. It is called again, too, if the response to the write was lost.

        Raises:
            Transient: other writers won `_MAX_RACES` races.
            Exception: any error that `change` raises.
        """
        for _ in range(_MAX_RACES):
            blob = self.find(bucket, name)
            try:
                stored = (_download(blob), Provenance.of(blob)) if blob else None
            except NotFound:  # overwritten in between
                continue
            replacement = change(stored)
            if replacement is None:
                return False
            try:
                self._upload(bucket, *replacement, blob.generation if blob else 0)
            except PreconditionFailed as error:
                forget_frames(error)
            else:
                return True
        raise _lost_races(bucket, name)

    def write_all(
        self, bucket: str, items: Iterable[ObjectToWrite], provenance: Provenance
    ) -> set[WriteOutcome]:
        """Writes objects in parallel; returns the set of outcomes.

        At most `_PARALLEL_WRITES` items are in memory, so `items` should create them lazily.
        """
        write = partial(self.write, bucket, provenance=provenance)
        return set(bounded_map(write, items, _PARALLEL_WRITES))

    def delete_stale(
        self, bucket: str, folder: str, stale: Callable[[str, Provenance], bool]
    ) -> int:
        """Deletes the objects in `folder` for which `stale` returns true. Returns their number.

        `stale` takes the name relative to the folder and the provenance. Each delete is conditional
        on the generation that it has judged, so it never deletes a newer one.
        """
        return sum(self._delete_if(blob, folder, stale) for blob in self.listed(bucket, folder))

    def _delete_if(
        self, blob: storage.Blob, folder: str, stale: Callable[[str, Provenance], bool]
    ) -> bool:
        """Deletes an object if it is stale. One that was replaced meanwhile is judged again."""
        current: storage.Blob | None = blob
        for _ in range(_MAX_RACES):
            if current is None:
                break
            if not stale(current.name.removeprefix(folder), Provenance.of(current)):
                return False
            try:
                current.delete(if_generation_match=current.generation, timeout=TIMEOUT, retry=RETRY)
            except (NotFound, PreconditionFailed):
                current = self.find(current.bucket.name, current.name)
            else:
                return True
        _log.info("another worker was faster", extra={"object": blob.name})
        return False

    def find(self, bucket: str, name: str) -> storage.Blob | None:
        """Returns the newest generation of an object without its content; None if it is missing."""
        return self.client.bucket(bucket).get_blob(name, timeout=TIMEOUT, retry=RETRY)

    def _upload(
        self, bucket: str, item: ObjectToWrite, provenance: Provenance, expected: int
    ) -> None:
        """Writes an object if its generation is `expected`; 0: if it does not exist.

        Raises:
            PreconditionFailed: it is another.
        """
        blob = self.client.bucket(bucket).blob(item.name)
        blob.metadata = {**provenance.metadata, **item.metadata}
        blob.upload_from_string(
            item.content,
            content_type=item.content_type,
            if_generation_match=expected,
            checksum="crc32c",
            timeout=TIMEOUT,
            retry=RETRY,
        )

    def listed(self, bucket: str, folder: str, glob: str | None = None) -> Iterator[storage.Blob]:
        """Returns the objects in a folder without their content; with `glob`, those that match."""
        return self.client.list_blobs(
            bucket, prefix=folder, match_glob=glob, timeout=TIMEOUT, retry=RETRY
        )


def _download(blob: storage.Blob) -> bytes:
    """Returns the content of the generation that was found.

    Raises:
        NotFound: it was overwritten or deleted.
    """
    content: bytes = blob.download_as_bytes(timeout=TIMEOUT, retry=RETRY)
    return content


def _lost_races(bucket: str, name: str) -> Transient:
    return Transient(f"gs://{bucket}/{name}: lost {_MAX_RACES} races against other writers")


def _chunks(blob: storage.Blob, ref: ObjectRef) -> Iterator[bytes]:
    """Yields the content as it is stored, without decompression.

    Raises:
        Superseded: the generation was overwritten or deleted.
    """
    reader = blob.open(
        "rb", chunk_size=_CHUNK_BYTES, raw_download=True, timeout=TIMEOUT, retry=RETRY
    )
    chunk = None
    while chunk is None or len(chunk) == _CHUNK_BYTES:
        try:
            chunk = reader.read(_CHUNK_BYTES)
        except NotFound as error:
            raise Superseded(f"{ref} is gone") from error
        yield chunk
