"""A prompts message comes in; masks, overlays, cutouts and result.json go out."""

import functions_framework
from cloudevents.http import CloudEvent

from shared import logs
from shared.messages import acknowledging_bad_messages
from shared.segmenters import choice
from shared.segmenting import Segmentation
from shared.settings import SegmentationSettings, load

logs.configure()
_settings = load(SegmentationSettings)
_segmentation = Segmentation(_settings, choice.primary(_settings), choice.fallback(_settings))


@functions_framework.cloud_event
def segmentation(event: CloudEvent) -> None:
    """Takes a prompts message pushed by Pub/Sub."""
    with acknowledging_bad_messages():
        _segmentation.handle(event)
