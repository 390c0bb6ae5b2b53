"""An upload's event comes in; prompts.json and a message with the same content go out."""

import functions_framework
from flask import Request
from flask.typing import ResponseReturnValue

from shared import logs, serving
from shared.deliveries import respond
from shared.landmarking import Landmarking
from shared.settings import LandmarksSettings, load
from shared.storage import Storage

logs.configure()
serving.bound_requests()
_settings = load(LandmarksSettings)
_storage = Storage()
_landmarking = Landmarking(_settings)


@functions_framework.http
def landmarks(request: Request) -> ResponseReturnValue:
    """Takes a bucket notification pushed by Pub/Sub, or Eventarc's event of an upload."""
    return respond(request, _settings, _storage, _landmarking.handle)
