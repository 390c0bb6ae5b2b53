"""Counts uploads by their states and reviews."""

from collections import Counter
from typing import get_args

from pydantic import Field

from shared.api.upload_filter import UploadFilter
from shared.api.upload_listing import Review, State, UploadListing, Working
from shared.runtime.deadline import Check, uncancelled
from shared.schemas.base import Record
from shared.schemas.documents import Status


class UploadCounts(Record):
    """Numbers of uploads."""

    states: dict[State, int] = Field(description="by state; all states are there")
    review: dict[Review, int] = Field(
        description="todo: results with reasons to review them that nobody has checked; checked: "
        "results that a person has checked"
    )
    complete: bool = Field(
        description="false: only the first uploads by name were counted, up to the bounds of a "
        "request"
    )


def count(listing: UploadListing, wanted: UploadFilter, check: Check = uncancelled) -> UploadCounts:
    """Counts the uploads of a filter. The memory does not depend on their number.

    Raises:
        Cancelled: raised by `check`.
    """
    states: Counter[State] = Counter()
    reviews: Counter[Review | None] = Counter()
    scan = listing.scan(wanted, check)
    for batch in scan.batches():
        uploads = listing.uploads(batch.uploads)
        states.update(upload.state for upload in uploads)
        reviews.update(upload.review for upload in uploads)
    return UploadCounts(
        states={state: states[state] for state in (*Working, *Status)},
        review={review: reviews[review] for review in get_args(Review)},
        complete=scan.complete,
    )
