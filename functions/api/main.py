"""Entry point of the HTTP API and the web page: takes an image, returns its masks."""

from pathlib import Path

import functions_framework
from flask import Request
from werkzeug import Response

from shared.api.app import create_app
from shared.api.settings import ApiSettings
from shared.runtime import logs
from shared.schemas.settings import load
from shared.serving import bounded_worker

logs.configure()
bounded_worker.bound_requests()
_app = create_app(load(ApiSettings), Path(__file__).parent / "page")


@functions_framework.http
def api(request: Request) -> Response:
    """Handles an HTTP request. The OpenAPI document at /openapi.json describes all paths."""
    return Response.from_app(_app, request.environ)
