"""Uploads with frames: each frame has results of its own, and the upload a summary of them."""

import io
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from google.cloud import storage as gcs
from PIL import Image as PillowImage

from shared.corrections.saving import Corrections
from shared.gcp.events import Message
from shared.gcp.gcs import ObjectRef, ObjectToWrite, Storage
from shared.gcp.provenance import Provenance
from shared.gcp.publisher import Publisher
from shared.pipeline import frame_prompts
from shared.pipeline.drain import Drain
from shared.runtime.deadline import Deadline
from shared.schemas import object_names
from shared.schemas.documents import Status
from shared.schemas.errors import Transient
from shared.schemas.frames import Frame
from shared.schemas.settings import BucketSettings
from shared.segmentation.backends import unconfigured
from tests.shared.pipeline.frames import (
    COLOURS,
    Flow,
    find_a_face_in_everything,
    gif,
    picture,
)
from tests.topics import TOPIC, Topic, serving_topic
from tools.support.pipeline import png

WITH_FACE = {
    "prompts.json", "result.json", "mask.png", "overlay.png", "cutout.png",
    "face-1/mask.png", "face-1/cutout.png",
}  # fmt: skip
OF_FRAME = {"original.png", *WITH_FACE}


@pytest.fixture
def topic() -> Iterator[Topic]:
    with serving_topic() as serving:
        yield serving


@pytest.fixture
def detected(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    return find_a_face_in_everything(monkeypatch)


@pytest.fixture
def flow(bucket: gcs.Bucket, topic: Topic, detected: list[tuple[int, ...]]) -> Flow:
    del detected
    return Flow(bucket, topic)


def with_frames(count: int) -> set[str]:
    """The objects of an upload whose frames all have a face."""
    frames = range(1, count + 1)
    of_frames = {f"frame-{number:04}/{name}" for number in frames for name in OF_FRAME}
    return {"prompts.json", "result.json", *of_frames}


NEWER = {
    "fewer frames": (gif(*COLOURS[:2]), with_frames(2)),
    "one frame": (gif(COLOURS[2]), WITH_FACE),
    "no image": (b"hello", {"result.json"}),
}


def test_each_frame_has_results_of_its_own_and_the_upload_a_summary(flow: Flow) -> None:
    flow.process()
    assert flow.names() == with_frames(3)
    summary = flow.result()
    assert (summary.status, summary.outputs, summary.instances) == (Status.DEGRADED, None, ())
    assert [one.number for one in summary.frames] == [1, 2, 3]
    assert summary.reason is not None
    assert summary.reason.message.startswith("Frame 1 of 3: ")
    for number, colour in enumerate(COLOURS, 1):
        folder = f"a.gif/frame-{number:04}/"
        result = flow.result(folder)
        assert result.source.frame == Frame(number=number, count=3)
        assert [one.id for one in result.instances] == ["face-1"]
        original = flow.results.blob(f"{folder}original.png").download_as_bytes()
        assert PillowImage.open(io.BytesIO(original)).getpixel((0, 0)) == colour


def test_a_listing_has_the_state_and_the_reviews_of_all_frames(flow: Flow) -> None:
    flow.process()
    metadata = flow.results.get_blob("a.gif/result.json").metadata
    reviews = sum(len(flow.result(f"a.gif/frame-{n:04}/").review) for n in (1, 2, 3))
    assert (metadata["status"], metadata["frames"]) == ("degraded", "3")
    assert metadata["review"] == str(reviews)


@pytest.mark.parametrize("changes", [{"frames": "first"}, {"content": gif(COLOURS[1])}])
def test_without_several_frames_to_process_results_are_as_always(
    flow: Flow, changes: dict[str, Any]
) -> None:
    flow.process(**changes)
    assert flow.names() == WITH_FACE
    assert flow.result().source.frame is None


def test_there_is_no_summary_before_the_last_frame(flow: Flow) -> None:
    first, *others = flow.landmark(flow.upload())
    flow.segment(*others)
    assert "result.json" not in flow.names()
    flow.segment(first)
    assert flow.names() == with_frames(3)


def test_a_repeated_event_detects_and_segments_nothing_again(
    flow: Flow, detected: list[tuple[int, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    event = flow.upload()
    flow.segment(*flow.landmark(event))
    before = {blob.name: blob.generation for blob in flow.results.list_blobs()}
    messages = flow.landmark(event)
    assert len(detected) == 3

    def segment(*_: object, **__: object) -> None:
        raise AssertionError("segmented again")

    assert [message.attributes["repeated"] for message in messages] == ["true"] * 3
    monkeypatch.setattr(unconfigured.UnconfiguredSegmenter, "segment", segment)
    flow.segment(*messages)
    assert {blob.name: blob.generation for blob in flow.results.list_blobs()} == before


def test_a_delivery_that_runs_out_of_time_is_continued_by_the_next(
    flow: Flow, detected: list[tuple[int, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    event = flow.upload()
    with monkeypatch.context() as patch:
        patch.setattr(Deadline, "left", property(lambda _: 1.0 if len(detected) < 2 else 0.0))
        with pytest.raises(Transient, match="Frame 3 of 3 is not done"):
            flow.landmark(event)
    assert list(flow.topic.messages()) == []
    flow.segment(*flow.landmark(event))
    assert detected == list(COLOURS)
    assert flow.names() == with_frames(3)
    assert frame_prompts._SECONDS < 300


@pytest.mark.parametrize("newer", ["one frame", "fewer frames"])
def test_frames_that_were_never_finished_are_deleted_after_a_newer_upload(
    flow: Flow, detected: list[tuple[int, ...]], monkeypatch: pytest.MonkeyPatch, newer: str
) -> None:
    content, names = NEWER[newer]
    old_event = flow.upload(gif(*COLOURS, (9, 9, 9)))
    with monkeypatch.context() as patch:
        patch.setattr(Deadline, "left", property(lambda _: 1.0 if len(detected) < 3 else 0.0))
        with pytest.raises(Transient, match="Frame 4 of 4"):
            flow.landmark(old_event)
    event = flow.upload(content)
    assert flow.landmark(old_event) == []
    flow.segment(*flow.landmark(event))
    assert flow.names() == names


def test_what_an_older_delivery_writes_late_is_deleted_by_the_next(flow: Flow) -> None:
    """Landmarks was killed after it had written the pixels of a frame, and before its prompts."""
    old_event = flow.upload()
    (first, *_) = flow.landmark(old_event)
    old = json.loads(first.data)["source"]["generation"]
    flow.process(gif(COLOURS[2]))
    stray = ObjectToWrite("a.gif/frame-0003/original.png", "image/png", b"late")
    Storage().write(flow.results.name, stray, Provenance(old, "0123456789ab"))
    assert flow.landmark(old_event) == []
    assert flow.names() == WITH_FACE


def test_frames_without_a_decision_about_them_stay(flow: Flow) -> None:
    """Somebody has deleted prompts.json of the upload."""
    messages = flow.landmark(flow.upload())
    flow.results.blob("a.gif/prompts.json").delete()
    flow.segment(*messages)
    assert flow.names() == with_frames(3) - {"prompts.json", "result.json"}


def _tiff_with_a_broken_last_page() -> bytes:
    first, *others = map(picture, COLOURS)
    file = io.BytesIO()
    first.save(file, "TIFF", save_all=True, append_images=others, compression="tiff_deflate")
    pages = PillowImage.open(file)
    pages.seek(len(others))
    strip_offsets = 273
    (offset, *_) = pages.tag_v2[strip_offsets]  # type: ignore[attr-defined]  # a TIFF's
    content = bytearray(file.getvalue())
    content[offset : offset + 4] = b"\xff" * 4
    return bytes(content)


def test_a_broken_frame_rejects_the_upload_and_leaves_nothing_of_it(flow: Flow) -> None:
    event = flow.upload(_tiff_with_a_broken_last_page())
    assert flow.landmark(event) == []
    assert flow.names() == {"result.json"}
    reason = flow.result().reason
    assert reason is not None
    assert (reason.code, reason.message[:14]) == ("corrupt-image", "Frame 3 of 3: ")


def test_more_frames_than_allowed_are_rejected_with_their_limit(flow: Flow) -> None:
    flow.process(max_frames=2)
    assert flow.names() == {"result.json"}
    reason = flow.result().reason
    assert reason is not None
    assert reason.code == "too-many-frames"
    assert "more than 2 frames" in reason.message
    flow.process(max_frames=3)
    assert flow.names() == with_frames(3)


@pytest.mark.parametrize("late", [0, 1, 3])
@pytest.mark.parametrize("newer", NEWER)
def test_a_newer_upload_leaves_no_frame_of_an_older_one(flow: Flow, newer: str, late: int) -> None:
    """`late` is the number of frames of the older upload that are segmented after the newer one.

    The older upload is announced again, too.
    """
    content, names = NEWER[newer]
    old_event = flow.upload()
    messages = flow.landmark(old_event)
    flow.segment(*messages[late:])
    flow.process(content)
    assert flow.landmark(old_event) == []
    flow.segment(*messages[:late])
    assert flow.names() == names
    generation = flow.result().source.generation
    assert {Provenance.of(one).generation for one in flow.results.list_blobs()} == {generation}


@pytest.mark.parametrize("newer", NEWER)
def test_a_frame_that_was_read_before_a_newer_upload_deletes_itself(
    flow: Flow, newer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newer upload is finished while the last frame is being segmented."""
    content, names = NEWER[newer]
    *others, last = flow.landmark(flow.upload())
    flow.segment(*others)
    segment = unconfigured.UnconfiguredSegmenter.segment

    def overtaken(*arguments: Any, **options: Any) -> Any:
        monkeypatch.setattr(unconfigured.UnconfiguredSegmenter, "segment", segment)
        flow.process(content)
        return segment(*arguments, **options)

    monkeypatch.setattr(unconfigured.UnconfiguredSegmenter, "segment", overtaken)
    flow.segment(last)
    assert flow.names() == names


@pytest.mark.parametrize("order", [("first", "all"), ("all", "first")])
@pytest.mark.parametrize("is_late", [False, True])
def test_another_choice_of_frames_replaces_all_of_the_other(
    flow: Flow, order: tuple[str, str], is_late: bool
) -> None:
    """`is_late`: the messages of the other choice are delivered last."""
    event = flow.upload()
    before = flow.landmark(event, order[0])
    flow.segment(*before)
    after = flow.landmark(event, order[1])
    if is_late:
        flow.segment(*after[1:], *before[:1], *after[:1], *before)
    else:
        flow.segment(*after)
    assert flow.names() == (with_frames(3) if order[1] == "all" else WITH_FACE)
    assert bool(flow.result().frames) is (order[1] == "all")


def _correct(flow: Flow, frame: int | None, base: int = 0) -> list[Message]:
    blob = flow.bucket.get_blob("a.gif")
    ref = ObjectRef(flow.bucket.name, "a.gif", blob.generation)
    corrections = Corrections(Storage(), Publisher(), flow.results.name, TOPIC)
    corrections.save(ref, base, [], frame=frame)
    return list(flow.topic.messages())


def test_a_correction_of_a_frame_changes_its_result_and_the_summary(flow: Flow) -> None:
    event = flow.upload()
    old = flow.landmark(event)
    flow.segment(*old)
    flow.segment(*_correct(flow, 2))
    assert flow.result("a.gif/frame-0002/").status is Status.EMPTY
    assert flow.result("a.gif/frame-0002/").revision == 1
    summary = flow.result()
    assert [one.status for one in summary.frames] == ["degraded", "empty", "degraded"]
    assert (summary.revision, summary.frames[1].revision) == (1, 1)
    without = {"frame-0002/face-1/mask.png", "frame-0002/face-1/cutout.png"}
    assert flow.names() == with_frames(3) - without
    flow.segment(*old, *flow.landmark(event))
    assert flow.result() == summary


def test_a_frame_that_fails_is_told_by_the_summary(flow: Flow) -> None:
    messages = flow.landmark(flow.upload())
    flow.segment(*messages[1:])
    buckets = {"input_bucket": flow.bucket.name, "output_bucket": flow.results.name}
    Drain(BucketSettings.model_validate(buckets)).handle(messages[0])
    summary = flow.result()
    assert summary.status is Status.FAILED
    assert summary.reason is not None
    assert summary.reason.message.startswith("Frame 1 of 3: A function failed")
    flow.segment(messages[0])
    assert flow.result().status is Status.DEGRADED


@pytest.mark.parametrize(
    "changes",
    [{"frame": {"number": 1, "count": 2}}, {"generation": 2**62}, {"frame": None}],
)
def test_a_forged_message_takes_no_frame_away(flow: Flow, changes: dict[str, Any]) -> None:
    (first, *others) = flow.landmark(flow.upload())
    flow.segment(first, *others)
    document = json.loads(first.data)
    document["source"] |= changes
    flow.segment(Message(json.dumps(document).encode(), {}))
    assert flow.names() == with_frames(3)
    assert len(flow.result().frames) == 3


def test_names_of_frames_are_reserved(flow: Flow) -> None:
    flow.process()
    flow.segment(
        *flow.landmark(flow.upload(png(np.zeros((9, 9, 3), np.uint8)), "a.gif/frame-0001"))
    )
    own = object_names.folder("a.gif/frame-0001")
    assert flow.result(own).status is Status.REJECTED
    assert flow.names() == with_frames(3) | {own.removeprefix("a.gif/") + "result.json"}
