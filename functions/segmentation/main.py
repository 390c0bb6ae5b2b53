"""Entry point of the function segmentation: takes a prompts message, writes the result's files."""

import functions_framework
from flask import Request
from flask.typing import ResponseReturnValue

from shared.gcp import traces
from shared.gcp.gcs import Storage
from shared.pipeline.push_handler import PushHandler
from shared.pipeline.segmentation import Segmentation
from shared.runtime import logs
from shared.schemas.environment import load
from shared.schemas.settings import SegmentationSettings
from shared.segmentation.backends import factory
from shared.serving import bounded_worker

logs.configure()
bounded_worker.bound_requests()
_settings = load(SegmentationSettings)
traces.start(_settings, "segmentation")
_push_handler = PushHandler(_settings, Storage(), "prompts")
_segmentation = Segmentation(_settings, factory.primary(_settings), factory.fallback(_settings))


@functions_framework.http
def segmentation(request: Request) -> ResponseReturnValue:
    """Handles a prompts message pushed by Pub/Sub."""
    return _push_handler.respond(request, _segmentation.handle)
