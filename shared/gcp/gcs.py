"""Google Cloud Storage: bounded reads, and writes that are monotone in the source's generation."""

import logging
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from itertools import chain

from google.api_core.exceptions import NotFound, PreconditionFailed
from google.cloud import storage
from google.cloud.storage.retry import DEFAULT_RETRY

from shared.schemas.documents import MOST_GENERATION, NO_SETTINGS
from shared.schemas.errors import ReasonCode, Rejected, Superseded, Transient, forget_frames

_log = logging.getLogger(__name__)

RETRY = DEFAULT_RETRY.with_timeout(20)
TIMEOUT = (5, 30)
"""Seconds to connect and between bytes; with RETRY well inside the ack deadline."""

_CHUNK_BYTES = 2**20
"""Bytes that are asked for, and unpacked, at a time where an object is streamed."""

_PARALLEL_WRITES = 4
_MAX_RACES = 5
_GENERATION_KEY = "source-generation"
_CONFIG_KEY = "config"
_CONTENT_DIGEST_KEY = "shown"
STATUS_KEY, REVIEW_KEY = "status", "review"
"""Custom metadata of result.json: its status, and how many reasons there are to look at it, so that
a listing tells them."""


@dataclass(frozen=True, slots=True)
class ObjectRef:
    """One generation of one object."""

    bucket: str
    name: str
    generation: int

    def __str__(self) -> str:
        """As gsutil writes it."""
        return f"gs://{self.bucket}/{self.name}#{self.generation}"

    @property
    def log_fields(self) -> dict[str, str]:
        """The fields by which all log lines about it are found."""
        return {"upload": f"gs://{self.bucket}/{self.name}", "generation": str(self.generation)}


@dataclass(frozen=True, slots=True)
class Provenance:
    """What every object of a result carries.

    Which upload it shows, under which settings, and a digest of the masks that it was drawn from:
    asked twice, SAM2 need not answer the same.
    """

    generation: int
    config: str
    content_digest: str = ""

    @classmethod
    def of(cls, blob: storage.Blob) -> "Provenance":
        """What an object shows; an object that is not ours counts as older than any upload."""
        metadata = blob.metadata or {}
        value = metadata.get(_GENERATION_KEY, "")
        generation = int(value) if re.fullmatch("[0-9]{1,19}", value) else -1
        return cls(
            generation if generation <= MOST_GENERATION else -1,
            metadata.get(_CONFIG_KEY, ""),
            metadata.get(_CONTENT_DIGEST_KEY, ""),
        )

    @property
    def metadata(self) -> dict[str, str]:
        """As custom metadata of a GCS object."""
        content = {_CONTENT_DIGEST_KEY: self.content_digest} if self.content_digest else {}
        return {_GENERATION_KEY: str(self.generation), _CONFIG_KEY: self.config, **content}

    def is_outranked_by(self, existing: "Provenance") -> bool:
        """Whether an existing object stays: a newer one does, and any does for a failure."""
        if self.config == NO_SETTINGS and existing.config != NO_SETTINGS:
            return existing.generation >= self.generation
        return existing.generation > self.generation


class WriteOutcome(Enum):
    """The result of a monotone write."""

    CREATED = "created"
    REPLACED = "replaced"
    SAME = "same"
    OUTRANKED = "outranked"


@dataclass(frozen=True, slots=True)
class ObjectToWrite:
    """One object to be written; `content` is called once, by the thread that uploads it."""

    name: str
    content_type: str
    content: Callable[[], bytes]
    metadata: Mapping[str, str] = field(default_factory=dict)


class Storage:
    """The two buckets. Builds its client on first use; safe to share between threads."""

    @cached_property
    def client(self) -> storage.Client:
        """Google's own, for what is not here."""
        return storage.Client()

    def read(self, ref: ObjectRef, max_bytes: int) -> bytes:
        """The content of that very generation, at most `max_bytes` of it.

        What was uploaded gzipped (`gsutil cp -Z`) is fetched as it is stored and unpacked here,
        within the same bound: Cloud Storage itself would unpack a bomb without end.

        Raises:
            Superseded: the generation is gone, overwritten or deleted.
            Rejected: gzipped, and broken or too large.
        """
        blob = self.client.bucket(ref.bucket).blob(ref.name, generation=ref.generation)
        try:
            data: bytes = blob.download_as_bytes(
                end=max_bytes - 1, raw_download=True, timeout=TIMEOUT, retry=RETRY
            )
        except NotFound as error:
            raise Superseded(f"{ref} is gone") from error
        if blob.content_encoding == "gzip":
            return b"".join(_gunzip([data], max_bytes, max_bytes + 1))
        return data

    def stream(self, ref: ObjectRef, max_bytes: int) -> Iterator[bytes]:
        """The content of that very generation in parts, one of which is in memory at a time.

        What was uploaded gzipped is unpacked, as far as `max_bytes`. The first part is there before
        this returns, so most of what can go wrong has gone wrong then.

        Raises:
            Superseded, Rejected: as `read` does, and the iterator as well.
        """
        blob = self.client.bucket(ref.bucket).blob(ref.name, generation=ref.generation)
        stored = _chunks(blob, ref)
        chunks = chain([next(stored, b"")], stored)  # that tells the encoding, too
        if blob.content_encoding == "gzip":
            unpacked = _gunzip(chunks, max_bytes, _CHUNK_BYTES)
            chunks = chain([next(unpacked, b"")], unpacked)
        return chunks

    def stream_document(self, bucket: str, name: str, generation: int) -> Iterator[bytes]:
        """One of our own objects that shows this generation of an upload, in parts.

        Raises:
            Superseded: there is none.
        """
        blob = self.find(bucket, name)
        if blob is None or Provenance.of(blob).generation != generation:
            raise Superseded(f"gs://{bucket}/{name} is not there for generation {generation}")
        return self.stream(ObjectRef(bucket, name, blob.generation), blob.size)

    def exists(self, ref: ObjectRef) -> bool:
        """Whether that very generation is there."""
        blob = self.client.bucket(ref.bucket).blob(ref.name, generation=ref.generation)
        return bool(blob.exists(timeout=TIMEOUT, retry=RETRY))

    def read_document(self, bucket: str, name: str) -> tuple[bytes, Provenance] | None:
        """The newest generation of one of our own objects; None where there is none."""
        blob = self.find(bucket, name)
        if blob is None:
            return None
        try:
            return blob.download_as_bytes(timeout=TIMEOUT, retry=RETRY), Provenance.of(blob)
        except NotFound:  # overwritten in between
            return self.read_document(bucket, name)

    def provenance(self, bucket: str, name: str) -> Provenance | None:
        """What an object shows; None where there is none."""
        blob = self.find(bucket, name)
        return Provenance.of(blob) if blob else None

    def provenances(self, bucket: str, folder: str) -> dict[str, Provenance]:
        """What the objects in a folder show, by their names relative to it."""
        return {
            blob.name.removeprefix(folder): Provenance.of(blob)
            for blob in self._list(bucket, folder)
        }

    def write(self, bucket: str, item: ObjectToWrite, provenance: Provenance) -> WriteOutcome:
        """Writes one object unless it is there already or shows what is newer or better.

        First as if nothing were there, so that the common path is a single request.

        Raises:
            Transient: other writers won every race.
        """
        blob = self.client.bucket(bucket).blob(item.name)
        blob.metadata = {**provenance.metadata, **item.metadata}
        data = item.content()
        expected = 0
        for _ in range(_MAX_RACES):
            try:
                blob.upload_from_string(
                    data,
                    content_type=item.content_type,
                    if_generation_match=expected,
                    checksum="crc32c",
                    timeout=TIMEOUT,
                    retry=RETRY,
                )
            except PreconditionFailed as error:
                forget_frames(error)
                found = self.find(bucket, item.name)
                existing = Provenance.of(found) if found else None
                if existing == provenance:  # written before; perhaps the response was lost
                    return WriteOutcome.REPLACED if expected else WriteOutcome.SAME
                if existing and provenance.is_outranked_by(existing):
                    return WriteOutcome.OUTRANKED
                expected = found.generation if found else 0
            else:
                return WriteOutcome.REPLACED if expected else WriteOutcome.CREATED
        raise Transient(f"gs://{bucket}/{item.name}: lost {_MAX_RACES} races against other writers")

    def write_all(
        self, bucket: str, items: Iterable[ObjectToWrite], provenance: Provenance
    ) -> set[WriteOutcome]:
        """Writes objects in parallel; returns the outcomes."""
        with ThreadPoolExecutor(_PARALLEL_WRITES) as pool:
            writes = [
                pool.submit(copy_context().run, self.write, bucket, item, provenance)
                for item in items
            ]
            return {write.result() for write in writes}

    def delete_stale(
        self, bucket: str, folder: str, stale: Callable[[str, Provenance], bool]
    ) -> None:
        """Deletes the objects in `folder` that are stale by their relative names and provenances.

        Each delete is bound to the generation that was seen, so nothing newer can be hit.
        """
        for blob in self._list(bucket, folder):
            if not stale(blob.name.removeprefix(folder), Provenance.of(blob)):
                continue
            try:
                blob.delete(if_generation_match=blob.generation, timeout=TIMEOUT, retry=RETRY)
            except (NotFound, PreconditionFailed):
                _log.info("another worker swept it first", extra={"object": blob.name})

    def find(self, bucket: str, name: str) -> storage.Blob | None:
        """The newest generation of an object, without its content; None where there is none."""
        return self.client.bucket(bucket).get_blob(name, timeout=TIMEOUT, retry=RETRY)

    def _list(self, bucket: str, folder: str) -> Iterator[storage.Blob]:
        return self.client.list_blobs(bucket, prefix=folder, timeout=TIMEOUT, retry=RETRY)


def _chunks(blob: storage.Blob, ref: ObjectRef) -> Iterator[bytes]:
    """What is stored, as it is stored."""
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


def _gunzip(packed: Iterable[bytes], max_bytes: int, size: int) -> Iterator[bytes]:
    """What was gzipped, at most `max_bytes` of it, in parts of at most `size` bytes."""
    decompressor = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)  # 16: a gzip header
    remaining = max_bytes
    for chunk in packed:
        pending, is_full = chunk, True
        while (pending or is_full) and not decompressor.eof:
            limit = min(size, remaining + 1)
            try:
                data = decompressor.decompress(pending, limit)
            except zlib.error as error:
                raise Rejected(
                    ReasonCode.CORRUPT_IMAGE,
                    f"The file was uploaded gzipped and is broken ({error}).",
                ) from error
            pending, is_full = decompressor.unconsumed_tail, len(data) == limit
            remaining -= len(data)
            if remaining < 0:
                raise Rejected(
                    ReasonCode.TOO_MANY_BYTES,
                    f"Unpacked, the file has more than {max_bytes:,} bytes (MAX_BYTES).",
                )
            yield data
