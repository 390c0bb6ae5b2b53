"""A result names the segmenter of its masks, and is up to date only for that segmenter."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from google.cloud import storage as gcs

from shared.gcp.events import REPEATED, Message
from shared.schemas.box import Box
from shared.schemas.documents import SegmenterVersion
from shared.segmentation.sam2.contract import segmenter_of
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

PROMPT = prompt_for(ellipse(150, 100, 40, 50), Box(0, 0, WIDTH, HEIGHT))
LARGE = {"backend": "sam2", "checkpoint": "facebook/sam2.1-hiera-large", "revision": "b0a5d5d"}
GRABCUT = {"backend": "grabcut", "revision": "0.1.0"}


@pytest.fixture
def sam2() -> Iterator[Endpoint]:
    """Answers with a mask of everything, and does not say what it is."""
    with serving() as made:
        made.answer = lambda _: (200, _everything())
        yield made


def _everything(**more: Any) -> dict[str, Any]:
    return {"masks": [np.ones((64, 64)).tolist()], **more}


def _is(sam2: Endpoint, segmenter: dict[str, str]) -> None:
    """Makes the server name its segmenter, in responses and in its description."""
    sam2.description = {"segmenter": segmenter}
    sam2.answer = lambda _: (200, _everything(segmenter=segmenter))


def _segmented(bucket: gcs.Bucket, sam2: Endpoint, **changes: Any) -> dict[str, Any]:
    message = event(bucket, upload(bucket), PROMPT)
    segmentation(bucket, sam2, sam2_deadline=30, **changes).handle(message)
    return result(bucket)


@pytest.mark.parametrize(
    ("segmenter", "name", "versions"),
    [
        (LARGE, "sam2.1-hiera-large", {"sam2.1-hiera-large": "b0a5d5d"}),
        (GRABCUT, "grabcut", {"grabcut": "0.1.0"}),
        ({"backend": "sam2", "checkpoint": "/models/mine/"}, "mine", {}),
    ],
)
def test_masks_are_by_whom_the_service_says(
    bucket: gcs.Bucket, sam2: Endpoint, segmenter: Any, name: str, versions: dict[str, str]
) -> None:
    _is(sam2, segmenter)
    found = _segmented(bucket, sam2)
    assert found["status"] == "segmented"
    assert [one["segmenter"] for one in found["instances"]] == [name]
    assert found["versions"].items() >= versions.items()


@pytest.mark.parametrize("segmenter", [None, 7, {}, {"backend": "a b"}, {"backend": "x" * 999}])
def test_a_server_that_does_not_say_what_it_is_is_named_by_its_address(
    bucket: gcs.Bucket, sam2: Endpoint, segmenter: Any
) -> None:
    sam2.answer = lambda _: (200, _everything(segmenter=segmenter))
    host = sam2.url.split("/")[2]
    (instance,) = _segmented(bucket, sam2)["instances"]
    assert instance["segmenter"] == f"http:{host}"


def test_the_fallback_is_named_where_it_helped(bucket: gcs.Bucket, sam2: Endpoint) -> None:
    sam2.answer = lambda _: (400, None)
    found = _segmented(bucket, sam2, sam2_fallback="oval")
    assert found["status"] == "degraded"
    assert [one["segmenter"] for one in found["instances"]] == ["oval"]


class _Again:
    """One upload whose message comes again and again."""

    def __init__(self, bucket: gcs.Bucket, sam2: Endpoint, **changes: Any) -> None:
        self._sam2 = sam2
        self._function = segmentation(bucket, sam2, sam2_deadline=30, **changes)
        self._message = event(bucket, upload(bucket), PROMPT)
        self._function.handle(self._message)

    def asks(self) -> bool:
        """Whether a repeated message makes the service cut the masks anew."""
        before = len(self._sam2.requests)
        again = replace(self._message, attributes={REPEATED: "true"})
        self._function.handle(again)
        return len(self._sam2.requests) > before


def test_other_weights_behind_the_same_address_cut_what_the_former_cut(
    bucket: gcs.Bucket, sam2: Endpoint
) -> None:
    _is(sam2, GRABCUT)
    again = _Again(bucket, sam2)
    assert not again.asks()
    _is(sam2, LARGE)
    assert again.asks()
    assert result(bucket)["instances"][0]["segmenter"] == "sam2.1-hiera-large"
    assert not again.asks()
    _is(sam2, {**LARGE, "revision": "another"})
    assert again.asks()


def test_what_a_fallback_cut_is_cut_anew_once_the_service_answers(
    bucket: gcs.Bucket, sam2: Endpoint
) -> None:
    _is(sam2, LARGE)
    sam2.answer = lambda _: (400, None)
    again = _Again(bucket, sam2)
    assert result(bucket)["status"] == "degraded"
    _is(sam2, LARGE)
    assert again.asks()
    assert result(bucket)["status"] == "segmented"


def test_a_result_counts_where_the_service_does_not_say_what_it_is(
    bucket: gcs.Bucket, sam2: Endpoint
) -> None:
    assert not _Again(bucket, sam2).asks()


def test_a_result_without_a_service_counts(bucket: gcs.Bucket, sam2: Endpoint) -> None:
    again = _Again(bucket, sam2, sam2_url=None)
    assert result(bucket)["status"] == "degraded"
    assert not again.asks()


def test_what_is_empty_is_finished_whoever_would_cut(bucket: gcs.Bucket, sam2: Endpoint) -> None:
    function = segmentation(bucket, sam2, sam2_deadline=30)
    message = event(bucket, upload(bucket))
    function.handle(message)
    first = output(bucket).get_blob("cat.png/result.json").generation
    _is(sam2, LARGE)
    function.handle(Message(message.data, {REPEATED: "true"}))
    assert output(bucket).get_blob("cat.png/result.json").generation == first


def test_what_a_service_says_is_read_from_answers_of_any_kind() -> None:
    assert segmenter_of({"images": [], "segmenter": LARGE}) == SegmenterVersion(
        "sam2.1-hiera-large", "b0a5d5d"
    )
    assert segmenter_of([]) is None
