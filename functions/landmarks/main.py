"""An upload's event comes in; prompts.json and a message with the same content go out."""

import functions_framework
from flask import Request
from flask.typing import ResponseReturnValue

from shared.gcp.gcs import Storage
from shared.pipeline.landmarks import Landmarks
from shared.pipeline.push_handler import PushHandler
from shared.runtime import logs
from shared.schemas.settings import LandmarksSettings, load
from shared.serving import bounded_worker

logs.configure()
bounded_worker.bound_requests()
_settings = load(LandmarksSettings)
_deliveries = PushHandler(_settings, Storage())
_landmarks = Landmarks(_settings)


@functions_framework.http
def landmarks(request: Request) -> ResponseReturnValue:
    """Takes a bucket notification pushed by Pub/Sub, or Eventarc's event of an upload."""
    return _deliveries.respond(request, _landmarks.handle)
