"""What a refused request is answered: problem+json (RFC 9457), in sentences for people."""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType

from flask import Flask, Response
from google.api_core.exceptions import GoogleAPICallError, RetryError
from gunicorn.http.errors import ParseException
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException

from shared.schemas.base import Record
from shared.schemas.errors import Cancelled, Permanent, ReasonCode, Rejected, Transient
from shared.schemas.field_errors import problems

_log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
_CLIENT_CLOSED_REQUEST = 499
_RETRY_SECONDS = 10
_MOST_DETAIL = 200
_PASSING = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS)

_NOTHING: Mapping[str, str] = MappingProxyType({})
_REJECTED: Mapping[ReasonCode, HTTPStatus] = {
    ReasonCode.TOO_MANY_BYTES: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    ReasonCode.TOO_MANY_PIXELS: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    ReasonCode.UNSUPPORTED_TYPE: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
}
"""Statuses of images that are not taken; of all others BAD_REQUEST."""


class Problem(Record):
    """Why there is no answer: `detail` is a sentence for people, `code` for programs."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str


class Refused(Exception):
    """A request that is not answered; `str(error)` says why."""

    def __init__(
        self, status: HTTPStatus, code: str, detail: str, headers: Mapping[str, str] = _NOTHING
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.headers = headers


def bad_fields(error: ValidationError) -> Refused:
    """For fields that do not hold what they should: names each, and what is wrong with it."""
    return Refused(HTTPStatus.UNPROCESSABLE_ENTITY, "bad-field", problems(error, parts=1))


def busy(sentence: str, seconds: float) -> Refused:
    """For one request too many; says when to come back."""
    return Refused(HTTPStatus.TOO_MANY_REQUESTS, "busy", sentence, _later(seconds))


def _later(seconds: float) -> dict[str, str]:
    return {"Retry-After": str(max(1, round(seconds)))}


def register(app: Flask) -> None:
    """Makes the app answer every error with a problem."""
    app.register_error_handler(Refused, _answer)
    app.register_error_handler(Cancelled, _cancelled)
    app.register_error_handler(Rejected, _rejected)
    app.register_error_handler(Permanent, _permanent)
    app.register_error_handler(Transient, _transient)
    app.register_error_handler(GoogleAPICallError, _storage)
    app.register_error_handler(RetryError, _storage)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(ParseException, _broken)
    app.register_error_handler(Exception, _unforeseen)


def _answer(refused: Refused) -> Response:
    problem = Problem(
        title=refused.status.phrase, status=refused.status, detail=str(refused), code=refused.code
    )
    answer = Response(problem.model_dump_json(), refused.status, mimetype=MEDIA_TYPE)
    answer.headers.update(refused.headers)
    return answer


def _cancelled(error: Cancelled) -> Response:
    """Nobody reads this; its status is the one that nginx logs then."""
    _log.info("cancelled", extra={"why": str(error)})
    return Response(status=_CLIENT_CLOSED_REQUEST)


def _rejected(error: Rejected) -> Response:
    status = _REJECTED.get(error.code, HTTPStatus.BAD_REQUEST)
    return _answer(Refused(status, error.code, str(error)))


def _permanent(error: Permanent) -> Response:
    _log.error("no masks", extra={"why": str(error)})
    return _answer(Refused(HTTPStatus.BAD_GATEWAY, error.code, str(error)))


def _transient(error: Transient) -> Response:
    _log.error("unavailable", extra={"why": str(error)})
    headers = _later(error.retry_after or _RETRY_SECONDS)
    return _answer(Refused(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", str(error), headers))


def _storage(error: GoogleAPICallError | RetryError) -> Response:
    """Cloud Storage's: it does not answer now, or not to us."""
    code = error.code if isinstance(error, GoogleAPICallError) else None
    if code is None or code in _PASSING or code >= 500:
        return _transient(Transient("Cloud Storage does not answer now."))
    _log.error("buckets refused", extra={"why": str(error)})
    detail = f"Cloud Storage answered {int(code)} to this service; its logs say more."
    return _answer(Refused(HTTPStatus.BAD_GATEWAY, "storage-refused", detail))


def _http(error: HTTPException) -> Response:
    """Flask's own: no such path, no such method, a form that is too large or broken."""
    status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    code = status.phrase.lower().replace(" ", "-")
    kept = {"Allow": allow} if (allow := dict(error.get_headers()).get("Allow")) else {}
    return _answer(Refused(status, code, error.description or status.phrase, kept))


def _broken(error: ParseException) -> Response:
    """gunicorn's: a body that breaks off in its own encoding."""
    detail = f"The request's body is broken: {error}."
    return _answer(Refused(HTTPStatus.BAD_REQUEST, "broken-body", detail[:_MOST_DETAIL]))


def _unforeseen(error: Exception) -> Response:
    _log.error("request failed", exc_info=error)
    detail = "Something went wrong here, and is in our logs. Try again, or another image."
    return _answer(Refused(HTTPStatus.INTERNAL_SERVER_ERROR, "internal-error", detail))
