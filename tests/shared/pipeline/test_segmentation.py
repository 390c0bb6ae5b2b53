"""The segmentation use case against real storage and a SAM2 server that misbehaves."""

import io
import json
import logging
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from google.cloud import storage as gcs
from PIL import Image as PillowImage

from shared.gcp.events import REPEATED
from shared.runtime import logs
from shared.schemas.box import Box
from shared.schemas.errors import ForeignMessage, Transient, UnreadableMessage
from shared.schemas.prompt import Prompt
from tests.endpoint import Endpoint, serving
from tests.shared.segmentation_runs import (
    HEIGHT,
    WIDTH,
    event,
    output,
    result,
    segmentation,
    upload,
)
from tools.support.shapes import ellipse, prompt_for

pytestmark = pytest.mark.usefixtures("brief_backoff")

WHOLE = Box(0, 0, WIDTH, HEIGHT)


@pytest.fixture
def sam2() -> Iterator[Endpoint]:
    with serving() as made:
        yield made


PROMPT = prompt_for(ellipse(150, 100, 40, 50), WHOLE)


def _whole_crop() -> dict[str, Any]:
    return {"masks": [np.ones((PROMPT.crop.height, PROMPT.crop.width), int).tolist()]}


def test_what_sam2_answers_is_what_is_drawn(bucket: gcs.Bucket, sam2: Endpoint) -> None:
    sam2.answer = lambda _: (200, _whole_crop())
    segmentation(bucket, sam2).handle(event(bucket, upload(bucket), PROMPT))
    found = result(bucket)
    assert (found["status"], found["instances"][0]["segmenter"]) == (
        "segmented",
        f"http:{sam2.url.split('/')[2]}",
    )
    assert found["instances"][0]["box"] == list(PROMPT.crop)


@pytest.mark.parametrize(("kind", "name"), [("jpeg", "preview.jpg"), ("webp", "preview.webp")])
def test_a_preview_is_drawn_where_it_is_wanted_and_goes_where_it_is_not(
    bucket: gcs.Bucket, sam2: Endpoint, kind: str, name: str
) -> None:
    sam2.answer = lambda _: (200, _whole_crop())
    message = event(bucket, upload(bucket), PROMPT)
    segmentation(bucket, sam2, preview=kind).handle(message)
    blob = output(bucket).get_blob(f"cat.png/{name}")
    preview = PillowImage.open(io.BytesIO(blob.download_as_bytes()))
    assert preview.size == (WIDTH, HEIGHT)
    assert blob.content_type == PillowImage.MIME[preview.format or ""]
    assert result(bucket)["outputs"]["preview"] == name
    segmentation(bucket, sam2).handle(message)
    assert not output(bucket).blob(f"cat.png/{name}").exists()
    assert result(bucket)["outputs"]["preview"] is None


def test_the_request_carries_the_settings_field_names_and_key(
    bucket: gcs.Bucket, sam2: Endpoint
) -> None:
    sam2.answer = lambda _: (200, _whole_crop())
    changes = {"sam2_auth": "api-key", "sam2_api_key": "k", "sam2_image_field": "img"}
    function = segmentation(bucket, sam2, **changes, sam2_box_field="")
    function.handle(event(bucket, upload(bucket), PROMPT))
    (request,) = sam2.requests
    assert request.headers["Authorization"] == "Bearer k"
    assert "img" in request.body
    assert "box" not in request.body


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
    function = segmentation(bucket, sam2, sam2_fallback="oval")
    function.handle(event(bucket, upload(bucket), PROMPT))
    found = result(bucket)
    assert (found["status"], found["reason"]["code"]) == ("degraded", code)
    assert found["instances"][0]["segmenter"] == "oval"
    if status in (401, 403):
        assert "roles/run.invoker" in found["reason"]["message"]


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_what_passes_is_raised_so_that_the_message_comes_again(
    bucket: gcs.Bucket, sam2: Endpoint, status: int
) -> None:
    sam2.answer = lambda _: (status, None)
    message = event(bucket, upload(bucket), PROMPT)
    with pytest.raises(Transient, match=str(status)):
        segmentation(bucket, sam2, sam2_deadline=2).handle(message)
    assert not output(bucket).blob("cat.png/result.json").exists()
    sam2.answer = lambda _: (200, _whole_crop())
    segmentation(bucket, sam2).handle(message)
    assert result(bucket)["status"] == "segmented"


def test_a_server_that_is_not_there_is_waited_for(bucket: gcs.Bucket, sam2: Endpoint) -> None:
    message = event(bucket, upload(bucket), PROMPT)
    with pytest.raises(Transient, match="cannot be reached"):
        segmentation(bucket, sam2, sam2_url="http://127.0.0.1:9/").handle(message)


@pytest.mark.parametrize("status", [503, 403])
def test_an_address_with_secrets_shows_them_nowhere(
    bucket: gcs.Bucket, sam2: Endpoint, capfd: pytest.CaptureFixture[str], status: int
) -> None:
    url = f"{sam2.url}?token=hidden"
    before = logging.root.handlers[:]
    logs.configure()
    try:
        sam2.answer = lambda _: (status, None)
        function = segmentation(bucket, sam2, sam2_url=url)
        with suppress(Transient):
            function.handle(replace(event(bucket, upload(bucket), PROMPT), attempt=10))
        texts = capfd.readouterr().err + json.dumps(result(bucket))
        assert str(status) in texts
        assert sam2.url.rstrip("/") in texts
        assert "hidden" not in texts
    finally:
        logging.root.handlers[:] = before


def test_without_sam2_and_fallback_the_upload_fails_with_a_reason(
    bucket: gcs.Bucket, sam2: Endpoint
) -> None:
    sam2.answer = lambda _: (403, None)
    function = segmentation(bucket, sam2, sam2_fallback="none")
    function.handle(event(bucket, upload(bucket), PROMPT))
    found = result(bucket)
    assert (found["status"], found["reason"]["code"]) == ("failed", "sam2-refused")
    assert found["outputs"] is None
    assert not output(bucket).blob("cat.png/mask.png").exists()


def test_an_upload_that_was_overwritten_meanwhile_is_left_to_its_successor(
    bucket: gcs.Bucket, sam2: Endpoint
) -> None:
    first = upload(bucket)
    upload(bucket)
    segmentation(bucket, sam2).handle(event(bucket, first, PROMPT))
    assert not list(output(bucket).list_blobs())


@pytest.mark.parametrize(
    ("prompts", "source"),
    [
        ((PROMPT, PROMPT), {}),
        ((PROMPT.model_copy(update={"crop": Box(0, 0, 301, 10)}),), {}),
        ((PROMPT.model_copy(update={"box": Box(10, 10, 10, 20)}),), {}),
        ((PROMPT.model_copy(update={"crop": Box(-5, 0, 100, 100)}),), {}),
        ((PROMPT,), {"width": 30}),
    ],
)
def test_prompts_that_do_not_fit_their_upload_are_not_understood(
    bucket: gcs.Bucket, sam2: Endpoint, prompts: tuple[Prompt, ...], source: dict[str, Any]
) -> None:
    message = event(bucket, upload(bucket), *prompts, **source)
    with pytest.raises(UnreadableMessage):
        segmentation(bucket, sam2).handle(message)
    assert not list(output(bucket).list_blobs())


@pytest.mark.parametrize(
    "source",
    [{"bucket": "another-bucket"}, {"name": "cat.png/face-1"}, {"name": "../cat.png"}],
)
def test_prompts_for_what_is_no_upload_of_ours_are_foreign(
    bucket: gcs.Bucket, sam2: Endpoint, source: dict[str, Any]
) -> None:
    message = event(bucket, upload(bucket), PROMPT, **source)
    with pytest.raises(ForeignMessage):
        segmentation(bucket, sam2).handle(message)
    assert not list(output(bucket).list_blobs())


def test_a_correction_is_drawn_and_prompts_before_it_no_more(
    bucket: gcs.Bucket, sam2: Endpoint
) -> None:
    sam2.answer = lambda _: (200, _whole_crop())
    generation = upload(bucket)
    function = segmentation(bucket, sam2)
    function.handle(event(bucket, generation, PROMPT, PROMPT.model_copy(update={"id": "face-2"})))
    function.handle(event(bucket, generation, PROMPT, revision=1))
    corrected = result(bucket)
    assert (corrected["revision"], len(corrected["instances"])) == (1, 1)
    assert not output(bucket).blob("cat.png/face-2/mask.png").exists()
    function.handle(event(bucket, generation))
    assert result(bucket) == corrected


@pytest.mark.parametrize("again", [{"attempt": 2}, {"attributes": {REPEATED: "true"}}])
def test_a_repeated_correction_is_segmented_only_if_its_result_is_of_older_prompts(
    bucket: gcs.Bucket, sam2: Endpoint, again: dict[str, Any]
) -> None:
    sam2.answer = lambda _: (200, _whole_crop())
    generation = upload(bucket)
    function = segmentation(bucket, sam2)
    function.handle(event(bucket, generation, PROMPT))
    repeated = replace(event(bucket, generation, PROMPT, revision=1), **again)
    function.handle(repeated)
    assert (result(bucket)["revision"], len(sam2.requests)) == (1, 2)
    function.handle(repeated)
    assert len(sam2.requests) == 2


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"sam2_fallback": "none"}, "403 Forbidden"),
        ({"max_pixels": 9}, "MAX_PIXELS"),
    ],
)
def test_a_correction_that_cannot_be_segmented_leaves_the_result_before_it(
    bucket: gcs.Bucket, sam2: Endpoint, changes: dict[str, Any], why: str
) -> None:
    sam2.answer = lambda _: (200, _whole_crop())
    generation = upload(bucket)
    segmentation(bucket, sam2).handle(event(bucket, generation, PROMPT))
    before = result(bucket)
    sam2.answer = lambda _: (403, None)
    function = segmentation(bucket, sam2, **changes)
    function.handle(event(bucket, generation, PROMPT, revision=1))
    after = result(bucket)
    *others, note = after["review"]
    assert note["code"] == "correction-failed"
    assert why in note["message"]
    assert {**after, "review": others} == before
    assert output(bucket).blob("cat.png/face-1/mask.png").exists()


def test_a_correction_that_fails_at_its_last_delivery_leaves_the_result_before_it(
    bucket: gcs.Bucket, sam2: Endpoint
) -> None:
    sam2.answer = lambda _: (200, _whole_crop())
    generation = upload(bucket)
    segmentation(bucket, sam2).handle(event(bucket, generation, PROMPT))
    sam2.answer = lambda _: (503, None)
    last = replace(event(bucket, generation, PROMPT, revision=1), attempt=10)
    with pytest.raises(Transient):
        segmentation(bucket, sam2, sam2_deadline=2).handle(last)
    found = result(bucket)
    assert (found["status"], found["revision"]) == ("segmented", 0)
    note = found["review"][-1]
    assert "Correction 1 failed: Failed after all retries (10 deliveries)" in note["message"]
