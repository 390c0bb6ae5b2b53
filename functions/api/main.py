"""The HTTP API and the web page: a picture comes in, its masks go out in the answer."""

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
    """POST /v1/face-mask-sam2; the page at /; /openapi.json says the rest."""
    return Response.from_app(_app, request.environ)
