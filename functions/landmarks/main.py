"""An upload's event comes in; prompts.json and a message with the same content go out."""

import functions_framework
from flask import Request
from flask.typing import ResponseReturnValue

from shared import logs, serving
from shared.deliveries import Deliveries
from shared.landmarking import Landmarking
from shared.settings import LandmarksSettings, load
from shared.storage import Storage

logs.configure()
serving.bound_requests()
_settings = load(LandmarksSettings)
_deliveries = Deliveries(_settings, Storage())
_landmarking = Landmarking(_settings)


@functions_framework.http
def landmarks(request: Request) -> ResponseReturnValue:
    """Takes a bucket notification pushed by Pub/Sub, or Eventarc's event of an upload."""
    return _deliveries.respond(request, _landmarking.handle)
