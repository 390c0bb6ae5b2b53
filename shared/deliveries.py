"""What stands between a push request and a use case: its context in the logs, and its answer.

A status of 2xx acknowledges a message; with any other it is delivered again.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus

from flask import Request
from flask.typing import ResponseReturnValue

from shared import logs
from shared.documents import Reason
from shared.errors import (
    ForeignMessage,
    ReasonCode,
    ToonmaskError,
    Transient,
    UnreadableMessage,
)
from shared.foreign_messages import record_foreign
from shared.messages import Message, receive
from shared.results import Results
from shared.settings import BucketSettings
from shared.storage import ObjectRef, Storage

_log = logging.getLogger(__name__)

_TRACE_FIELD = "logging.googleapis.com/trace"
_MOST_BYTES = 20 * 2**20
"""Pub/Sub takes messages of 10 MB, a third more as base64."""


def respond(
    request: Request,
    settings: BucketSettings,
    storage: Storage,
    handle: Callable[[Message], None],
) -> ResponseReturnValue:
    """Handles the message in a push request.

    200 once it is done with for good, and once it is recorded that it is not from this pipeline.
    422 for one that is, and that this version does not understand: Pub/Sub delivers it again, to
    another version perhaps, and keeps it among the dead letters at last. 503 where trouble may
    pass, 500 for what nobody foresaw.
    """
    if request.method != "POST":
        return "Messages are POSTed here.", HTTPStatus.METHOD_NOT_ALLOWED
    request.max_content_length = _MOST_BYTES
    body = request.get_data()

    def record(error: ForeignMessage) -> None:
        record_foreign(storage, settings.output_bucket, body, str(error))

    try:
        headers = {name.lower(): value for name, value in request.headers.items()}
        message = receive(headers, body)
    except ForeignMessage as error:
        return _answered(partial(record, error))

    def handle_or_record() -> None:
        try:
            handle(message)
        except ForeignMessage as error:
            record(error)

    with logs.about(**_story(message, settings)):
        return _answered(handle_or_record)


def _answered(work: Callable[[], None]) -> ResponseReturnValue:
    """The answer once the work is done, or has failed."""
    try:
        work()
    except UnreadableMessage as error:
        _log_failure(f"not understood: {error}")
        return "not understood", HTTPStatus.UNPROCESSABLE_ENTITY
    except Transient as error:
        _log_failure(str(error))
        return "failed", HTTPStatus.SERVICE_UNAVAILABLE
    except Exception:  # noqa: BLE001 - Pub/Sub is told, and delivers again
        _log.exception("delivery failed", extra={"state": "retrying"})
        return "failed", HTTPStatus.INTERNAL_SERVER_ERROR
    return "OK", HTTPStatus.OK


def _log_failure(why: str) -> None:
    _log.error("delivery failed", extra={"state": "retrying", "why": why})


def _story(message: Message, settings: BucketSettings) -> dict[str, object]:
    """The fields by which all lines about one delivery are found."""
    project = settings.trace_project
    trace = f"projects/{project}/traces/{message.trace}" if project else message.trace
    return {_TRACE_FIELD: trace, "attempt": message.attempt, "state": "working"}


@contextmanager
def last_words(
    results: Results, ref: ObjectRef, attempt: int, most_attempts: int
) -> Iterator[None]:
    """Writes why an upload failed where Pub/Sub is not going to deliver it again; raises on.

    The drain of dead letters does this too, for workers that were killed; but only here is it known
    what went wrong.
    """
    try:
        yield
    except ForeignMessage:
        raise
    except Exception as error:
        if attempt >= most_attempts:
            sentence = str(error) if isinstance(error, ToonmaskError) else type(error).__name__
            reason = Reason(
                code=ReasonCode.GAVE_UP,
                message=f"Given up after {attempt} deliveries, at last because of: {sentence}",
            )
            results.fail(ref, reason)
        raise
