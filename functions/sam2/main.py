"""Entry point of the SAM2 service: takes images with points and boxes, returns masks and scores."""

from collections.abc import Iterator
from http import HTTPStatus

import functions_framework
from flask import Request, Response
from flask.typing import ResponseReturnValue

from shared.decoding.sandbox import Sandbox
from shared.gcp import traces
from shared.runtime import logs
from shared.sam2_server import backends, openapi, service
from shared.sam2_server.loading import Loading
from shared.sam2_server.settings import Sam2Settings
from shared.schemas.environment import load
from shared.segmentation.sam2.contract import Description
from shared.serving import bounded_worker, http_spans

logs.configure()
bounded_worker.bound_requests()
_settings = load(Sam2Settings)
traces.start(_settings, "sam2")
_backend = Loading(lambda: backends.load(_settings))
_sandbox = Sandbox(_settings.max_pixels)


@functions_framework.http
def sam2(request: Request) -> ResponseReturnValue:
    """Handles an HTTP request. The OpenAPI document at /openapi.json describes all paths."""
    if refused := service.refusal(request, _settings):
        return refused
    match request.method, request.path:
        case "POST", openapi.SEGMENT:
            return http_spans.traced(request, _settings.trace_project, lambda: _segment(request))
        case "GET", openapi.SEGMENT:
            return _json(Description(segmenter=_backend.wait().segmenter).model_dump_json())
        case "GET", openapi.HEALTH:
            return service.health(_backend, _settings)
        case _:
            return openapi.document()


def _segment(request: Request) -> Response:
    request.max_content_length = _settings.max_bytes
    response, status = service.respond(_backend.wait(), _sandbox, request.get_data, _settings)
    text = response.model_dump_json()
    # The framework reads the complete request before it sends a response that is not streamed.
    return _json(iter([text]) if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE else text, status)


def _json(body: str | Iterator[str], status: int = HTTPStatus.OK) -> Response:
    return Response(body, status, mimetype="application/json")
