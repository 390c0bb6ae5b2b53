"""An upload's event comes in; prompts.json and a message with the same content go out."""

import functions_framework
from cloudevents.http import CloudEvent

from shared import logs
from shared.landmarking import Landmarking
from shared.messages import acknowledging_bad_messages
from shared.settings import LandmarksSettings, load

logs.configure()
_landmarking = Landmarking(load(LandmarksSettings))


@functions_framework.cloud_event
def landmarks(event: CloudEvent) -> None:
    """Takes a bucket notification pushed by Pub/Sub, or Eventarc's event of an upload."""
    with acknowledging_bad_messages():
        _landmarking.handle(event)
