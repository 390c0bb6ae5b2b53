"""The segmentation use case against real storage and a SAM2 server that misbehaves."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from cloudevents.http import CloudEvent
from google.cloud import storage as gcs

from shared.documents import PromptsDocument, Source
from shared.errors import BadMessage, Transient
from shared.geometry import Box
from shared.prompts import Prompt
from shared.segmenters import choice
from shared.segmenting import Segmentation
from shared.settings import SegmentationSettings
from tests.endpoint import Endpoint, serving
from tests.pipeline import png
from tests.shared.shapes import ellipse, prompt_for

IMAGE = np.full((200, 300, 3), (240, 200, 170), np.uint8)
WHOLE = Box(0, 0, 300, 200)


@pytest.fixture
def sam2() -> Iterator[Endpoint]:
    with serving() as made:
        yield made


def _segmentation(bucket: gcs.Bucket, sam2: Endpoint, **changes: Any) -> Segmentation:
    settings = SegmentationSettings(
        input_bucket=bucket.name,
        output_bucket=bucket.name,
        **{"sam2_url": sam2.url, "sam2_auth": "none", **changes},
    )
    return Segmentation(settings, choice.primary(settings), choice.fallback(settings))


def _upload(bucket: gcs.Bucket) -> int:
    blob = bucket.blob("cat.png")
    blob.upload_from_string(png(IMAGE), content_type="image/png")
    return int(blob.generation)


def _event(into: gcs.Bucket, generation: int, *prompts: Prompt, **source: Any) -> CloudEvent:
    document = PromptsDocument(
        source=Source(
            **{"bucket": into.name, "name": "cat.png", "width": 300, "height": 200, **source},
            generation=generation,
        ),
        config="0123456789ab",
        instances=prompts,
        versions={},
    )
    data = base64.b64encode(document.model_dump_json().encode()).decode()
    attributes = {"type": "google.cloud.pubsub.topic.v1.messagePublished", "source": "test"}
    return CloudEvent(attributes, {"message": {"data": data, "attributes": {}}})


def _result(bucket: gcs.Bucket) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(bucket.blob("cat.png/result.json").download_as_bytes())
    return found


PROMPT = prompt_for(ellipse(150, 100, 40, 50), WHOLE)


def _whole_crop() -> dict[str, Any]:
    return {"masks": [np.ones((PROMPT.crop.height, PROMPT.crop.width), int).tolist()]}


def test_what_sam2_answers_is_what_is_drawn(bucket: gcs.Bucket, sam2: Endpoint) -> None:
    sam2.answer = lambda _: (200, _whole_crop())
    _segmentation(bucket, sam2).handle(_event(bucket, _upload(bucket), PROMPT))
    result = _result(bucket)
    assert (result["status"], result["instances"][0]["segmenter"]) == ("segmented", "sam2")
    assert result["instances"][0]["box"] == list(PROMPT.crop)


def test_the_request_carries_the_settings_field_names_and_key(
    bucket: gcs.Bucket, sam2: Endpoint
) -> None:
    sam2.answer = lambda _: (200, _whole_crop())
    changes = {"sam2_auth": "api-key", "sam2_api_key": "k", "sam2_image_field": "img"}
    segmentation = _segmentation(bucket, sam2, **changes, sam2_box_field="")
    segmentation.handle(_event(bucket, _upload(bucket), PROMPT))
    (asked,) = sam2.asked
    assert asked.headers["Authorization"] == "Bearer k"
    assert "img" in asked.body
    assert "box" not in asked.body


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (400, {"error": "no"}, "sam2-refused"),
        (401, {}, "sam2-refused"),
        (403, {}, "sam2-refused"),
        (404, {}, "sam2-refused"),
        (200, {"unknown": 1}, "sam2-bad-answer"),
        (200, "garbage", "sam2-bad-answer"),
        (200, {"mask_rle": {"counts": [1], "size": [9, 9]}}, "sam2-bad-answer"),
    ],
)
def test_where_sam2_will_never_answer_the_fallback_does_and_says_so(
    bucket: gcs.Bucket, sam2: Endpoint, status: int, body: Any, code: str
) -> None:
    sam2.answer = lambda _: (status, body)
    segmentation = _segmentation(bucket, sam2, sam2_fallback="oval")
    segmentation.handle(_event(bucket, _upload(bucket), PROMPT))
    result = _result(bucket)
    assert (result["status"], result["reason"]["code"]) == ("degraded", code)
    assert result["instances"][0]["segmenter"] == "oval"
    if status in (401, 403):
        assert "roles/run.invoker" in result["reason"]["message"]


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_what_passes_is_raised_so_that_the_message_comes_again(
    bucket: gcs.Bucket, sam2: Endpoint, status: int
) -> None:
    sam2.answer = lambda _: (status, None)
    event = _event(bucket, _upload(bucket), PROMPT)
    with pytest.raises(Transient, match=str(status)):
        _segmentation(bucket, sam2).handle(event)
    assert not bucket.blob("cat.png/result.json").exists()
    sam2.answer = lambda _: (200, _whole_crop())
    _segmentation(bucket, sam2).handle(event)
    assert _result(bucket)["status"] == "segmented"


def test_a_server_that_is_not_there_is_waited_for(bucket: gcs.Bucket, sam2: Endpoint) -> None:
    event = _event(bucket, _upload(bucket), PROMPT)
    with pytest.raises(Transient, match="cannot be reached"):
        _segmentation(bucket, sam2, sam2_url="http://127.0.0.1:9/").handle(event)


def test_without_sam2_and_fallback_the_upload_fails_with_a_reason(
    bucket: gcs.Bucket, sam2: Endpoint
) -> None:
    sam2.answer = lambda _: (403, None)
    segmentation = _segmentation(bucket, sam2, sam2_fallback="none")
    segmentation.handle(_event(bucket, _upload(bucket), PROMPT))
    result = _result(bucket)
    assert (result["status"], result["reason"]["code"]) == ("failed", "sam2-refused")
    assert result["outputs"] is None
    assert not bucket.blob("cat.png/mask.png").exists()


def test_an_upload_that_was_overwritten_meanwhile_is_left_to_its_successor(
    bucket: gcs.Bucket, sam2: Endpoint
) -> None:
    first = _upload(bucket)
    _upload(bucket)
    _segmentation(bucket, sam2).handle(_event(bucket, first, PROMPT))
    assert [blob.name for blob in bucket.list_blobs()] == ["cat.png"]


@pytest.mark.parametrize(
    ("prompts", "source"),
    [
        ((PROMPT, PROMPT), {}),
        ((PROMPT.model_copy(update={"crop": Box(0, 0, 301, 10)}),), {}),
        ((PROMPT.model_copy(update={"box": Box(10, 10, 10, 20)}),), {}),
        ((PROMPT.model_copy(update={"crop": Box(-5, 0, 100, 100)}),), {}),
        ((PROMPT,), {"width": 30}),
        ((PROMPT,), {"bucket": "another-bucket"}),
    ],
)
def test_prompts_that_cannot_be_ours_are_bad_messages(
    bucket: gcs.Bucket, sam2: Endpoint, prompts: tuple[Prompt, ...], source: dict[str, Any]
) -> None:
    event = _event(bucket, _upload(bucket), *prompts, **source)
    with pytest.raises(BadMessage):
        _segmentation(bucket, sam2).handle(event)
    assert [blob.name for blob in bucket.list_blobs()] == ["cat.png"]
