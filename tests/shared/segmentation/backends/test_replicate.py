"""The segmenter at Replicate against a server that speaks its HTTP API."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from shared.imaging.geometry import BoolMask, Image, polygon_mask
from shared.runtime.deadline import Deadline
from shared.schemas.box import Box
from shared.schemas.documents import SegmenterVersion
from shared.schemas.errors import Permanent, Transient
from shared.schemas.prompt import Prompt
from shared.schemas.settings import SegmentationSettings
from shared.segmentation.backends import factory, replicate_api
from shared.segmentation.backends.replicate import ReplicateSegmenter
from shared.segmentation.backends.replicate_api import ReplicateApi
from shared.segmentation.mask_selection import Candidate, choose
from shared.segmentation.masks import covered
from shared.segmentation.sam2.transport import in_loop
from tests.shared.segmentation.backends.replicate_server import NEWEST, TOKEN, Replicate, serving
from tools.support.shapes import ellipse, prompt_for

pytestmark = pytest.mark.usefixtures("brief_backoff")

WHOLE = Box(0, 0, 300, 200)
TRUTH = polygon_mask(ellipse(150, 100, 44, 55), WHOLE)
DRAWING = np.where(TRUTH[..., None], np.uint8(220), np.full((200, 300, 3), 60, np.uint8))
PROMPT = prompt_for(ellipse(150, 100, 40, 50), WHOLE)


@pytest.fixture
def replicate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Replicate]:
    monkeypatch.setattr(replicate_api, "_POLL_SECONDS", 0.01)
    with serving() as made:
        made.segment = _everything
        yield made


def _everything(image: Image) -> list[BoolMask]:
    """Returns masks as without prompts: the face, its surroundings, a part of it, all, nothing."""
    face = image[..., 0] > 128
    part = face.copy()
    part[: len(part) // 2] = False
    return [~face, part, face, np.ones_like(face), np.zeros_like(face)]


def _ask(
    server: Replicate, image: Image = DRAWING, prompt: Prompt = PROMPT, **changes: Any
) -> list[Candidate]:
    deadline = Deadline.after(changes.pop("seconds", 30))
    (answer,) = _segmenter(server, **changes).segment(image, [prompt], deadline, multimask=True)
    return list(answer.candidates)


def _segmenter(server: Replicate, **changes: Any) -> ReplicateSegmenter:
    options = {"token": TOKEN, "model": "meta/sam-2", "timeout": 30, **changes}
    return ReplicateSegmenter(**options, base_url=server.url)


def test_the_mask_that_fits_the_face_is_chosen_among_all(replicate: Replicate) -> None:
    mask, _ = choose(_ask(replicate), PROMPT)
    assert (covered([mask], WHOLE) == TRUTH).all()
    (asked,) = replicate.predictions
    assert asked["version"] == NEWEST
    assert asked["input"]["image"].startswith("data:image/png;base64,")


def test_the_token_goes_to_replicate_alone_and_not_with_the_downloads(
    replicate: Replicate,
) -> None:
    _ask(replicate)
    downloads = replicate.tokens[-5:]
    assert downloads == [None] * 5
    assert set(replicate.tokens[:-5]) == {f"Bearer {TOKEN}"}


def test_a_version_that_is_set_is_the_one_that_is_asked(replicate: Replicate) -> None:
    _ask(replicate, model=f"meta/sam-2:{'ab' * 32}")
    assert [asked["version"] for asked in replicate.predictions] == ["ab" * 32]


def test_a_large_picture_travels_as_a_file(replicate: Replicate) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (1200, 1200, 3), np.uint8)
    prompt = prompt_for(ellipse(600, 600, 300, 350), Box(0, 0, 1200, 1200))
    replicate.segment = lambda image: [np.ones(image.shape[:2], bool)]
    (candidate, *_) = _ask(replicate, noise, prompt)
    assert candidate.pixels.all()
    assert len(replicate.uploads) == 1


def test_too_many_requests_are_asked_again_when_replicate_says(replicate: Replicate) -> None:
    refusal = {"detail": "throttled"}, 429, {"Retry-After": "1"}
    replicate.refuse = lambda count: refusal if count < 2 else None
    start = time.monotonic()
    assert _ask(replicate)
    assert time.monotonic() - start >= 1
    assert len(replicate.predictions) == 2


@pytest.mark.parametrize("status", [429, 500, 503])
def test_trouble_that_lasts_is_left_to_the_next_delivery(replicate: Replicate, status: int) -> None:
    replicate.refuse = lambda _: ({"detail": "no"}, status, {"Retry-After": "60"})
    with pytest.raises(Transient, match=str(status)):
        _ask(replicate, seconds=30)
    assert len(replicate.predictions) == 1


def test_a_failed_poll_starts_no_second_prediction(replicate: Replicate) -> None:
    replicate.refuse_poll = lambda count: ({"detail": "busy"}, 503) if count == 1 else None
    assert _ask(replicate)
    assert len(replicate.predictions) == 1


@pytest.mark.parametrize("status", ["canceled", "aborted"])
def test_a_prediction_that_was_ended_early_is_transient(replicate: Replicate, status: str) -> None:
    replicate.refuse = lambda _: ({"id": "p", "status": status}, 201)
    with pytest.raises(Transient, match=f"ended as {status}"):
        in_loop(ReplicateApi(TOKEN, replicate.url).predict(NEWEST, {}))


def test_a_prediction_that_never_ends_does_not_hang(replicate: Replicate) -> None:
    replicate.end = {"status": "processing"}
    with pytest.raises(Transient, match="no answer"):
        _ask(replicate, timeout=1, seconds=1)


def test_nobody_there_is_transient(replicate: Replicate) -> None:
    replicate.url = "http://127.0.0.1:9"
    with pytest.raises(Transient, match="cannot be reached"):
        _ask(replicate, seconds=3)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"end": {"status": "failed", "error": "out of memory"}}, "out of memory"),
        ({"output": {"combined_mask": "x"}}, "want individual_masks"),
        ({"output": ["ftp://elsewhere/mask.png"]}, "no https address"),
        ({"output": ["https://example.com:port/mask.png"]}, "not understood"),
        ({"output": ["https://127.0.0.1:99999/mask.png"]}, "not understood"),
        ({"end": {"status": "odd"}}, "status: odd"),
        ({"output": {"individual_masks": [7]}}, "want individual_masks"),
        ({"segment": lambda image: [np.zeros(image.shape[:2], bool)]}, "is near face-1"),
        ({"refuse": lambda _: ({"detail": "bad input"}, 422)}, "bad input"),
        ({"refuse": lambda _: ("<html>", 404)}, "404: no reason given"),
        ({"refuse": lambda _: ("<html>", 200)}, "not understood"),
        ({"refuse": lambda _: ({"status": "odd"}, 201)}, "not understood"),
    ],
)
def test_what_will_never_work_says_why(
    replicate: Replicate, changes: dict[str, Any], told: str
) -> None:
    for name, value in changes.items():
        setattr(replicate, name, value)
    with pytest.raises(Permanent, match=told):
        _ask(replicate)
    assert len(replicate.predictions) == 1


def test_after_a_failed_download_the_others_are_given_up(replicate: Replicate) -> None:
    asked: list[int] = []
    failed = threading.Event()

    def refuse(index: int) -> tuple[str, int] | None:
        # later attempts would find all threads of the server waiting here
        if len(replicate.predictions) > 1:
            return "gone", 404
        asked.append(index)
        if index == 0:
            return "gone", 404
        failed.wait(30)
        return None

    replicate.segment = lambda image: [np.ones(image.shape[:2], bool)] * 40
    replicate.refuse_mask = refuse
    try:
        with pytest.raises(Transient, match="404"):
            _ask(replicate)
    finally:
        failed.set()
    _segmenter(replicate).version(Deadline.after(30))  # runs where the downloads ran
    assert len(asked) <= 8


def test_a_wrong_token_is_named(replicate: Replicate) -> None:
    with pytest.raises(Permanent, match="REPLICATE_API_TOKEN"):
        _ask(replicate, token="wrong")


@pytest.mark.parametrize("token", ["secret\n", "secret é"])
def test_an_error_does_not_contain_an_invalid_token(replicate: Replicate, token: str) -> None:
    with pytest.raises(Permanent, match="REPLICATE_API_TOKEN") as caught:
        _ask(replicate, token=token)
    assert "secret" not in str(caught.value)


def test_it_is_chosen_by_its_setting() -> None:
    settings = SegmentationSettings(
        input_bucket="in-bucket",
        output_bucket="out-bucket",
        sam2_provider="replicate",
        replicate_api_token=TOKEN,
    )
    assert isinstance(factory.primary(settings), ReplicateSegmenter)


def test_the_masks_name_the_model_and_its_version(replicate: Replicate) -> None:
    segmenter = _segmenter(replicate)
    (answer,) = segmenter.segment(DRAWING, [PROMPT], Deadline.after(30), multimask=True)
    assert answer.segmenter == SegmenterVersion("replicate:meta/sam-2", NEWEST)
    assert segmenter.version(Deadline.after(30)) == answer.segmenter


def test_the_version_is_unknown_where_replicate_does_not_answer(replicate: Replicate) -> None:
    assert _segmenter(replicate, token="wrong").version(Deadline.after(30)) is None
