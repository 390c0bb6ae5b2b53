"""Handles push requests: checks them, sets their log context, and maps errors to statuses.

A status of 2xx acknowledges a message. After any other, Pub/Sub delivers it again.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from http import HTTPStatus

from flask import Request
from flask.typing import ResponseReturnValue

from shared.gcp.events import EVENT_TYPE, Message, receive
from shared.gcp.gcs import Storage
from shared.gcp.push_tokens import PushTokens
from shared.pipeline.foreign_messages import record_foreign
from shared.pipeline.result_store import ResultStore
from shared.runtime import logs, tracing
from shared.schemas.documents import Reason, Source
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

_MOST_BYTES = 20 * 2**20
"""Limit for a request body. Pub/Sub accepts messages of 10 MB; base64 makes them a third larger."""


class PushHandler:
    """Handles a function's push requests. One per process; safe to share between threads."""

    def __init__(self, settings: BucketSettings, storage: Storage, source: str) -> None:
        """`source` names the messages in spans: uploads, prompts or dead letters."""
        self._settings = settings
        self._source = source
        self._storage = storage
        self._tokens = PushTokens.of(settings)

    def respond(self, request: Request, handle: Callable[[Message], None]) -> ResponseReturnValue:
        """Handles the message in a push request and returns the response.

        200: handled, or recorded as foreign. 422: from this pipeline, but this version cannot parse
        it. Pub/Sub delivers it again, perhaps to another version, and finally moves it to the dead
        letters. 503: a transient error. 500: an unexpected error. Requests that cannot be a push
        to this service are neither read nor recorded; they get 405, 403, 415, 401 or 503.
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
            with self._traced(message):
                try:
                    handle(message)
                except ForeignMessage as error:
                    record(error)
                    tracing.annotate_request(state="dropped")

        with logs.context(**_log_fields(message, self._settings)):
            return _respond_to(handle_or_record)

    def _traced(self, message: Message) -> AbstractContextManager[None]:
        """https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/."""
        attributes = {
            "messaging.system": "gcp_pubsub",
            "messaging.operation.name": "process",
            "messaging.operation.type": "process",
            "messaging.message.body.size": len(message.data),
            "messaging.gcp_pubsub.message.delivery_attempt": message.attempt,
        }
        return tracing.request(f"process {self._source}", "consumer", message.trace, attributes)

    def _reject_malformed(self, request: Request) -> ResponseReturnValue | None:
        """Returns the error response to a request without the form of a push; None otherwise.

        The content type matters: browsers send JSON and event headers to another site only after a
        CORS preflight.
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
        """Returns the error response if PUSH_ACCOUNT is set and did not send the push, else None.

        Returns 503 while the certificates are not available.
        """
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
    """Runs the work and maps its errors to a response."""
    try:
        work()
    except UnreadableMessage as error:
        _log_failure(f"not understood: {error}")
        return "not understood", HTTPStatus.UNPROCESSABLE_ENTITY
    except Transient as error:
        return _unavailable(error)
    except Exception:  # noqa: BLE001 - the status makes Pub/Sub deliver again
        _log.exception("delivery failed", extra={"state": "retrying"})
        return "failed", HTTPStatus.INTERNAL_SERVER_ERROR
    return "OK", HTTPStatus.OK


def _unavailable(error: Transient) -> ResponseReturnValue:
    _log_failure(str(error))
    return "failed", HTTPStatus.SERVICE_UNAVAILABLE


def _log_failure(why: str) -> None:
    _log.error("delivery failed", extra={"state": "retrying", "why": why})


def _log_fields(message: Message, settings: BucketSettings) -> dict[str, object]:
    """Returns the fields that identify one delivery in log lines."""
    trace_fields = logs.trace_fields(message.trace, settings.trace_project)
    return {**trace_fields, "attempt": message.attempt, "state": "working"}


@contextmanager
def record_final_failure(
    results: ResultStore, source: Source, attempt: int, max_attempts: int, revision: int = 0
) -> Iterator[None]:
    """Writes a `failed` result if the last delivery attempt raises, and re-raises the error.

    The drain function does this too, for workers that were killed. Only here is the cause known.
    `revision` is that of the prompts.
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
            results.fail(source, reason, revision)
        raise
