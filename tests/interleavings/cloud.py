"""Storage, broker and the functions' real code in this process, controlled by the test."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import lru_cache
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from local.processes import free_ports
from local.storage.api import create_app
from local.storage.preconditions import Preconditions
from local.storage.store import Store
from shared.corrections.saving import Corrections
from shared.detection.detections import Detections
from shared.detection.detector import Detector
from shared.gcp.events import Message
from shared.gcp.gcs import Storage
from shared.gcp.provenance import Provenance
from shared.gcp.publisher import Publisher
from shared.imaging.geometry import Image
from shared.pipeline.drain import Drain
from shared.pipeline.landmarks import Landmarks
from shared.pipeline.segmentation import Segmentation
from shared.runtime.deadline import Deadline
from shared.schemas.documents import SegmenterVersion
from shared.schemas.errors import Permanent, ReasonCode
from shared.schemas.prompt import Prompt
from shared.schemas.settings import BucketSettings, LandmarksSettings, SegmentationSettings
from shared.segmentation.backends import oval
from shared.segmentation.backends.base import CandidateMasks
from shared.segmentation.backends.embedded import EmbeddedSegmenter
from tests.interleavings.workers import gated_client
from tests.topics import TOPIC, serving_topic
from tools.support.servers import serving

INPUT, OUTPUT = "in-bucket", "out-bucket"
_BUCKETS: dict[str, Any] = {"input_bucket": INPUT, "output_bucket": OUTPUT}
_SAM2 = SegmenterVersion("sam2-of-the-test")

Handle = Callable[[Message], None]


class Flaky:
    """A segmenter that returns the outline while `works` is set, and else fails permanently."""

    batch = 20
    parallel = 1

    def __init__(self) -> None:
        self.works = True

    def segment(
        self, image: Image, prompts: Sequence[Prompt], deadline: Deadline, *, multimask: bool
    ) -> list[CandidateMasks]:
        del deadline, multimask
        if not self.works:
            raise Permanent(ReasonCode.SAM2_BAD_ANSWER, "garbage")
        return [
            CandidateMasks(_SAM2, oval.candidates(image[prompt.crop.slices], prompt))
            for prompt in prompts
        ]

    def version(self, deadline: Deadline) -> SegmenterVersion:
        del deadline
        return _SAM2


def _smaller(crop: Image, prompt: Prompt) -> list[Any]:
    """Returns masks for the fallback, which differ from those of SAM2."""
    (candidate,) = oval.candidates(crop, prompt)
    candidate.pixels[: candidate.pixels.shape[0] // 2] = False
    return [candidate]


class Cloud:
    """Everything between an upload and its result. Each function has two deployments."""

    def __init__(self, folder: Path) -> None:
        (storage_port,) = free_ports(1)
        self._store = Store(folder)
        for bucket in (INPUT, OUTPUT):
            self._store.create_bucket(bucket)
        topic: dict[str, object] = {
            "topic": "projects/p/topics/uploads",
            "event_types": ["OBJECT_FINALIZE"],
        }
        self._store.index.add_notification(INPUT, topic)
        self._open = ExitStack()
        self._open.enter_context(serving(create_app(self._store), storage_port))
        self._topic = self._open.enter_context(serving_topic())
        patches: list[Any] = [
            mock.patch.dict(
                "os.environ",
                STORAGE_EMULATOR_HOST=f"http://127.0.0.1:{storage_port}",
            ),
            mock.patch("google.cloud.storage.Client", gated_client),
            mock.patch("shared.gcp.gcs._PARALLEL_WRITES", 1),
            mock.patch.object(Detector, "detect", _cached(Detector.detect)),
        ]
        for patch in patches:
            self._open.enter_context(patch)
        self.sam2 = Flaky()
        self.landmarks = [self._landmarks(0.15), self._landmarks(0.3)]
        # the third draws the masks of the first in another way
        self.segmentation = [
            self._segmentation(sam2_fallback="grabcut"),
            self._segmentation(sam2_fallback="oval"),
            self._segmentation(sam2_fallback="grabcut", mask_grow="2"),
        ]
        self.drain: Handle = Drain(BucketSettings(**_BUCKETS)).handle
        self.corrections = Corrections(Storage(), Publisher(), OUTPUT, TOPIC)

    def _landmarks(self, box_expand: float) -> Handle:
        settings = LandmarksSettings(
            prompts_topic=TOPIC, box_expand=box_expand, frames="all", **_BUCKETS
        )
        return Landmarks(settings).handle

    def _segmentation(self, **changes: Any) -> Handle:
        settings = SegmentationSettings(**_BUCKETS, **changes)
        return Segmentation(settings, self.sam2, EmbeddedSegmenter("oval", _smaller)).handle

    def upload(self, name: str, content: bytes) -> int:
        """Uploads a file; returns its generation."""
        fields = {"contentType": "image/png"}
        return self._store.put(INPUT, name, content, fields, Preconditions.of({})).generation

    def notifications(self) -> Iterator[Message]:
        """Yields the notifications since the last call."""
        for number, _, attributes, data in self._store.index.outbox(100):
            self._store.index.sent(number)
            yield Message(data, attributes)

    def prompts(self) -> Iterator[Message]:
        """Yields the prompts messages since the last call."""
        yield from self._topic.messages()

    def results(self) -> dict[str, Provenance]:
        """Returns all objects of the output bucket with their provenance."""
        found = {}
        for entry in self._store.index.scan(OUTPUT, "", ""):
            metadata: Any = entry.fields["metadata"]
            found[entry.name] = Provenance(
                int(metadata["source-generation"]),
                metadata["config"],
                metadata.get("shown", ""),
                int(metadata.get("revision", "0")),
            )
        return found

    def read(self, name: str) -> bytes:
        """Returns the content of an object of the output bucket."""
        _, content = self._store.open(OUTPUT, name, None)
        with content:
            return content.read()

    def empty(self) -> None:
        """Deletes all objects and messages, and makes SAM2 work."""
        for bucket in (INPUT, OUTPUT):
            for entry in list(self._store.index.scan(bucket, "", "")):
                self._store.delete(bucket, entry.name, None, Preconditions.of({}))
        list(self.notifications())
        list(self.prompts())
        self.sam2.works = True

    def stop(self) -> None:
        """Stops the servers, and removes the patches."""
        self._open.close()


def _cached(detect: Callable[..., Detections]) -> Any:
    """Caches detections. Detection is deterministic, and the slowest part."""

    @lru_cache
    def cached(
        detector: Detector, pixels: bytes, shape: tuple[int, ...], *options: Any
    ) -> Detections:
        return detect(detector, np.frombuffer(pixels, np.uint8).reshape(shape), *options)

    return lambda detector, image, *options: cached(
        detector, image.tobytes(), image.shape, *options
    )
