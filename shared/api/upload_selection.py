"""The uploads of an action, and what became of each."""

import logging
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, TypeVar

from google.api_core.exceptions import GoogleAPICallError, RetryError
from pydantic import FailFast, Field, WithJsonSchema

from shared.api.request_models import RequestModel
from shared.runtime.bounded_map import bounded_map
from shared.runtime.deadline import Deadline
from shared.schemas.base import Record
from shared.schemas.documents import Generation, ObjectName
from shared.schemas.errors import Transient

T = TypeVar("T")

_log = logging.getLogger(__name__)

MOST_UPLOADS = 200
"""Limit for the uploads of one request: those of the longest page of a listing (UploadQuery)."""

MOST_BODY_BYTES = 2 * 2**20
"""Limit for the JSON of a selection, in bytes. The longest valid one has 1.3 MB, because JSON may
write each byte of a name as up to 6 characters."""

_PARALLEL = 8
"""Uploads that are handled at a time. Chosen by hand: more are faster, but need more connections
and more threads."""

_ACTION_SECONDS = 40
"""Time after which no further upload of a request is begun. Chosen by hand: the retries of the
last ones must fit into the time that Cloud Run allows for a request, 120 s by default."""


class ChosenUpload(Record):
    """One generation of an upload, as a listing shows it."""

    name: ObjectName
    generation: Annotated[
        Generation,
        WithJsonSchema(
            {
                "anyOf": [
                    {"type": "string", "pattern": "^[1-9][0-9]{0,17}$"},
                    {"type": "integer", "minimum": 1, "maximum": 2**53},
                ]
            }
        ),
    ] = Field(description="as text, or as a number")


class Selection(RequestModel):
    """The uploads of an action."""

    uploads: Annotated[tuple[ChosenUpload, ...], FailFast()] = Field(
        min_length=1, max_length=MOST_UPLOADS
    )

    @property
    def distinct(self) -> tuple[ChosenUpload, ...]:
        """The uploads, each once."""
        return tuple(dict.fromkeys(self.uploads))


class OutcomeCode(StrEnum):
    """What became of an upload."""

    DONE = "done"
    SUPERSEDED = "superseded"
    GONE = "gone"
    NO_RESULT = "no-result"
    FAILED = "failed"


class Outcome(Record):
    """What became of an upload.

    `done`: what was asked for. `superseded`: nothing was done, because a newer upload has this
    name. `gone`: there is no such upload. `no-result`: it is being processed. `failed`: see
    `detail`; the same request may succeed later.
    """

    name: str
    generation: str
    outcome: OutcomeCode
    detail: str | None = Field(description="a sentence for people; null if nothing is to be said")

    @classmethod
    def of(cls, upload: ChosenUpload, code: OutcomeCode, detail: str | None = None) -> "Outcome":
        """Returns the outcome of an upload."""
        return cls(name=upload.name, generation=str(upload.generation), outcome=code, detail=detail)


class Outcomes(Record):
    """What became of each upload, in the order of the request, each once."""

    outcomes: tuple[Outcome, ...]


def apply(act: Callable[[ChosenUpload], Outcome], selection: Selection) -> Outcomes:
    """Returns the outcomes of an action. An error of one upload is its outcome, and ends no other.

    Uploads that are not begun in `_ACTION_SECONDS` fail.
    """
    deadline = Deadline.after(_ACTION_SECONDS)

    def attempt(upload: ChosenUpload) -> Outcome:
        if not deadline.left:
            late = "This took too long, so it was not begun. Send it again."
            return Outcome.of(upload, OutcomeCode.FAILED, late)
        return with_errors(act, upload)

    return Outcomes(outcomes=tuple(bounded_map(attempt, selection.distinct, _PARALLEL)))


def with_errors(act: Callable[[ChosenUpload], T], upload: ChosenUpload) -> T | Outcome:
    """Returns what an action returns. An error of Google's services is an outcome, too."""
    try:
        return act(upload)
    except (GoogleAPICallError, RetryError, Transient, TimeoutError) as error:
        _log.exception("action failed", extra={"object": upload.name})
        code = error.code if isinstance(error, GoogleAPICallError) else None
        why = f"refused with {int(code)}" if code and code < 500 else "is not available now"
        detail = f"Google Cloud {why}. See the logs, and send it again later."
        return Outcome.of(upload, OutcomeCode.FAILED, detail)
