"""Reads the names of uploads from Cloud Storage, in their order, within bounds.

Cloud Storage lists objects only by name. So a search, a count, and the newest uploads need a scan.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from google.api_core.page_iterator import HTTPIterator
from google.cloud import storage

from shared.api.buckets import Buckets
from shared.api.upload_filter import DELIMITER, UploadFilter
from shared.gcp.gcs import RETRY, TIMEOUT
from shared.runtime.deadline import Check, Deadline, uncancelled


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one request may read: the first `objects` by name, for at most `seconds`.

    Chosen by hand: larger bounds show more of a large bucket, but a person waits for them, they
    occupy a thread, and a listing of 1,000 objects costs 0.000005 USD (docs/decisions.md). The
    time is checked between two batches, so a slow one exceeds it by its own. A `batch` has the most
    objects that Cloud Storage returns in a page of a listing:
    https://cloud.google.com/storage/docs/json_api/v1/objects/list.
    """

    objects: int = 20_000
    seconds: float = 10
    batch: int = 1000


@dataclass(frozen=True, slots=True)
class Batch:
    """Matching uploads and sub-folders that follow each other; `end` is the last name read."""

    uploads: list[storage.Blob]
    folders: list[str]
    end: str


class UploadScan:
    """One pass over the uploads of a filter. It begins when it is created.

    `scanned` is the number of objects and folders that were read. `complete` says whether there are
    no more; if not, the bounds ended the scan. At least one batch is always read.
    """

    def __init__(
        self, buckets: Buckets, wanted: UploadFilter, bounds: Bounds, check: Check = uncancelled
    ) -> None:
        self._buckets = buckets
        self._wanted = wanted
        self._bounds = bounds
        self._deadline = Deadline.after(bounds.seconds, check)
        self.scanned = 0
        self.complete = False

    def batches(self, after: str = "", size: int | None = None) -> Iterator[Batch]:
        """Yields batches of objects and folders, from behind the name `after`.

        `size` is the most that a batch has, if it is not that of the bounds.

        Raises:
            Cancelled: raised by `check`, between two batches.
        """
        listing = self._list(after, size or self._bounds.batch)
        end = after
        for page in listing.pages:
            blobs, folders = list(page), sorted(page.prefixes)
            self.scanned += len(blobs) + len(folders)
            self.complete = listing.next_page_token is None
            end = max([end, *(blob.name for blob in blobs[-1:]), *folders[-1:]])
            new = [blob for blob in blobs if blob.name != after]
            uploads = [blob for blob in new if self._wanted.matches(blob.name)]
            yield Batch(uploads, list(filter(self._wanted.matches, folders)), end)
            if self.scanned >= self._bounds.objects or not self._deadline.left:
                return
            self._deadline.check()

    def _list(self, after: str, size: int) -> HTTPIterator:
        """Returns the listing. It may begin with `after` itself.

        Behind a folder come the names that differ from it in the delimiter.
        """
        start = after
        if self._wanted.is_folder(after):
            start = after.removesuffix(DELIMITER) + chr(ord(DELIMITER) + 1)
        return self._buckets.storage.client.list_blobs(
            self._buckets.input,
            prefix=self._wanted.full_prefix,
            delimiter=self._wanted.delimiter,
            start_offset=start or None,
            page_size=min(size, self._bounds.objects),
            fields="items(name,generation,size,updated),prefixes,nextPageToken",
            timeout=TIMEOUT,
            retry=RETRY,
        )
