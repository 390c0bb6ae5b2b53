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

from shared.gcp.events import EVENT_TYPE, Message, receive
from shared.gcp.gcs import ObjectRef, Storage
from shared.gcp.push_tokens import PushTokens
from shared.pipeline.foreign_messages import record_foreign
from shared.pipeline.result_store import ResultStore
from shared.runtime import logs
from shared.schemas.documents import Reason
from shared.schemas.errors import (
    ForeignMessage,
    ReasonCode,
    ToonmaskError,
    Transient,
    UnreadableMessage,
)
from shared.schemas.settings import BucketSettings
from shared.serving import trusted_hosts

_log = logging.getLogger(__name__)

_TRACE_FIELD = "logging.googleapis.com/trace"
_MOST_BYTES = 20 * 2**20
"""Pub/Sub takes messages of 10 MB, a third more as base64."""


class PushHandler:
    """The push requests of a function. One per process; safe to share between threads."""

    def __init__(self, settings: BucketSettings, storage: Storage) -> None:
        self._settings = settings
        self._storage = storage
        self._tokens = PushTokens.of(settings)

    def respond(self, request: Request, handle: Callable[[Message], None]) -> ResponseReturnValue:
        """Handles the message in a push request.

        200 once it is done with for good, and once it is recorded that it is not from this
        pipeline. 422 for one that is, and that this version does not understand: Pub/Sub delivers
        it again, to another version perhaps, and keeps it among the dead letters at last. 503 where
        trouble may pass, 500 for what nobody foresaw. What cannot be a push of ours is neither read
        nor recorded.
        """
        rejection = self._reject_malformed(request) or self._reject_unauthenticated(request)
        if rejection is not None:
            return rejection
        request.max_content_length = _MOST_BYTES
        body = request.get_data()

        def record(error: ForeignMessage) -> None:
            record_foreign(self._storage, self._settings.output_bucket, body, str(error))

        try:
            headers = {name.lower(): value for name, value in request.headers.items()}
            message = receive(headers, body)
        except ForeignMessage as error:
            return _respond_to(partial(record, error))

        def handle_or_record() -> None:
            try:
                handle(message)
            except ForeignMessage as error:
                record(error)

        with logs.context(**_log_fields(message, self._settings)):
            return _respond_to(handle_or_record)

    def _reject_malformed(self, request: Request) -> ResponseReturnValue | None:
        """What a request is answered that has not the form of a push.

        A browser sends JSON, and headers of events, to another site only if that has agreed.
        """
        if request.method != "POST":
            return "Messages are POSTed here.", HTTPStatus.METHOD_NOT_ALLOWED
        wrong_host = trusted_hosts.refusal(
            request.headers.get("Host", ""), self._settings.trusted_hosts
        )
        if wrong_host:
            return wrong_host, HTTPStatus.FORBIDDEN
        if not request.is_json and EVENT_TYPE not in request.headers:
            return "Messages are sent as application/json.", HTTPStatus.UNSUPPORTED_MEDIA_TYPE
        return None

    def _reject_unauthenticated(self, request: Request) -> ResponseReturnValue | None:
        """What a push is answered that is not from PUSH_ACCOUNT, where that is set."""
        if self._tokens is None:
            return None
        try:
            why = self._tokens.refusal(request)
        except Transient as error:
            return _unavailable(error)
        if why is None:
            return None
        _log.error("push refused", extra={"why": why})
        headers = {"WWW-Authenticate": "Bearer"}
        return "The push has no valid identity token.", HTTPStatus.UNAUTHORIZED, headers


def _respond_to(work: Callable[[], None]) -> ResponseReturnValue:
    """The answer once the work is done, or has failed."""
    try:
        work()
    except UnreadableMessage as error:
        _log_failure(f"not understood: {error}")
        return "not understood", HTTPStatus.UNPROCESSABLE_ENTITY
    except Transient as error:
        return _unavailable(error)
    except Exception:  # noqa: BLE001 - Pub/Sub is told, and delivers again
        _log.exception("delivery failed", extra={"state": "retrying"})
        return "failed", HTTPStatus.INTERNAL_SERVER_ERROR
    return "OK", HTTPStatus.OK


def _unavailable(error: Transient) -> ResponseReturnValue:
    _log_failure(str(error))
    return "failed", HTTPStatus.SERVICE_UNAVAILABLE


def _log_failure(why: str) -> None:
    _log.error("delivery failed", extra={"state": "retrying", "why": why})


def _log_fields(message: Message, settings: BucketSettings) -> dict[str, object]:
    """The fields by which all lines about one delivery are found."""
    project = settings.trace_project
    trace = f"projects/{project}/traces/{message.trace}" if project else message.trace
    return {_TRACE_FIELD: trace, "attempt": message.attempt, "state": "working"}


@contextmanager
def record_final_failure(
    results: ResultStore, ref: ObjectRef, attempt: int, max_attempts: int
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
        if attempt >= max_attempts:
            sentence = str(error) if isinstance(error, ToonmaskError) else type(error).__name__
            reason = Reason(
                code=ReasonCode.GAVE_UP,
                message=f"Failed after all retries ({attempt} deliveries). "
                f"The last error: {sentence}",
            )
            results.fail(ref, reason)
        raise
