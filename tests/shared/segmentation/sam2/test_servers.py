"""Correct and broken SAM2 servers: each gives exact masks or a clear status, and none hangs."""

import base64
import gzip
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from io import BufferedIOBase
from typing import Any

import numpy as np
import pytest
from google.cloud import storage as gcs

from shared.decoding import pixels
from shared.imaging import png, rle
from shared.imaging.geometry import BoolMask, polygon_mask
from shared.prompting.builder import build_prompts
from shared.schemas.box import Box
from shared.schemas.errors import Transient
from shared.schemas.prompt import PromptOptions
from shared.segmentation import masks
from shared.segmentation.sam2 import resilience, transport
from tests.endpoint import Endpoint, ReceivedRequest, serving
from tests.shared.segmentation_runs import (
    HEIGHT,
    IMAGE,
    WIDTH,
    event,
    output,
    result,
    segmentation,
    upload,
)
from tools.support.shapes import ellipse, face, prompt_for

pytestmark = pytest.mark.usefixtures("brief_backoff")

WHOLE = Box(0, 0, WIDTH, HEIGHT)
TRUTH = polygon_mask(ellipse(150, 100, 44, 55), WHOLE)
DRAWING = np.where(TRUTH[..., None], IMAGE, np.uint8(60))
PROMPT = prompt_for(ellipse(150, 100, 40, 50), WHOLE)
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@pytest.fixture
def sam2() -> Iterator[Endpoint]:
    """A server whose mask has the bright pixels of the image, unless a test changes it."""
    with serving() as made:
        made.answer = lambda request: (200, {"masks": [_bright_pixels(request).tolist()]})
        yield made


def _bright_pixels(request: ReceivedRequest) -> BoolMask:
    picture = pixels.decode(base64.b64decode(request.body["image_base64"]), 10**6)
    return np.asarray(picture[..., 0] > 128)


def _png(mask: BoolMask) -> str:
    return base64.b64encode(png.encode_array(masks.picture(mask))).decode()


def _runs(mask: BoolMask) -> list[int]:
    flat = np.concatenate([[0], mask.ravel(order="F").astype(int), [-1]])
    return np.diff(np.concatenate([[0], np.flatnonzero(np.diff(flat))])).tolist()


FORMATS: dict[str, Callable[[BoolMask], Any]] = {
    "png": lambda mask: {"mask_png_base64": _png(mask)},
    "runs": lambda mask: {"mask_rle": {"counts": _runs(mask), "size": list(mask.shape)}},
    "runs in a list": lambda mask: {"mask_rle": [_runs(mask), list(mask.shape)]},
    "COCO": lambda mask: {"mask_rle": rle.encode(mask)._asdict()},
    "booleans": lambda mask: {"masks": [mask.tolist()]},
    "0 and 255": lambda mask: {"masks": [masks.picture(mask).tolist()]},
    "probabilities": lambda mask: {"masks": [(mask * 0.9 + 0.05).tolist()]},
    "candidates with scores": lambda mask: {
        "masks": [_png(~mask), _png(mask), _png(np.ones_like(mask))],
        "scores": [0.99, 0.7, 0.99],
    },
}


@pytest.mark.parametrize("answer", FORMATS.values(), ids=FORMATS.keys())
def test_every_format_gives_the_exact_mask(
    bucket: gcs.Bucket, sam2: Endpoint, answer: Callable[[BoolMask], Any]
) -> None:
    sam2.answer = lambda request: (200, answer(_bright_pixels(request)))
    segmentation(bucket, sam2).handle(event(bucket, upload(bucket, DRAWING), PROMPT))
    assert result(bucket)["status"] == "segmented"
    assert _written_mask(bucket) == TRUTH.tolist()


def _written_mask(bucket: gcs.Bucket) -> list[list[bool]]:
    (one,) = result(bucket)["instances"]
    return rle.decode(one["rle"]["counts"], tuple(one["rle"]["size"])).tolist()


def test_a_flaky_server_is_asked_again(bucket: gcs.Bucket, sam2: Endpoint) -> None:
    correct = sam2.answer
    sam2.answer = lambda request: (503, None) if len(sam2.requests) < 3 else correct(request)
    function = segmentation(bucket, sam2, sam2_deadline=30)
    function.handle(event(bucket, upload(bucket, DRAWING), PROMPT))
    assert _written_mask(bucket) == TRUTH.tolist()
    assert len(sam2.requests) == 3


def test_a_server_that_says_when_to_come_back_is_left_alone_until_then(
    bucket: gcs.Bucket, sam2: Endpoint
) -> None:
    correct, sam2.headers = sam2.answer, {"Retry-After": "1"}
    sam2.answer = lambda request: (429, None) if len(sam2.requests) < 2 else correct(request)
    function = segmentation(bucket, sam2, sam2_deadline=30)
    function.handle(event(bucket, upload(bucket, DRAWING), PROMPT))
    first, second = sam2.requests
    assert second.when - first.when >= 1
    assert _written_mask(bucket) == TRUTH.tolist()


def test_a_server_that_wants_more_time_than_there_is_is_left_to_the_next_delivery(
    bucket: gcs.Bucket, sam2: Endpoint
) -> None:
    sam2.answer, sam2.headers = lambda _: (503, None), {"Retry-After": "3600"}
    function = segmentation(bucket, sam2, sam2_deadline=30)
    with pytest.raises(Transient, match="503"):
        function.handle(event(bucket, upload(bucket, DRAWING), PROMPT))
    assert len(sam2.requests) == 1


def _silence(_: BufferedIOBase) -> None:
    time.sleep(2)


def _drip(head: bytes) -> Callable[[BufferedIOBase], None]:
    def write(connection: BufferedIOBase) -> None:
        with suppress(OSError):
            connection.write(head)
            for _ in range(20):
                connection.write(b"x")
                connection.flush()
                time.sleep(0.1)

    return write


def _say(*parts: bytes) -> Callable[[BufferedIOBase], None]:
    def write(connection: BufferedIOBase) -> None:
        with suppress(OSError):
            for part in parts:
                connection.write(part)

    return write


@pytest.mark.parametrize(
    ("stream", "sentence"),
    [
        (_silence, "no answer in 0 s"),
        (_drip(b"HTTP/1.1 200 OK\r\nX-Drip: "), "no answer in 0 s"),
        (_drip(OK + b"Content-Length: 999\r\n\r\n"), "no answer in 0 s"),
        (_say(OK + b'Content-Length: 999\r\n\r\n{"masks"'), "cannot be reached"),
        (_say(), "cannot be reached"),
        (_say(b"what?\r\n\r\n"), "cannot be reached"),
    ],
    ids=["silent", "headers drip", "body drips", "closes mid-body", "closes", "no HTTP"],
)
def test_a_server_that_gives_no_whole_answer_raises_within_the_deadline(
    bucket: gcs.Bucket,
    sam2: Endpoint,
    stream: Callable[[BufferedIOBase], None],
    sentence: str,
) -> None:
    sam2.stream = stream
    function = segmentation(bucket, sam2, sam2_timeout=0.3, sam2_deadline=0.3)
    message = event(bucket, upload(bucket, DRAWING), PROMPT)
    with pytest.raises(Transient, match=sentence):
        function.handle(message)
    assert not output(bucket).blob("cat.png/result.json").exists()
    sam2.stream = None
    segmentation(bucket, sam2).handle(message)
    assert _written_mask(bucket) == TRUTH.tolist()


def _huge(connection: BufferedIOBase) -> None:
    with suppress(OSError):
        connection.write(OK + b"Content-Length: 2147483648\r\n\r\n")
        for _ in range(2048):
            connection.write(bytes(2**20))


BOMB = gzip.compress(bytes(200 * 2**20))
PACKED = OK + b"Content-Encoding: gzip\r\nContent-Length: "


@pytest.mark.parametrize(
    ("stream", "sentence"),
    [
        (_huge, "more than 67,108,864 bytes"),
        (_say(PACKED + str(len(BOMB)).encode() + b"\r\n\r\n", BOMB), "compressed (gzip)"),
        (_say(OK + b"Content-Encoding: gzip, gzip, gzip\r\n\r\n"), "compressed (gzip, gzip, gzip)"),
        (_say(PACKED + b"4\r\n\r\nnone"), "compressed (gzip)"),
        (_say(OK + b"Content-Length: 6\r\n\r\n<html>"), "want JSON, got 6 bytes"),
        (_say(b"HTTP/1.1 302 Found\r\nLocation: /login\r\n\r\n"), "redirects to /login"),
    ],
    ids=["2 GB", "gzip bomb", "gzip in gzip in gzip", "no gzip", "HTML", "redirects"],
)
def test_nonsense_ends_in_the_fallback_with_a_reason(
    bucket: gcs.Bucket,
    sam2: Endpoint,
    stream: Callable[[BufferedIOBase], None],
    sentence: str,
) -> None:
    sam2.stream = stream
    function = segmentation(bucket, sam2, sam2_deadline=30)
    function.handle(event(bucket, upload(bucket, DRAWING), PROMPT))
    assert result(bucket)["status"] == "degraded"
    assert sentence in result(bucket)["reason"]["message"]


def test_a_dead_server_is_spared_for_a_while_and_then_tried_again(
    bucket: gcs.Bucket, sam2: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resilience, "_RESET_SECONDS", 60)
    correct, sam2.answer = sam2.answer, lambda _: (500, None)
    function = segmentation(bucket, sam2)
    message = event(bucket, upload(bucket, DRAWING), PROMPT)
    for _ in range(10):
        with pytest.raises(Transient, match="500"):
            function.handle(message)
    count = len(sam2.requests)
    with pytest.raises(Transient, match=r"not called for a while; last error: .* 500"):
        function.handle(message)
    assert len(sam2.requests) == count
    sam2.answer = correct
    later = time.monotonic() + 61
    monkeypatch.setattr("shared.segmentation.sam2.circuit_breaker.time.monotonic", lambda: later)
    function.handle(message)
    assert _written_mask(bucket) == TRUTH.tolist()


def test_prompts_of_one_image_are_asked_at_the_same_time_but_not_without_bound(
    bucket: gcs.Bucket, sam2: Endpoint
) -> None:
    """The server responds only after four requests have arrived, and counts waiting ones."""
    together, waiting, most = threading.Barrier(4), [0], [0]
    lock = threading.Lock()

    def answer(request: ReceivedRequest) -> tuple[int, Any]:
        with lock:
            waiting[0] += 1
            most[0] = max(most[0], waiting[0])
        together.wait(timeout=20)
        with lock:
            waiting[0] -= 1
        return 200, {"masks": [np.ones(_bright_pixels(request).shape).tolist()]}

    sam2.answer = answer
    places = [(30 + 34 * column, 50 + 90 * row) for row in range(2) for column in range(4)]
    prompts = build_prompts([face(x, y, 12, 15) for x, y in places], WHOLE, PromptOptions())
    function = segmentation(bucket, sam2, sam2_deadline=60)
    function.handle(event(bucket, upload(bucket, DRAWING), *prompts))
    assert len(result(bucket)["instances"]) == len(sam2.requests) == 8
    assert most[0] == 4


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7), (" 0 ", 0), ("soon", None), ("-3", None), ("", None), ("1.5", None),
     ("Wed, 21 Oct 2015 07:28:00 GMT", 0), ("Mon, 01 Jan 2027 00:00:00 +99999999999999", None)],
)  # fmt: skip
def test_retry_after_is_read_as_the_standard_has_it(header: str, seconds: float | None) -> None:
    assert transport.retry_after({"Retry-After": header}) == seconds
