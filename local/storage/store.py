"""Buckets and objects. Contents are files in a folder, everything else is in the index."""

import base64
import hashlib
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import google_crc32c

from local.storage import notifications, resources
from local.storage.errors import conflict, invalid, not_found
from local.storage.index import Entry, Index
from local.storage.paths import file_for
from local.storage.preconditions import Preconditions

_LONGEST_NAME = 1024
"""Limit for an object's name, in bytes: https://cloud.google.com/storage/docs/objects#naming."""


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of a listing. `prefixes` are the folders by the delimiter."""

    entries: list[Entry]
    prefixes: list[str]
    next_start: str | None


class Store:
    """All buckets and objects. Safe to share between threads."""

    def __init__(self, root: Path) -> None:
        self._root = root
        root.mkdir(parents=True, exist_ok=True)
        self.index = Index(root / ".index.sqlite")

    def create_bucket(self, name: str) -> str:
        """Creates a bucket; returns its creation time.

        Raises:
            ApiError: 409 if it exists.
        """
        created = now()
        if not self.index.add_bucket(name, created):
            raise conflict(f"The bucket {name} already exists.")
        (self._root / name).mkdir(exist_ok=True)
        return created

    def delete_bucket(self, name: str) -> None:
        """Deletes a bucket.

        Raises:
            ApiError: 409 if it is not empty, 404 if it does not exist.
        """
        self.require_bucket(name)
        if next(self.index.scan(name, "", ""), None):
            raise conflict(f"The bucket {name} is not empty.")
        self.index.remove_bucket(name)

    def require_bucket(self, name: str) -> str:
        """Returns the creation time of a bucket.

        Raises:
            ApiError: 404 if it does not exist.
        """
        created = self.index.buckets().get(name)
        if created is None:
            raise not_found(f"bucket {name}")
        return created

    def put(
        self,
        bucket: str,
        name: str,
        content: bytes,
        fields: Mapping[str, Any],
        conditions: Preconditions,
    ) -> Entry:
        """Stores a new generation atomically, and announces it.

        `fields` is the resource that the client sent. Its md5Hash and crc32c are checked.

        Raises:
            ApiError: name, checksum or fields are invalid, or a precondition is not met.
        """
        self.require_bucket(bucket)
        _check_name(name)
        crc32c = base64.b64encode(google_crc32c.value(content).to_bytes(4, "big")).decode()
        md5 = base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()
        for sent, actual in (("crc32c", crc32c), ("md5Hash", md5)):
            if fields.get(sent, actual) != actual:
                raise invalid(f"Provided {sent} {fields[sent]} does not match {actual}.")
        with self.index.transaction():
            before = self.index.get(bucket, name)
            _check(conditions, before)
            created = now()
            entry = Entry(
                bucket=bucket,
                name=name,
                generation=self.index.next_generation(),
                metageneration=1,
                size=len(content),
                crc32c=crc32c,
                md5=md5,
                created=created,
                updated=created,
                file=before.file if before else str(file_for(self._root, bucket, name)),
                fields=resources.settable(fields),
            )
            self._write(self._root / entry.file, content)
            self.index.put(entry)
            if before:
                notifications.announce_overwritten(self.index, before, entry)
            notifications.announce_finalized(self.index, entry, before)
        return entry

    def get(
        self, bucket: str, name: str, generation: int | None, conditions: Preconditions
    ) -> Entry:
        """Returns the live object. Raises ApiError if `generation` is another, as all below."""
        entry = self._live(bucket, name, generation)
        conditions.check(entry.generation, entry.metageneration, reading=True)
        return entry

    def open(self, bucket: str, name: str, generation: int | None) -> tuple[Entry, BinaryIO]:
        """Returns an object with its content, which stays readable if the object is overwritten."""
        with self.index.transaction():
            entry = self._live(bucket, name, generation)
            return entry, (self._root / entry.file).open("rb")

    def patch(
        self, bucket: str, name: str, changes: Mapping[str, Any], conditions: Preconditions
    ) -> Entry:
        """Changes fields that clients may set. null removes one; `metadata` is merged by key."""
        with self.index.transaction():
            before = self._live(bucket, name, None)
            _check(conditions, before)
            entry = replace(
                before,
                metageneration=before.metageneration + 1,
                updated=now(),
                fields=resources.merged(before.fields, resources.settable(changes)),
            )
            self.index.put(entry)
            notifications.announce_metadata_update(self.index, entry)
        return entry

    def delete(
        self, bucket: str, name: str, generation: int | None, conditions: Preconditions
    ) -> None:
        """Deletes the live object."""
        with self.index.transaction():
            entry = self._live(bucket, name, generation)
            _check(conditions, entry)
            self.index.remove(bucket, name)
            notifications.announce_deleted(self.index, entry)
            self.index.move(self._root / entry.file, None)
        with self.index.transaction():  # so that no write uses a folder that is being removed
            self._drop_empty_folders((self._root / entry.file).parent, self._root / bucket)

    def list(self, bucket: str, query: resources.ListQuery) -> Listing:
        """Returns one page, in the order of names. Objects and folders count towards its limit."""
        self.require_bucket(bucket)
        entries: list[Entry] = []
        prefixes: list[str] = []
        for entry in self.index.scan(bucket, query.start, query.prefix):
            if query.end and entry.name >= query.end:
                break
            folder = query.folder_of(entry.name)
            if folder is not None and prefixes[-1:] == [folder]:
                continue
            if len(entries) + len(prefixes) >= query.most:
                return Listing(entries, prefixes, entry.name)
            if folder is not None:
                prefixes.append(folder)
            elif query.matches(entry.name):
                entries.append(entry)
        return Listing(entries, prefixes, None)

    def _live(self, bucket: str, name: str, generation: int | None) -> Entry:
        self.require_bucket(bucket)
        entry = self.index.get(bucket, name)
        if entry is None or generation not in (None, entry.generation):
            raise not_found(f"{bucket}/{name}")
        return entry

    def _write(self, file: Path, content: bytes) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=self._root, prefix=".new-", delete=False) as new:
            try:
                new.write(content)
                new.flush()
            except OSError:  # the disk may be full
                Path(new.name).unlink()
                raise
        self.index.move(Path(new.name), file)

    def _drop_empty_folders(self, folder: Path, bucket: Path) -> None:
        while folder != bucket and folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
            folder = folder.parent


def _check_name(name: str) -> None:
    """Checks the rules of https://cloud.google.com/storage/docs/objects#naming."""
    if not 1 <= len(name.encode()) <= _LONGEST_NAME:
        raise invalid(f"Object names must have 1 to {_LONGEST_NAME} bytes.")
    if name in (".", "..") or "\n" in name or "\r" in name:
        raise invalid("Object names must not be . or .., and must not have line breaks.")


def now() -> str:
    """Returns the current time in the API's format, RFC 3339."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _check(conditions: Preconditions, entry: Entry | None) -> None:
    if entry is None:
        conditions.check(0, 0)
    else:
        conditions.check(entry.generation, entry.metageneration)
