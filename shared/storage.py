"""Google Cloud Storage: bounded reads, and writes that are monotone in the source's generation."""

import logging
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from re import Pattern

from google.api_core.exceptions import NotFound, PreconditionFailed
from google.cloud import storage
from google.cloud.storage.retry import DEFAULT_RETRY

from shared.errors import Superseded, Transient

_log = logging.getLogger(__name__)

_RETRY = DEFAULT_RETRY.with_timeout(20)
_TIMEOUT = (5, 30)
"""Seconds to connect and between bytes; with _RETRY well inside the ack deadline."""

_PARALLEL_WRITES = 4
_RACES = 5
_GENERATION_KEY = "source-generation"
_CONFIG_KEY = "config"


@dataclass(frozen=True, slots=True)
class ObjectRef:
    """One generation of one object."""

    bucket: str
    name: str
    generation: int

    def __str__(self) -> str:
        """As gsutil writes it."""
        return f"gs://{self.bucket}/{self.name}#{self.generation}"


@dataclass(frozen=True, slots=True)
class Stamp:
    """What every object of a result carries: which upload it shows, under which settings."""

    generation: int
    config: str

    @classmethod
    def of(cls, blob: storage.Blob) -> "Stamp":
        """What an object shows; an object that is not ours counts as older than any upload."""
        metadata = blob.metadata or {}
        generation = metadata.get(_GENERATION_KEY, "")
        return cls(int(generation) if generation.isdigit() else -1, metadata.get(_CONFIG_KEY, ""))

    @property
    def metadata(self) -> dict[str, str]:
        """As custom metadata of a GCS object."""
        return {_GENERATION_KEY: str(self.generation), _CONFIG_KEY: self.config}


class Outcome(Enum):
    """What became of a monotone write."""

    CREATED = "created"
    REPLACED = "replaced"
    SAME = "same"
    NEWER_EXISTS = "newer-exists"


@dataclass(frozen=True, slots=True)
class Item:
    """One object to be written; `content` is called once, by the thread that uploads it."""

    name: str
    content_type: str
    content: Callable[[], bytes]


class Storage:
    """The two buckets. Builds its client on first use; safe to share between threads."""

    @cached_property
    def _client(self) -> storage.Client:
        return storage.Client()

    def read(self, ref: ObjectRef, max_bytes: int) -> bytes:
        """The content of that very generation, at most `max_bytes` of it.

        Raises:
            Superseded: the generation is gone, overwritten or deleted.
        """
        blob = self._client.bucket(ref.bucket).blob(ref.name, generation=ref.generation)
        try:
            return blob.download_as_bytes(end=max_bytes - 1, timeout=_TIMEOUT, retry=_RETRY)
        except NotFound as error:
            raise Superseded(f"{ref} is gone") from error

    def write(self, bucket: str, item: Item, stamp: Stamp) -> Outcome:
        """Writes one object unless it is there already or shows a newer upload.

        First as if nothing were there, so that the common path is a single request.

        Raises:
            Transient: other writers won every race.
        """
        blob = self._client.bucket(bucket).blob(item.name)
        blob.metadata = stamp.metadata
        data = item.content()
        expected = 0
        for _ in range(_RACES):
            try:
                blob.upload_from_string(
                    data,
                    content_type=item.content_type,
                    if_generation_match=expected,
                    checksum="crc32c",
                    timeout=_TIMEOUT,
                    retry=_RETRY,
                )
            except PreconditionFailed:
                found = self._client.bucket(bucket).get_blob(
                    item.name, timeout=_TIMEOUT, retry=_RETRY
                )
                if found is None:
                    expected = 0
                    continue
                there = Stamp.of(found)
                if there == stamp:
                    return Outcome.SAME
                if there.generation > stamp.generation:
                    return Outcome.NEWER_EXISTS
                expected = found.generation
            else:
                return Outcome.REPLACED if expected else Outcome.CREATED
        raise Transient(f"gs://{bucket}/{item.name}: lost {_RACES} races against other writers")

    def write_all(self, bucket: str, items: Iterable[Item], stamp: Stamp) -> set[Outcome]:
        """Writes objects side by side and tells what became of them."""
        with ThreadPoolExecutor(_PARALLEL_WRITES) as pool:
            return set(pool.map(lambda item: self.write(bucket, item, stamp), items))

    def sweep(
        self, bucket: str, folder: str, owned: Pattern[str], stale: Callable[[Stamp], bool]
    ) -> None:
        """Deletes what is `stale` of the objects in `folder`.

        Only names that match `owned` (relative to the folder) are touched: the results of an
        upload called `cat.png/dog.png` lie inside the folder of `cat.png`. Each delete is bound
        to the generation that was seen, so nothing newer can be hit.
        """
        for blob in self._client.list_blobs(bucket, prefix=folder, timeout=_TIMEOUT, retry=_RETRY):
            if not owned.fullmatch(blob.name.removeprefix(folder)) or not stale(Stamp.of(blob)):
                continue
            try:
                blob.delete(if_generation_match=blob.generation, timeout=_TIMEOUT, retry=_RETRY)
            except (NotFound, PreconditionFailed):
                _log.info("another worker swept it first", extra={"object": blob.name})
