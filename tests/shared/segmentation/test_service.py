"""The segmentation service: memory, and the circuit breaker that all callers share."""

import asyncio
import gc
import weakref
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from shared.gcp.id_tokens import NoAuthorisation
from shared.imaging.geometry import Image
from shared.schemas.box import Box
from shared.schemas.errors import Permanent, Transient
from shared.segmentation.backends.base import Segmenter
from shared.segmentation.backends.sam2 import BatchSegmenter, Sam2Segmenter
from shared.segmentation.sam2.contract import FieldNames
from shared.segmentation.sam2.transport import JsonService, in_loop
from shared.segmentation.service import SegmentationService
from tests.endpoint import Endpoint, serving
from tools.support.shapes import ellipse, prompt_for

PROMPT = prompt_for(ellipse(150, 100, 40, 50), Box(0, 0, 300, 200))


@pytest.fixture
def sam2() -> Iterator[Endpoint]:
    with serving() as made:
        yield made


@pytest.fixture
def without_collector() -> Iterator[None]:
    """It runs at unknown times. Until then, images that only it can free accumulate."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("without_collector")
@pytest.mark.parametrize("status", [503, 400])
@pytest.mark.parametrize(
    "segmenter",
    [lambda service: Sam2Segmenter(service, FieldNames()), BatchSegmenter],
    ids=["one by one", "batch"],
)
def test_an_image_without_a_mask_leaves_memory_at_once(
    sam2: Endpoint, segmenter: Callable[[JsonService], Segmenter], status: int
) -> None:
    sam2.answer = lambda _: (status, None)
    service = JsonService(sam2.url, NoAuthorisation(), 5)

    def ask() -> "weakref.ref[Image]":
        image = np.zeros((200, 300, 3), np.uint8)
        with pytest.raises((Transient, Permanent)):
            SegmentationService(segmenter(service), None, seconds=0.3).segment_image(
                image, [PROMPT]
            )
        return weakref.ref(image)

    image = ask()
    in_loop(asyncio.sleep(0))  # the loop's thread has let go of the call's error by then
    assert image() is None


def test_one_circuit_serves_requests_for_one_candidate_and_for_several(sam2: Endpoint) -> None:
    sam2.answer = lambda _: (503, None)
    service = JsonService(sam2.url, NoAuthorisation(), 5)
    masks = SegmentationService(BatchSegmenter(service), None, seconds=0.4)
    image = np.zeros((200, 300, 3), np.uint8)
    for number in range(10):
        with pytest.raises(Transient):
            masks.segment_image(image, [PROMPT], multimask=number % 2 == 0)
    count = len(sam2.requests)
    for multimask in (True, False):
        with pytest.raises(Transient, match="not called for a while"):
            masks.segment_image(image, [PROMPT], multimask=multimask)
    assert len(sam2.requests) == count
