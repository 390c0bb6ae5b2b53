"""Maps errors to RFC 9457 responses (application/problem+json)."""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType

from flask import Flask, Response
from google.api_core.exceptions import GoogleAPICallError, RetryError
from gunicorn.http.errors import ParseException
from pydantic import Field, ValidationError
from werkzeug.exceptions import HTTPException

from shared.schemas.base import Record
from shared.schemas.errors import Cancelled, Permanent, ReasonCode, Rejected, Transient
from shared.schemas.field_errors import problems

_log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"

_CLIENT_CLOSED_REQUEST = 499
"""The status that nginx logs if a client disconnects before the response. HTTP defines none."""

_RETRY_SECONDS = 10
"""Retry-After for errors without a time of their own. Chosen by hand: a shorter time adds load to a
server that is down, a longer one delays clients after short outages."""

_MOST_DETAIL = 200
"""Limit for a parser's message in a response, in characters, because it quotes the request. Chosen
by hand."""

_RETRYABLE = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS)
"""Client errors of Cloud Storage for which a retry may succeed; so may it for all server errors:
https://cloud.google.com/storage/docs/retry-strategy#retryable."""

_NO_HEADERS: Mapping[str, str] = MappingProxyType({})
_REJECTED: Mapping[ReasonCode, HTTPStatus] = {
    ReasonCode.TOO_MANY_BYTES: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    ReasonCode.TOO_MANY_PIXELS: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    ReasonCode.UNSUPPORTED_TYPE: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
}
"""Statuses for rejected images. All other codes are BAD_REQUEST."""


class Problem(Record):
    """An error: `code` is for programs, `detail` is a sentence for people (RFC 9457)."""

    type: str = "about:blank"
    title: str = Field(description="the name of the status")
    status: int
    detail: str
    code: str


class Refused(Exception):
    """A request that is refused; `str(error)` is the detail of the problem."""

    def __init__(
        self, status: HTTPStatus, code: str, detail: str, headers: Mapping[str, str] = _NO_HEADERS
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.headers = headers


def bad_fields(error: ValidationError, parts: int | None = 1) -> Refused:
    """Returns the refusal of a request with invalid fields. It names each field and its error.

    `parts` is the number of parts of a field's location that are named, from the left; None: all.
    """
    return Refused(HTTPStatus.UNPROCESSABLE_ENTITY, "bad-field", problems(error, parts=parts))


def busy(sentence: str, seconds: float) -> Refused:
    """Returns the refusal of a request above a limit. The client may retry after `seconds`."""
    return Refused(HTTPStatus.TOO_MANY_REQUESTS, "busy", sentence, _retry_after(seconds))


def _retry_after(seconds: float) -> dict[str, str]:
    return {"Retry-After": str(max(1, round(seconds)))}


def register(app: Flask) -> None:
    """Makes the app respond to every error with a problem."""
    app.register_error_handler(Refused, _refused)
    app.register_error_handler(Cancelled, _cancelled)
    app.register_error_handler(Rejected, _rejected)
    app.register_error_handler(Permanent, _permanent)
    app.register_error_handler(Transient, _transient)
    app.register_error_handler(GoogleAPICallError, _storage)
    app.register_error_handler(RetryError, _storage)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(ParseException, _unparsable)
    app.register_error_handler(Exception, _unexpected)


def _refused(error: Refused) -> Response:
    problem = Problem(
        title=error.status.phrase, status=error.status, detail=str(error), code=error.code
    )
    response = Response(problem.model_dump_json(), error.status, mimetype=MEDIA_TYPE)
    response.headers.update(error.headers)
    return response


def _cancelled(error: Cancelled) -> Response:
    """Returns an empty response: the client has disconnected."""
    _log.info("cancelled", extra={"why": str(error)})
    return Response(status=_CLIENT_CLOSED_REQUEST)


def _rejected(error: Rejected) -> Response:
    status = _REJECTED.get(error.code, HTTPStatus.BAD_REQUEST)
    return _refused(Refused(status, error.code, str(error)))


def _permanent(error: Permanent) -> Response:
    _log.error("no masks", extra={"why": str(error)})
    return _refused(Refused(HTTPStatus.BAD_GATEWAY, error.code, str(error)))


def _transient(error: Transient) -> Response:
    _log.error("unavailable", extra={"why": str(error)})
    headers = _retry_after(error.retry_after or _RETRY_SECONDS)
    return _refused(Refused(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", str(error), headers))


def _storage(error: GoogleAPICallError | RetryError) -> Response:
    """Handles errors of Cloud Storage: it is unavailable, or it refuses this service's request."""
    code = error.code if isinstance(error, GoogleAPICallError) else None
    if code is None or code in _RETRYABLE or code >= 500:
        return _transient(Transient("Cloud Storage is not available now."))
    _log.error("buckets refused", extra={"why": str(error)})
    detail = f"Cloud Storage refused this service's request with {int(code)}. See the logs."
    return _refused(Refused(HTTPStatus.BAD_GATEWAY, "storage-refused", detail))


def _http(error: HTTPException) -> Response:
    """Handles Flask's own errors: unknown paths and methods, too large and invalid forms."""
    status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    code = status.phrase.lower().replace(" ", "-")
    allow = dict(error.get_headers()).get("Allow")
    headers = {"Allow": allow} if allow else {}
    return _refused(Refused(status, code, error.description or status.phrase, headers))


def _unparsable(error: ParseException) -> Response:
    """Handles gunicorn's errors: a body whose chunked encoding is invalid."""
    detail = f"The body of the request is invalid: {error}."
    return _refused(Refused(HTTPStatus.BAD_REQUEST, "broken-body", detail[:_MOST_DETAIL]))


def _unexpected(error: Exception) -> Response:
    _log.error("request failed", exc_info=error)
    detail = "An unexpected error occurred. The logs of this service have the details. Try again."
    return _refused(Refused(HTTPStatus.INTERNAL_SERVER_ERROR, "internal-error", detail))
