"""A prompts message comes in; masks, overlays, cutouts and result.json go out."""

import functions_framework
from flask import Request
from flask.typing import ResponseReturnValue

from shared import logs, serving
from shared.deliveries import Deliveries
from shared.segmenters import choice
from shared.segmenting import Segmentation
from shared.settings import SegmentationSettings, load
from shared.storage import Storage

logs.configure()
serving.bound_requests()
_settings = load(SegmentationSettings)
_deliveries = Deliveries(_settings, Storage())
_segmentation = Segmentation(_settings, choice.primary(_settings), choice.fallback(_settings))


@functions_framework.http
def segmentation(request: Request) -> ResponseReturnValue:
    """Takes a prompts message pushed by Pub/Sub."""
    return _deliveries.respond(request, _segmentation.handle)
