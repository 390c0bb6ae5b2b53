"""Lists uploads with the states of their results, in the order of their names."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from google.cloud import storage
from pydantic import Field

from shared.api import page_tokens
from shared.api.buckets import Buckets
from shared.api.upload_filter import UploadFilter
from shared.api.upload_scan import Bounds, UploadScan
from shared.gcp.gcs import CHECKED_KEY, RETRY, REVIEW_KEY, STATUS_KEY, TIMEOUT
from shared.gcp.provenance import Provenance
from shared.runtime.bounded_map import bounded_map
from shared.runtime.deadline import Check, uncancelled
from shared.schemas import object_names
from shared.schemas.base import Record
from shared.schemas.documents import Status

_MOST_RESULTS = 1000
"""Results in one listing. Cloud Storage returns at most 1,000 objects in a page:
https://cloud.google.com/storage/docs/json_api/v1/objects/list."""

_LEAST_PER_LISTING = 50
"""Results that one listing must find so that another one follows; fewer are read one by one. Chosen
by hand: with `_PARALLEL_REQUESTS`, so many single requests take about as long as a listing."""

_PARALLEL_REQUESTS = 8
"""Requests for single results that run at a time. Chosen by hand: more are faster for one page, but
need more connections."""

_STATUSES = frozenset(status.value for status in Status)


class Working(StrEnum):
    """The state of an upload that has no result yet."""

    WORKING = "working"


State = Status | Working

Review = Literal["todo", "checked"]
"""Whether a person has to check a result, or has done it."""


class Upload(Record):
    """An upload: the newest generation of an object in the input bucket."""

    name: str
    generation: str
    size: int = Field(description="in bytes")
    updated: datetime
    state: State
    to_review: bool = Field(description="whether the result has reasons to review it")
    checked: bool = Field(description="whether a person has checked the result")
    revision: int = Field(description="revision of the prompts of the result; 0: not corrected")
    result: str | None = Field(
        description="generation of its result.json: another one is another result; null: none yet"
    )

    @property
    def review(self) -> Review | None:
        """Whether a person has to check the result, or has done it; else None."""
        if self.checked:
            return "checked"
        return "todo" if self.to_review else None


class UploadPage(Record):
    """Uploads and sub-folders; `next` is the token of the next page, or null."""

    uploads: tuple[Upload, ...]
    folders: tuple[str, ...] = Field(
        description="names of sub-folders, as album/2026/; only of a query with `folder`"
    )
    next: str | None
    complete: bool = Field(
        description="false: the search ended at the bounds of a request. In the order of names "
        "`next` continues it; newest first, uploads behind the first ones by name are missing"
    )


class UploadQuery(UploadFilter):
    """Which uploads to list, and in which order."""

    state: State | None = Field(None, description="only uploads in this state")
    review: Literal["all", Review] = Field(
        "all",
        description="todo: only results with reasons to review them that nobody has checked; "
        "checked: only results that a person has checked",
    )
    order: Literal["name", "newest"] = Field(
        "name", description="newest: sub-folders by name, then uploads by `updated`, newest first"
    )
    limit: int = Field(60, ge=1, le=200, description="uploads and sub-folders on a page")
    page: str | None = Field(None, description="token of a page: `next` of the page before it")

    @property
    def is_one_page(self) -> bool:
        """Whether a page of Cloud Storage's listing has all uploads of this page: no search."""
        return self.order == "name" and not (self.contains or self.is_selective)

    @property
    def is_selective(self) -> bool:
        """Whether it takes the result of an upload to know that the upload is wanted."""
        return self.state is not None or self.review != "all"

    def wants(self, upload: Upload) -> bool:
        """Whether an upload whose name matches is in the state, and its review as asked for."""
        return self.state in (None, upload.state) and self.review in ("all", upload.review)


class _NamePosition(Record):
    """Behind an upload or a sub-folder, in the order of names."""

    after: str


@dataclass(frozen=True, slots=True)
class _ListedResult:
    """The metadata of a result.json; `object_generation` is its own."""

    object_generation: int
    generation: int
    revision: int
    status: Status
    to_review: bool
    checked: bool


class UploadListing:
    """Lists the uploads of a pair of buckets. Safe to share between threads."""

    def __init__(self, buckets: Buckets, bounds: Bounds) -> None:
        self._buckets = buckets
        self._bounds = bounds

    def page(self, query: UploadQuery, check: Check = uncancelled) -> UploadPage:
        """Returns a page in the order of names.

        It is shorter than `limit` only if nothing follows, or if the bounds ended the search.

        Raises:
            Refused: the token is invalid.
            Cancelled: raised by `check`.
        """
        after = page_tokens.decoded(_NamePosition, query.page).after if query.page else ""
        size = query.limit + 1 if query.is_one_page else None  # 1: `after` may be listed again
        scan = self.scan(query, check)
        found: list[Upload | str] = []
        for batch in scan.batches(after, size):
            after = batch.end
            uploads = filter(query.wants, self.uploads(batch.uploads))
            found += sorted([*batch.folders, *uploads], key=_name)
            if len(found) >= query.limit:
                break
        page, is_cut = found[: query.limit], len(found) > query.limit
        position = _NamePosition(after=_name(page[-1]) if is_cut else after)
        is_last = scan.complete and not is_cut
        return UploadPage(
            uploads=tuple(entry for entry in page if isinstance(entry, Upload)),
            folders=tuple(entry for entry in page if isinstance(entry, str)),
            next=None if is_last else page_tokens.encoded(position),
            complete=scan.complete or len(found) >= query.limit,
        )

    def scan(self, wanted: UploadFilter, check: Check = uncancelled) -> UploadScan:
        """Returns a scan of the uploads of a filter, within the bounds."""
        return UploadScan(self._buckets, wanted, self._bounds, check)

    def uploads(self, blobs: Iterable[storage.Blob]) -> list[Upload]:
        """Returns uploads with their states, in the same order.

        It takes few requests if the uploads follow each other by name.
        """
        blobs = list(blobs)
        results = self._results([blob.name for blob in blobs])
        return [_upload(blob, results.get(object_names.folder(blob.name))) for blob in blobs]

    def _results(self, names: Sequence[str]) -> dict[str, _ListedResult]:
        """Returns the metadata of the results of uploads, by folder.

        Listings have most of them, and each begins at a result that is still unknown. Single
        requests are made for folders in another order than their uploads (cut names), and where
        other results lie in between: `a-1/`, `a-2/` and so on come before `a/`. So no choice of
        names makes a page slow.
        """
        folders = {object_names.folder(name) for name in names if not object_names.refusal(name)}
        in_order = sorted(folders & {f"{name}/" for name in names})
        missing = sorted(folders.difference(in_order))
        found: dict[str, storage.Blob] = {}
        while in_order:
            listed = self._list_results(in_order[0], in_order[-1])
            found |= {blob.name.removesuffix(object_names.RESULT): blob for blob in listed}
            if len(listed) < _MOST_RESULTS:
                break
            known = bisect_right(in_order, listed[-1].name.removesuffix(object_names.RESULT))
            in_order = in_order[known:]
            if known < _LEAST_PER_LISTING:
                missing += in_order
                break
        blobs = bounded_map(self._find_result, missing, _PARALLEL_REQUESTS)
        found |= {folder: blob for folder, blob in zip(missing, blobs, strict=True) if blob}
        parsed = {folder: _parse_metadata(blob) for folder, blob in found.items()}
        return {folder: result for folder, result in parsed.items() if result}

    def _list_results(self, first: str, last: str) -> list[storage.Blob]:
        """Returns the first `_MOST_RESULTS` results from folder `first` to folder `last`."""
        return list(
            self._buckets.storage.client.list_blobs(
                self._buckets.output,
                start_offset=first,
                end_offset=last + object_names.RESULT + "\0",
                match_glob=f"**/{object_names.RESULT}",
                max_results=_MOST_RESULTS,
                fields="items(name,generation,metadata),nextPageToken",
                timeout=TIMEOUT,
                retry=RETRY,
            )
        )

    def _find_result(self, folder: str) -> storage.Blob | None:
        return self._buckets.storage.find(self._buckets.output, folder + object_names.RESULT)


def _name(entry: Upload | str) -> str:
    return entry if isinstance(entry, str) else entry.name


def _parse_metadata(result: storage.Blob) -> _ListedResult | None:
    """Returns the metadata of a result.json; None if this pipeline did not write it."""
    metadata = result.metadata or {}
    status, to_review = metadata.get(STATUS_KEY), metadata.get(REVIEW_KEY, "0") != "0"
    if status not in _STATUSES:
        return None
    generation, revision = Provenance.of(result).edition
    checked = CHECKED_KEY in metadata
    return _ListedResult(
        result.generation, generation, revision, Status(status), to_review, checked
    )


def _upload(blob: storage.Blob, result: _ListedResult | None) -> Upload:
    """Returns the upload with its state.

    A result of an older generation does not count. An upload with a refused name is `rejected`
    without a result.
    """
    current = result if result is not None and result.generation >= blob.generation else None
    pending = Status.REJECTED if object_names.refusal(blob.name) else Working.WORKING
    return Upload(
        name=blob.name,
        generation=str(blob.generation),
        size=blob.size,
        updated=blob.updated,
        state=current.status if current else pending,
        to_review=current.to_review if current else False,
        checked=current.checked if current else False,
        revision=current.revision if current else 0,
        result=str(current.object_generation) if current else None,
    )
