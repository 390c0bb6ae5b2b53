"""Counts uploads by their states."""

from collections import Counter

from pydantic import Field

from shared.api.buckets import Buckets
from shared.api.upload_filter import UploadFilter
from shared.api.upload_listing import State, UploadListing, Working
from shared.api.upload_scan import Bounds, UploadScan
from shared.runtime.deadline import Check, uncancelled
from shared.schemas.base import Record
from shared.schemas.documents import Status


class UploadCounts(Record):
    """Numbers of uploads."""

    states: dict[State, int] = Field(description="by state; all states are there")
    to_review: int = Field(description="those whose results have reasons to review them")
    complete: bool = Field(
        description="false: only the first uploads by name were counted, up to the bounds of a "
        "request"
    )


def count(
    buckets: Buckets,
    listing: UploadListing,
    wanted: UploadFilter,
    bounds: Bounds,
    check: Check = uncancelled,
) -> UploadCounts:
    """Counts the uploads of a filter by state. The memory does not depend on their number.

    Raises:
        Cancelled: raised by `check`.
    """
    states: Counter[State] = Counter()
    to_review = 0
    scan = UploadScan(buckets, wanted, bounds, check)
    for batch in scan.batches():
        uploads = listing.uploads(batch.uploads)
        states.update(upload.state for upload in uploads)
        to_review += sum(upload.to_review for upload in uploads)
    return UploadCounts(
        states={state: states[state] for state in (*Working, *Status)},
        to_review=to_review,
        complete=scan.complete,
    )
