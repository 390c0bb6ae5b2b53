"""One upload is one trace, from its notification to the SAM2 service and to its files."""

import json
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
import requests

from local import stack
from local.settings import PROJECT
from local.stack import INPUT_BUCKET, Stack
from tests.otlp_receiver import ReceivedSpan, Receiver, receiving
from tools.support.examples import EXAMPLES
from tools.support.pipeline import process
from tools.support.pushes import authorisation, pushed

FACE = (EXAMPLES / "avataaars_05.png").read_bytes()
UPLOADS, PROMPTS = "landmarks: process uploads", "segmentation: process prompts"

LANDMARKS = {
    (UPLOADS, "landmarks: read"),
    (UPLOADS, "landmarks: decode"),
    (UPLOADS, "landmarks: detect"),
    (UPLOADS, "landmarks: write"),
    (UPLOADS, "landmarks: publish"),
    ("landmarks: publish", "landmarks: send prompts"),
    ("landmarks: send prompts", PROMPTS),
}
SAM2 = {
    ("sam2: POST /v1/segment", "sam2: decode"),
    ("sam2: POST /v1/segment", "sam2: segment"),
}
SEGMENTATION = {
    (PROMPTS, "segmentation: read"),
    (PROMPTS, "segmentation: segment"),
    ("segmentation: segment", "segmentation: POST"),
    ("segmentation: POST", "sam2: POST /v1/segment"),
    (PROMPTS, "segmentation: write result"),
    ("segmentation: write result", "segmentation: draw file"),
}


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


@pytest.fixture(scope="module")
def traced(receiver: Receiver, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A system of its own, whose functions send their spans to the receiver."""
    settings = {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": receiver.url}
    root: Path = tmp_path_factory.mktemp("traced")
    with stack.running(root, settings, with_api=True) as running:
        yield running


@pytest.fixture
def name() -> str:
    """The name of an upload that no other test uses."""
    return f"{uuid.uuid4().hex}/cat.png"


def _trace_of(spans: Iterable[ReceivedSpan], upload: str) -> list[ReceivedSpan]:
    """The spans of the trace whose first message is about this upload."""
    spans = list(spans)
    traces = {
        one.span.trace_id
        for one in spans
        if one.attributes.get("toonmask.upload") == f"gs://{INPUT_BUCKET}/{upload}"
    }
    return [one for one in spans if one.span.trace_id in traces]


def _await_trace(receiver: Receiver, upload: str, *roots: str) -> list[ReceivedSpan]:
    """The trace of an upload, once the first spans of these requests are there."""
    done = receiver.wait_for(
        lambda spans: set(roots) <= {one.name for one in _trace_of(spans, upload)}
    )
    return _trace_of(done, upload)


def _edges(spans: Iterable[ReceivedSpan]) -> set[tuple[str, str]]:
    """The names of parents and children. A span without a known parent has an empty one."""
    spans = list(spans)
    names = {one.span.span_id: one.name for one in spans}
    return {(names.get(one.span.parent_span_id, ""), one.name) for one in spans}


def _named(spans: Iterable[ReceivedSpan], name: str) -> ReceivedSpan:
    (found,) = [one for one in spans if one.name == name]
    return found


def test_an_upload_is_one_connected_tree(traced: Stack, receiver: Receiver, name: str) -> None:
    process(traced, name, FACE)
    spans = _await_trace(receiver, name, UPLOADS, PROMPTS)
    assert _edges(spans) == {("", UPLOADS)} | LANDMARKS | SEGMENTATION | SAM2
    assert {one.project for one in spans} == {PROJECT}
    assert not any(one.failed for one in spans)
    for one in spans:
        assert one.span.start_time_unix_nano <= one.span.end_time_unix_nano
    last = _named(spans, PROMPTS).attributes
    assert (last["toonmask.state"], last["messaging.system"]) == ("segmented", "gcp_pubsub")
    assert _named(spans, "segmentation: POST").attributes["http.response.status_code"] == 200


def test_log_lines_name_the_trace_and_the_span(
    traced: Stack, receiver: Receiver, name: str
) -> None:
    process(traced, name, FACE)
    root = _named(_await_trace(receiver, name, UPLOADS), UPLOADS).span
    lines = (traced.logs / "landmarks.log").read_text().splitlines()
    (line,) = [one for one in lines if name in one and '"detect"' in one]
    fields = json.loads(line)
    trace = f"projects/{PROJECT}/traces/{root.trace_id.hex()}"
    assert fields["logging.googleapis.com/trace"] == trace
    assert fields["logging.googleapis.com/spanId"] == root.span_id.hex()


def test_a_rejected_upload_ends_in_landmarks(traced: Stack, receiver: Receiver, name: str) -> None:
    process(traced, name, b"no image")
    spans = _await_trace(receiver, name, UPLOADS)
    assert _edges(spans) == {
        ("", UPLOADS),
        (UPLOADS, "landmarks: read"),
        (UPLOADS, "landmarks: write result"),
    }
    root, read = _named(spans, UPLOADS), _named(spans, "landmarks: read")
    assert root.attributes["toonmask.state"] == "rejected"
    assert root.attributes["toonmask.reason"] == "unsupported-type"
    assert not root.failed, "the function has done its work"
    assert (read.failed, read.attributes["error.type"]) == (True, "Rejected")


def test_a_redelivery_continues_the_trace_and_calls_no_sam2(
    traced: Stack, receiver: Receiver, name: str
) -> None:
    """The repeated message has the same traceparent, as Pub/Sub's redeliveries have."""
    process(traced, name, FACE)
    _await_trace(receiver, name, PROMPTS)
    blob = traced.storage.bucket(INPUT_BUCKET).get_blob(name)
    trace = uuid.uuid4().hex
    attributes = {
        "eventType": "OBJECT_FINALIZE",
        "traceparent": f"00-{trace}-{'0' * 15}1-01",
    }
    url = f"http://127.0.0.1:{traced.processes.port('landmarks')}/"
    body = pushed(json.dumps(blob._properties).encode(), attributes) | {"deliveryAttempt": 2}
    requests.post(url, json=body, headers=authorisation(traced, url), timeout=60)

    def second(spans: Iterable[ReceivedSpan]) -> list[ReceivedSpan]:
        return [one for one in spans if one.span.trace_id.hex() == trace]

    spans = second(receiver.wait_for(lambda all_: PROMPTS in {one.name for one in second(all_)}))
    assert _edges(spans) >= LANDMARKS
    last = _named(spans, PROMPTS)
    assert last.attributes["toonmask.state"] == "repeated"
    first = _named(spans, UPLOADS)
    assert first.attributes["messaging.gcp_pubsub.message.delivery_attempt"] == 2
    assert first.span.parent_span_id.hex() == f"{'0' * 15}1"
    assert not {"segmentation: segment", "sam2: segment"} & {one.name for one in spans}


def test_the_api_continues_its_callers_trace_down_to_sam2(
    traced: Stack, receiver: Receiver
) -> None:
    trace = uuid.uuid4().hex
    headers = {"traceparent": f"00-{trace}-{'0' * 15}1-01"}
    url = f"{traced.page}v1/face-mask-sam2"
    assert requests.post(url, files={"image": FACE}, headers=headers, timeout=60).ok
    root = "api: POST /v1/face-mask-sam2"
    spans = [
        one
        for one in receiver.wait_for(lambda all_: root in {one.name for one in all_})
        if one.span.trace_id.hex() == trace
    ]
    assert _edges(spans) == {
        ("", root), (root, "api: read"), (root, "api: detect"), (root, "api: segment"),
        (root, "api: draw"), ("api: draw", "api: draw file"), ("api: segment", "api: POST"),
        ("api: POST", "sam2: POST /v1/segment"),
    } | SAM2  # fmt: skip
    assert _named(spans, root).attributes["http.response.status_code"] == 200
