"""Error responses of the JSON API."""

from http import HTTPStatus

from flask import Response, jsonify


class ApiError(Exception):
    """An error with its HTTP status, the API's reason code, and a message."""

    def __init__(self, status: HTTPStatus, reason: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason


def not_found(name: str) -> ApiError:
    """Returns a 404 error."""
    return ApiError(HTTPStatus.NOT_FOUND, "notFound", f"No such object: {name}")


def invalid(message: str) -> ApiError:
    """Returns a 400 error."""
    return ApiError(HTTPStatus.BAD_REQUEST, "invalid", message)


def condition_not_met(message: str) -> ApiError:
    """Returns a 412 error."""
    return ApiError(HTTPStatus.PRECONDITION_FAILED, "conditionNotMet", message)


def not_modified() -> ApiError:
    """Returns a 304 response as an error."""
    return ApiError(HTTPStatus.NOT_MODIFIED, "notModified", "Not Modified")


def conflict(message: str) -> ApiError:
    """Returns a 409 error."""
    return ApiError(HTTPStatus.CONFLICT, "conflict", message)


def error_response(error: ApiError) -> Response:
    """Returns the response for an error, in the API's format."""
    if error.status is HTTPStatus.NOT_MODIFIED:
        return Response(status=error.status)
    details = {"domain": "global", "reason": error.reason, "message": str(error)}
    response = jsonify(error={"code": error.status, "message": str(error), "errors": [details]})
    response.status_code = error.status
    return response
