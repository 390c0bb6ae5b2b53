"""SAM2's HTTP contract as a service: image, points and box in, candidate masks and scores out."""

import functions_framework
from flask import Request
from flask.typing import ResponseReturnValue

from shared import logs
from shared.sam2_service import BACKENDS, Sam2Settings, segment
from shared.settings import load

logs.configure()
_settings = load(Sam2Settings)
_backend = BACKENDS[_settings.sam2_backend]()


@functions_framework.http
def sam2(request: Request) -> ResponseReturnValue:
    """POST anywhere segments; GET /healthz says that the service is up."""
    if request.method == "GET" and request.path == "/healthz":
        return {"status": "ok", "backend": _settings.sam2_backend}
    if request.method != "POST":
        return {"error": "POST an image with points, or GET /healthz"}, 405
    return segment(_backend, request.get_data(), _settings)
