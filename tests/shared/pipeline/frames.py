"""The functions between a pair of buckets, for uploads with frames. The test delivers messages."""

import io
import json
from functools import cache, cached_property
from typing import Any

import pytest
from google.cloud import storage as gcs
from PIL import Image as PillowImage

from shared.detection.detections import Detection, Detections
from shared.detection.detector import Detector
from shared.gcp.events import FINALIZED, Message
from shared.pipeline.landmarks import Landmarks
from shared.pipeline.segmentation import Segmentation
from shared.schemas.documents import ResultDocument
from shared.schemas.settings import LandmarksSettings, SegmentationSettings
from shared.segmentation.backends import factory
from tests.shared.segmentation_runs import output
from tests.topics import TOPIC, Topic
from tools.support.shapes import ellipse

FACE = Detection("face", 0.9, ellipse(30, 20, 12, 14))
COLOURS = ((200, 30, 30), (30, 200, 30), (30, 30, 200))


def picture(colour: tuple[int, int, int]) -> PillowImage.Image:
    return PillowImage.new("RGB", (60, 40), colour)


def gif(*colours: tuple[int, int, int]) -> bytes:
    first, *others = map(picture, colours)
    file = io.BytesIO()
    first.save(file, "GIF", save_all=True, append_images=others, duration=100)
    return file.getvalue()


GIF = gif(*COLOURS)


def find_a_face_in_everything(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """Replaces the detector. The list gets the first pixel of each image that it looks at."""
    pixels: list[tuple[int, ...]] = []

    def detect(_: object, image: Any, *__: object, **___: object) -> Detections:
        pixels.append(tuple(map(int, image[0, 0])))
        return Detections([FACE], near_misses=[])

    monkeypatch.setattr(Detector, "detect", detect)
    return pixels


class Flow:
    """The functions between a pair of buckets, whose messages the test delivers."""

    def __init__(self, bucket: gcs.Bucket, topic: Topic) -> None:
        self.bucket = bucket
        self.results = output(bucket)
        self.topic = topic
        self._buckets = {"input_bucket": bucket.name, "output_bucket": self.results.name}
        self._landmarks = cache(self._landmarks_with)

    @cached_property
    def _segmentation(self) -> Segmentation:
        settings = SegmentationSettings.model_validate({"sam2_fallback": "oval", **self._buckets})
        return Segmentation(settings, factory.primary(settings), factory.fallback(settings))

    def _landmarks_with(self, changes: str) -> Landmarks:
        settings = {"prompts_topic": TOPIC, **self._buckets, **json.loads(changes)}
        return Landmarks(LandmarksSettings.model_validate(settings))

    def upload(self, content: bytes = GIF, name: str = "a.gif") -> Message:
        blob = self.bucket.blob(name)
        blob.upload_from_string(content, content_type="image/gif")
        return Message(json.dumps(blob._properties).encode(), {"eventType": FINALIZED})

    def landmark(self, message: Message, frames: str = "all", **changes: Any) -> list[Message]:
        """Returns the prompts messages."""
        self._landmarks(json.dumps({"frames": frames, **changes})).handle(message)
        return list(self.topic.messages())

    def segment(self, *messages: Message) -> None:
        for message in messages:
            self._segmentation.handle(message)

    def process(self, content: bytes = GIF, **changes: Any) -> None:
        self.segment(*self.landmark(self.upload(content), **changes))

    def names(self, name: str = "a.gif") -> set[str]:
        blobs = self.results.list_blobs(prefix=f"{name}/")
        return {blob.name.removeprefix(f"{name}/") for blob in blobs}

    def result(self, folder: str = "a.gif/") -> ResultDocument:
        content = self.results.blob(f"{folder}result.json").download_as_bytes()
        return ResultDocument.model_validate_json(content)
