"""Lists uploads with the states of their results."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from google.cloud import storage
from pydantic import BaseModel, ConfigDict, Field

from shared.api.buckets import Buckets
from shared.gcp.gcs import CHECKED_KEY, RETRY, REVIEW_KEY, STATUS_KEY, TIMEOUT
from shared.gcp.provenance import Provenance
from shared.schemas import object_names
from shared.schemas.base import Record
from shared.schemas.documents import Status

_MOST_PAGES = 10
"""Pages of Cloud Storage's listing that one request reads while it looks for a rare state. Chosen
by hand: a higher limit takes longer for a response, a lower one needs more requests."""

_MOST_RESULTS = 1000
"""Results in one listing. Cloud Storage returns at most 1,000 objects in a page:
https://cloud.google.com/storage/docs/json_api/v1/objects/list."""

_PARALLEL_REQUESTS = 8
"""Requests for single results that run at a time. Chosen by hand: more are faster for one page, but
need more connections."""

_STATUSES = frozenset(status.value for status in Status)


class Working(StrEnum):
    """The state of an upload that has no result yet."""

    WORKING = "working"


State = Status | Working


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


class UploadPage(Record):
    """Uploads in the order of their names; `next` is the token of the next page, or null."""

    uploads: tuple[Upload, ...]
    next: str | None


class UploadQuery(BaseModel):
    """Which uploads to list."""

    model_config = ConfigDict(frozen=True)

    prefix: str = Field("", description="only uploads whose names start with this")
    state: State | None = Field(None, description="only uploads in this state")
    review: Literal["all", "todo", "checked"] = Field(
        "all",
        description="todo: only results with reasons to review them that nobody has checked; "
        "checked: only results that a person has checked",
    )
    limit: int = Field(60, ge=1, le=200, description="uploads on a page")
    page: str | None = Field(None, description="token of a page: `next` of the page before it")

    def wants(self, upload: Upload) -> bool:
        """Whether the upload is in the state, and its review as far as asked for."""
        review = {
            "all": True,
            "todo": upload.to_review and not upload.checked,
            "checked": upload.checked,
        }
        return self.state in (None, upload.state) and review[self.review]


@dataclass(frozen=True, slots=True)
class _ListedResult:
    """The metadata of a result.json."""

    generation: int
    revision: int
    status: Status
    to_review: bool
    checked: bool


class UploadListing:
    """Lists the uploads of a pair of buckets. Safe to share between threads."""

    def __init__(self, buckets: Buckets) -> None:
        self._buckets = buckets

    def page(self, query: UploadQuery) -> UploadPage:
        """Returns a page of uploads.

        It has fewer than `limit` uploads if there are no more, or if `_MOST_PAGES` pages of the
        listing have fewer in the state. It may have more.
        """
        found: list[Upload] = []
        token = query.page
        for _ in range(_MOST_PAGES):
            blobs, token = self._list_uploads(query, token)
            results = self._results([blob.name for blob in blobs])
            uploads = (_upload(blob, results.get(object_names.folder(blob.name))) for blob in blobs)
            found += filter(query.wants, uploads)
            if token is None or len(found) >= query.limit:
                break
        return UploadPage(uploads=tuple(found), next=token)

    def _list_uploads(
        self, query: UploadQuery, token: str | None
    ) -> tuple[list[storage.Blob], str | None]:
        """Returns one page of Cloud Storage's listing, and the token of the next."""
        listing = self._buckets.storage.client.list_blobs(
            self._buckets.input,
            prefix=query.prefix,
            page_size=query.limit,
            page_token=token,
            fields="items(name,generation,size,updated),nextPageToken",
            timeout=TIMEOUT,
            retry=RETRY,
        )
        page = next(listing.pages, ())
        return list(page), listing.next_page_token

    def _results(self, names: Sequence[str]) -> dict[str, _ListedResult]:
        """Returns the metadata of the results of consecutive uploads, by folder.

        One listing has most of them. A single request is made for each result whose folder has
        another order than its upload (cut names), or that lies behind the first `_MOST_RESULTS`:
        `a-1/`, `a-2/` and so on come before `a/`. So no choice of names makes a page slow.
        """
        folders = sorted(
            object_names.folder(name) for name in names if not object_names.refusal(name)
        )
        in_order = sorted(set(folders) & {f"{name}/" for name in names})
        listed = self._list_results(in_order[0], in_order[-1]) if in_order else []
        found = {blob.name.removesuffix(object_names.RESULT): blob for blob in listed}
        known = in_order if len(listed) < _MOST_RESULTS else found
        missing = sorted(set(folders).difference(known))
        with ThreadPoolExecutor(_PARALLEL_REQUESTS) as pool:
            blobs = zip(missing, pool.map(self._find_result, missing), strict=True)
            found |= {folder: blob for folder, blob in blobs if blob}
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
                fields="items(name,metadata),nextPageToken",
                timeout=TIMEOUT,
                retry=RETRY,
            )
        )

    def _find_result(self, folder: str) -> storage.Blob | None:
        return self._buckets.storage.find(self._buckets.output, folder + object_names.RESULT)


def _parse_metadata(result: storage.Blob) -> _ListedResult | None:
    """Returns the metadata of a result.json; None if this pipeline did not write it."""
    metadata = result.metadata or {}
    status, to_review = metadata.get(STATUS_KEY), metadata.get(REVIEW_KEY, "0") != "0"
    if status not in _STATUSES:
        return None
    generation, revision = Provenance.of(result).edition
    checked = CHECKED_KEY in metadata
    return _ListedResult(generation, revision, Status(status), to_review, checked)


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
    )
