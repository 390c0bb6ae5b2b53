"""What the JSON API answers when it does not do as asked."""

from http import HTTPStatus

from flask import Response, jsonify


class ApiError(Exception):
    """An HTTP status with the API's reason and a sentence."""

    def __init__(self, status: HTTPStatus, reason: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason


def not_found(what: str) -> ApiError:
    """404."""
    return ApiError(HTTPStatus.NOT_FOUND, "notFound", f"No such object: {what}")


def invalid(message: str) -> ApiError:
    """400."""
    return ApiError(HTTPStatus.BAD_REQUEST, "invalid", message)


def condition_not_met(message: str) -> ApiError:
    """412."""
    return ApiError(HTTPStatus.PRECONDITION_FAILED, "conditionNotMet", message)


def not_modified() -> ApiError:
    """304."""
    return ApiError(HTTPStatus.NOT_MODIFIED, "notModified", "Not Modified")


def conflict(message: str) -> ApiError:
    """409."""
    return ApiError(HTTPStatus.CONFLICT, "conflict", message)


def answer(error: ApiError) -> Response:
    """As the API writes it."""
    if error.status is HTTPStatus.NOT_MODIFIED:
        return Response(status=error.status)
    details = {"domain": "global", "reason": error.reason, "message": str(error)}
    written = jsonify(error={"code": error.status, "message": str(error), "errors": [details]})
    written.status_code = error.status
    return written
