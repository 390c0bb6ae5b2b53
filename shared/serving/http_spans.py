"""The span of a request to an HTTP service, and the trace in its log lines."""

from collections.abc import Callable
from http import HTTPStatus

from flask import Request
from werkzeug import Response

from shared.runtime import logs, tracing
from shared.runtime.trace_context import received


def traced(request: Request, project: str | None, respond: Callable[[], Response]) -> Response:
    """Records the response to a request as a span, from the caller's span on.

    Call it only for paths without variable parts: the path names the span.
    https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-server
    """
    parent = received({name.lower(): value for name, value in request.headers.items()}, {})
    attributes = {
        "http.request.method": request.method,
        "http.route": request.path,
        "url.path": request.path,
        "url.scheme": request.scheme,
    }
    with (
        logs.context(**logs.trace_fields(parent, project)),
        tracing.request(f"{request.method} {request.path}", "server", parent, attributes),
    ):
        response = respond()
        tracing.annotate({"http.response.status_code": response.status_code})
        if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            tracing.fail(str(response.status_code), "")
        return response
