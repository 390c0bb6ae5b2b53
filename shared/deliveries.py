"""What stands between a push request and a use case: its context in the logs, and its answer.

A status of 2xx acknowledges a message; with any other it is delivered again.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus

from flask import Request
from flask.typing import ResponseReturnValue

from shared import logs
from shared.documents import Reason
from shared.errors import BadMessage, ReasonCode, ToonmaskError, Transient
from shared.messages import Message, receive
from shared.results import Results
from shared.settings import BucketSettings
from shared.storage import ObjectRef

_log = logging.getLogger(__name__)

_TRACE_FIELD = "logging.googleapis.com/trace"
_MOST_BYTES = 20 * 2**20
"""Pub/Sub takes messages of 10 MB, a third more as base64."""


def respond(
    request: Request, settings: BucketSettings, handle: Callable[[Message], None]
) -> ResponseReturnValue:
    """Handles the message in a push request.

    200 once it is done with for good, also where it is no message of this pipeline: redelivery
    would never mend that. 503 where trouble may pass, 500 for what nobody foresaw.
    """
    if request.method != "POST":
        return "Messages are POSTed here.", HTTPStatus.METHOD_NOT_ALLOWED
    request.max_content_length = _MOST_BYTES
    try:
        headers = {name.lower(): value for name, value in request.headers.items()}
        message = receive(headers, request.get_data())
    except BadMessage as error:
        return _drop(error)
    with logs.about(**_story(message, settings)):
        try:
            handle(message)
        except BadMessage as error:
            return _drop(error)
        except Transient as error:
            told = {"state": "retrying", "why": str(error)}
            _log.error("delivery failed", extra=told)
            return "failed", HTTPStatus.SERVICE_UNAVAILABLE
        except Exception:  # noqa: BLE001 - Pub/Sub is told, and delivers again
            _log.exception("delivery failed", extra={"state": "retrying"})
            return "failed", HTTPStatus.INTERNAL_SERVER_ERROR
    return "OK", HTTPStatus.OK


def _drop(error: BadMessage) -> ResponseReturnValue:
    _log.error("dropped: %s", error, extra={"state": "dropped"})
    return "dropped", HTTPStatus.OK


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
    except BadMessage:
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
