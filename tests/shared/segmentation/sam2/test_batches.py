"""Our own service gets all prompts of an image in one request."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pytest
from google.cloud import storage as gcs

from shared.decoding.sandbox import Sandbox
from shared.prompting.builder import build_prompts
from shared.sam2_server.backends import GrabCutBackend
from shared.sam2_server.job import Job
from shared.sam2_server.service import respond
from shared.sam2_server.settings import Sam2Settings
from shared.schemas.box import Box
from shared.schemas.prompt import Prompt, PromptOptions
from shared.segmentation.sam2.answers import ScoredMask
from tests.endpoint import Endpoint, ReceivedRequest, serving
from tests.shared.segmentation_runs import event, result, segmentation, upload
from tools.support.shapes import face

WHOLE = Box(0, 0, 1000, 800)
PLACES = [(100 + 200 * column, 100 + 200 * row) for row in range(4) for column in range(5)]


def _prompts() -> tuple[Prompt, ...]:
    return build_prompts([face(x, y, 40, 50) for x, y in PLACES], WHOLE, PromptOptions())


def _crowd() -> Any:
    crowd = np.full((800, 1000, 3), (90, 160, 220), np.uint8)
    ys, xs = np.mgrid[:800, :1000]
    for x, y in PLACES:
        crowd[((xs - x) / 44) ** 2 + ((ys - y) / 55) ** 2 < 1] = (240, 200, 170)
    return crowd


class Counting(GrabCutBackend):
    """The embedded backend, which records its jobs."""

    def __init__(self) -> None:
        super().__init__()
        self.jobs: list[Job] = []

    def segment(self, jobs: Sequence[Job]) -> Iterator[Iterable[ScoredMask]]:
        self.jobs += jobs
        return super().segment(jobs)


@pytest.fixture
def backend() -> Counting:
    return Counting()


@pytest.fixture
def sam2(backend: Counting) -> Iterator[Endpoint]:
    """Our own service, without the HTTP framework."""

    def answer(request: ReceivedRequest) -> tuple[int, Any]:
        response, status = respond(
            backend, Sandbox(10**7), json.dumps(request.body).encode, Sam2Settings()
        )
        return status, json.loads(response.model_dump_json())

    with serving() as made:
        made.answer = answer
        yield made


def _segment(bucket: gcs.Bucket, sam2: Endpoint) -> dict[str, Any]:
    function = segmentation(bucket, sam2, sam2_provider="toonmask", sam2_deadline=60)
    size = {"width": 1000, "height": 800}
    function.handle(event(bucket, upload(bucket, _crowd()), *_prompts(), **size))
    return result(bucket)


def test_twenty_faces_are_one_request_and_few_pictures(
    bucket: gcs.Bucket, sam2: Endpoint, backend: Counting
) -> None:
    found = _segment(bucket, sam2)
    assert found["status"] == "segmented"
    assert [one["id"] for one in found["instances"]] == [f"face-{n + 1}" for n in range(20)]
    assert len(sam2.requests) == 1
    assert sum(len(job.prompts) for job in backend.jobs) == 20
    assert len(backend.jobs) < 10
    ellipse = np.pi * 44 * 55
    assert all(0.95 < one["area"] / ellipse < 1.05 for one in found["instances"])


def test_pictures_that_are_too_large_together_go_in_several_requests(
    bucket: gcs.Bucket, sam2: Endpoint, backend: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.segmentation.backends.sam2._MOST_BYTES", 1)
    assert _segment(bucket, sam2)["status"] == "segmented"
    assert len(sam2.requests) == len(backend.jobs) > 1


def test_each_answer_finds_its_prompt(bucket: gcs.Bucket, sam2: Endpoint) -> None:
    found = _segment(bucket, sam2)["instances"]
    for one, prompt in zip(found, _prompts(), strict=True):
        assert one["id"] == prompt.id
        assert Box(*one["box"]).intersection(prompt.box) == Box(*one["box"])


def test_one_face_without_a_mask_leaves_the_others_alone(
    bucket: gcs.Bucket, sam2: Endpoint
) -> None:
    correct = sam2.answer

    def answer(request: ReceivedRequest) -> tuple[int, Any]:
        status, response = correct(request)
        response["images"][0][0]["masks"] = ["nonsense"]
        response["segmenter"] = {"backend": "sam2"}
        return status, response

    sam2.answer = answer
    found = _segment(bucket, sam2)
    assert (found["status"], found["reason"]["code"]) == ("degraded", "sam2-bad-answer")
    segmenters = [one["segmenter"] for one in found["instances"]]
    assert sorted(segmenters) == ["grabcut"] + ["sam2"] * 19
