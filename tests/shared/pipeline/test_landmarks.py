"""The landmarks use case: what is in memory at a time, and what it tells of what it left out."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from google.cloud import storage as gcs

from shared.corrections.saving import Corrections
from shared.detection.detections import Detection, Detections
from shared.detection.detector import Detector
from shared.gcp.events import FINALIZED, Message
from shared.gcp.gcs import ObjectRef, ObjectToWrite, Storage
from shared.gcp.provenance import Provenance
from shared.gcp.publisher import Publisher
from shared.pipeline.landmarks import Landmarks
from shared.schemas.box import Box
from shared.schemas.documents import PromptsDocument
from shared.schemas.errors import UnreadableMessage
from shared.schemas.settings import LandmarksSettings
from tests.shared.segmentation_runs import output
from tools.support.pipeline import png
from tools.support.shapes import ellipse

PIXELS = 100 * 100
FACE = Detection("face", 0.9, ellipse(50, 50, 20, 25))


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[PromptsDocument]:
    """What is published, instead of publishing it."""
    documents: list[PromptsDocument] = []

    def publish(_: object, __: str, document: PromptsDocument, *___: Any, **____: Any) -> None:
        documents.append(document)

    monkeypatch.setattr(Publisher, "publish_prompts", publish)
    return documents


def _landmarks(bucket: gcs.Bucket, **changes: Any) -> Landmarks:
    settings = LandmarksSettings(
        input_bucket=bucket.name,
        output_bucket=output(bucket).name,
        prompts_topic="projects/p/topics/t",
        **changes,
    )
    return Landmarks(settings)


def _announcement(bucket: gcs.Bucket, name: str) -> Message:
    """Of a new upload with PIXELS."""
    blob = bucket.blob(name)
    blob.upload_from_string(png(np.zeros((100, 100, 3), np.uint8)), content_type="image/png")
    return Message(json.dumps(blob._properties).encode(), {"eventType": FINALIZED})


def test_an_image_waits_until_another_has_left_memory(
    bucket: gcs.Bucket, published: list[PromptsDocument], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two fit together, and the third waits, whatever threads there are."""
    inside, together = threading.Semaphore(0), threading.Event()

    def detect(*_: object) -> Detections:
        inside.release()
        assert together.wait(60)
        return Detections([], [])

    monkeypatch.setattr(Detector, "detect", detect)
    landmarking = _landmarks(bucket, max_pixels=2 * PIXELS)
    messages = [_announcement(bucket, f"{n}.png") for n in range(3)]
    with ThreadPoolExecutor(3) as pool:
        handled = [pool.submit(landmarking.handle, message) for message in messages]
        for _ in range(2):
            assert inside.acquire(timeout=60)
        while landmarking._decoder._memory.waiting < 1:
            threading.Event().wait(0.005)
        assert not inside.acquire(blocking=False)
        together.set()
        for one in handled:
            one.result()
    assert len(published) == 3


def test_what_was_nearly_found_and_what_was_too_much_is_told(
    bucket: gcs.Bucket, published: list[PromptsDocument], monkeypatch: pytest.MonkeyPatch
) -> None:
    def detect(*_: object) -> Detections:
        return Detections([FACE] * 5, near_misses=[Box(0, 0, 20, 20)] * 2)

    monkeypatch.setattr(Detector, "detect", detect)
    _landmarks(bucket, max_instances=3).handle(_announcement(bucket, "a.png"))
    (document,) = published
    assert len(document.instances) == 3
    assert (document.missed.near, document.missed.omitted) == (2, 2)


def _correct(bucket: gcs.Bucket, published: list[PromptsDocument]) -> PromptsDocument:
    """Saves a correction of the only published prompts."""
    (found,) = published
    published.clear()
    ref = ObjectRef(bucket.name, found.source.name, found.source.generation)
    Corrections(Storage(), Publisher(), output(bucket).name, "projects/p/topics/t").save(ref, 0, [])
    (corrected,) = published
    published.clear()
    return corrected


@pytest.mark.parametrize("changes", [{}, {"min_score": 0.9, "pos_points": 3}])
def test_an_event_after_a_correction_publishes_the_correction(
    bucket: gcs.Bucket,
    published: list[PromptsDocument],
    monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, Any],
) -> None:
    """A redelivery or a backfill, also with other settings."""
    monkeypatch.setattr(Detector, "detect", lambda *_: Detections([FACE], near_misses=[]))
    message = _announcement(bucket, "a.png")
    _landmarks(bucket).handle(message)
    corrected = _correct(bucket, published)
    before = output(bucket).get_blob("a.png/prompts.json").generation
    _landmarks(bucket, **changes).handle(message)
    assert published == [corrected]
    assert output(bucket).get_blob("a.png/prompts.json").generation == before


def test_an_event_after_a_newer_upload_publishes_nothing(
    bucket: gcs.Bucket, published: list[PromptsDocument], monkeypatch: pytest.MonkeyPatch
) -> None:
    older = _announcement(bucket, "a.png")
    blob = bucket.get_blob("a.png")

    def detect(*_: object) -> Detections:
        """The newer upload is corrected meanwhile."""
        provenance = Provenance(blob.generation + 1, "0123456789ab", revision=1)
        item = ObjectToWrite("a.png/prompts.json", "application/json", b"{}")
        Storage().write(output(bucket).name, item, provenance)
        return Detections([FACE], near_misses=[])

    monkeypatch.setattr(Detector, "detect", detect)
    _landmarks(bucket).handle(older)
    assert published == []


def test_a_correction_by_another_version_becomes_a_dead_letter_and_stays(
    bucket: gcs.Bucket, published: list[PromptsDocument], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Detector, "detect", lambda *_: Detections([FACE], near_misses=[]))
    message = _announcement(bucket, "a.png")
    provenance = Provenance(bucket.get_blob("a.png").generation, "0123456789ab", revision=1)
    item = ObjectToWrite("a.png/prompts.json", "application/json", b'{"schema": "prompts/9"}')
    Storage().write(output(bucket).name, item, provenance)
    with pytest.raises(UnreadableMessage, match=r"a\.png/prompts\.json is not understood"):
        _landmarks(bucket).handle(message)
    assert published == []
    assert output(bucket).blob("a.png/prompts.json").download_as_bytes() == item.content


def test_what_is_below_the_least_size_has_no_prompt_and_is_not_missed(
    bucket: gcs.Bucket, published: list[PromptsDocument], monkeypatch: pytest.MonkeyPatch
) -> None:
    small = Detection("face", 0.95, ellipse(80, 20, 5, 5))

    def detect(*_: object) -> Detections:
        return Detections([small, FACE, FACE], near_misses=[Box(0, 0, 20, 20), Box(0, 0, 60, 60)])

    monkeypatch.setattr(Detector, "detect", detect)
    landmarks = _landmarks(bucket, max_instances=1, min_size="30%")
    landmarks.handle(_announcement(bucket, "a.png"))
    (document,) = published
    assert [prompt.score for prompt in document.instances] == [0.9]
    assert (document.missed.near, document.missed.omitted) == (1, 1)
