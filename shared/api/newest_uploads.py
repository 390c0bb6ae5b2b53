"""Lists the newest uploads first, among the first ones by name."""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from google.cloud import storage

from shared.api import page_tokens
from shared.api.upload_listing import Upload, UploadListing, UploadPage, UploadQuery
from shared.api.upload_scan import Batch
from shared.runtime.deadline import Check, uncancelled
from shared.schemas.base import Record

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class _AgePosition(Record):
    """Behind an entry: `age` is its time in microseconds before 1970, and null for a folder."""

    age: int | None
    name: str

    @property
    def rank(self) -> tuple[bool, int, str]:
        """The key of the order: folders by name, then uploads by age, then by name."""
        return (self.age is not None, self.age or 0, self.name)


@dataclass(frozen=True, slots=True)
class _Entry:
    """A sub-folder, an upload, or an upload whose state is not known yet."""

    position: _AgePosition
    item: str | Upload | storage.Blob


class NewestUploads:
    """Lists the newest uploads. Safe to share between threads.

    Each page scans the uploads again, and keeps only its own in memory. So it needs no state
    between two requests, and a page is never older than its request.
    """

    def __init__(self, listing: UploadListing) -> None:
        self._listing = listing

    def page(self, query: UploadQuery, check: Check = uncancelled) -> UploadPage:
        """Returns a page: sub-folders by name, then uploads from the newest to the oldest.

        Raises:
            Refused: the token is invalid.
            Cancelled: raised by `check`.
        """
        after = page_tokens.decoded(_AgePosition, query.page) if query.page else None
        scan = self._listing.scan(query, check)
        entries = (
            entry
            for batch in scan.batches()
            for entry in self._entries(batch, query)
            if after is None or entry.position.rank > after.rank
        )
        first = heapq.nsmallest(query.limit + 1, entries, key=lambda entry: entry.position.rank)
        page = first[: query.limit]
        return UploadPage(
            uploads=tuple(self._uploads(page)),
            folders=tuple(entry.item for entry in page if isinstance(entry.item, str)),
            next=page_tokens.encoded(page[-1].position) if len(first) > query.limit else None,
            complete=scan.complete,
        )

    def _entries(self, batch: Batch, query: UploadQuery) -> Iterator[_Entry]:
        """Yields the entries of a batch. They have their states only if the query needs them."""
        for folder in batch.folders:
            yield _Entry(_AgePosition(age=None, name=folder), folder)
        if query.is_selective:
            wanted = filter(query.wants, self._listing.uploads(batch.uploads))
            yield from (_Entry(_position(item.name, item.updated), item) for item in wanted)
        else:
            yield from (_Entry(_position(item.name, item.updated), item) for item in batch.uploads)

    def _uploads(self, page: list[_Entry]) -> list[Upload]:
        """Returns the uploads of a page. Reads the states that are not known yet."""
        known = [entry.item for entry in page if isinstance(entry.item, Upload)]
        unknown = [entry.item for entry in page if isinstance(entry.item, storage.Blob)]
        return known or self._listing.uploads(unknown)


def _position(name: str, updated: datetime) -> _AgePosition:
    return _AgePosition(age=(_EPOCH - updated) // timedelta(microseconds=1), name=name)
