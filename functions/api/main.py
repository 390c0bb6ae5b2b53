"""Entry point of the HTTP API and the web page: takes an image, returns its masks."""

from pathlib import Path

import functions_framework
from flask import Request
from werkzeug import Response

from shared.api.app import create_app
from shared.api.mask_routes import PATH
from shared.api.settings import ApiSettings
from shared.gcp import traces
from shared.runtime import logs
from shared.schemas.environment import load
from shared.serving import bounded_worker, http_spans

logs.configure()
bounded_worker.bound_requests()
_settings = load(ApiSettings)
traces.start(_settings, "api")
_app = create_app(_settings, Path(__file__).parent / "page")


@functions_framework.http
def api(request: Request) -> Response:
    """Handles an HTTP request. The OpenAPI document at /openapi.json describes all paths."""
    if request.path != PATH:  # the only one that processes an image
        return _respond(request)
    return http_spans.traced(request, _settings.trace_project, lambda: _respond(request))


def _respond(request: Request) -> Response:
    return Response.from_app(_app, request.environ)
