"""Entry point of the function landmarks: takes an upload's event, writes and publishes prompts."""

import functions_framework
from flask import Request
from flask.typing import ResponseReturnValue

from shared.gcp import traces
from shared.gcp.gcs import Storage
from shared.pipeline.landmarks import Landmarks
from shared.pipeline.push_handler import PushHandler
from shared.runtime import logs
from shared.schemas.environment import load
from shared.schemas.settings import LandmarksSettings
from shared.serving import bounded_worker

logs.configure()
bounded_worker.bound_requests()
_settings = load(LandmarksSettings)
traces.start(_settings, "landmarks")
_push_handler = PushHandler(_settings, Storage(), "uploads")
_landmarks = Landmarks(_settings)


@functions_framework.http
def landmarks(request: Request) -> ResponseReturnValue:
    """Handles a bucket notification pushed by Pub/Sub, or an upload's event from Eventarc."""
    return _push_handler.respond(request, _landmarks.handle)
