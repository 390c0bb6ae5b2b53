"""The export of spans by a function's real process. The function is the smallest one, drain."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from google.cloud import storage as gcs

from local.processes import ProcessTree, free_ports
from local.stack import function_command
from tests.otlp_receiver import Receiver, receiving
from tests.shared.segmentation_runs import output
from tools.support.examples import ROOT
from tools.support.pushes import pushed

TRACE = "0af7651916cd43dd8448eb211c80319c"
ENDPOINT = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"

Deliver = Callable[..., int]
Start = Callable[[dict[str, str]], Deliver]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


@pytest.fixture
def start(bucket: gcs.Bucket, tmp_path: Path) -> Iterator[Start]:
    """Starts drain with one worker; returns a function that delivers a dead letter to it."""
    (port,) = free_ports(1)
    blob = bucket.blob("cat.png")
    blob.upload_from_string(b"a picture")
    named = {
        "bucketId": bucket.name, "objectId": blob.name, "objectGeneration": str(blob.generation)
    }  # fmt: skip
    with ProcessTree(tmp_path / "logs") as tree:

        def deliver(traceparent: str = "") -> int:
            attributes = {**named, "traceparent": traceparent}
            url = f"http://127.0.0.1:{port}/"
            return requests.post(url, json=pushed(b"{}", attributes), timeout=60).status_code

        def started(settings: dict[str, str]) -> Deliver:
            buckets = {"INPUT_BUCKET": bucket.name, "OUTPUT_BUCKET": output(bucket).name}
            common = {"PYTHONPATH": str(ROOT), "WORKERS": "1", "PYTHONWARNINGS": "ignore"}
            command = function_command("drain", port)
            tree.start("drain", command, {**buckets, **common, **settings}, port)
            tree.await_ready()
            return deliver

        yield started


def _warnings(logs: Path) -> list[str]:
    lines = (logs / "drain.log").read_text().splitlines()
    return [line for line in lines if "spans not exported" in line]


def test_the_spans_are_sent_before_the_response_ends(start: Start, receiver: Receiver) -> None:
    """Cloud Run gives no processor time after it."""
    deliver = start({ENDPOINT: receiver.url})
    assert deliver(f"00-{TRACE}-b7ad6b7169203331-01") == 200
    assert [one.name for one in receiver.spans] == [
        "drain: write result", "drain: process dead letters"
    ]  # fmt: skip
    root = receiver.spans[-1]
    assert (root.span.trace_id.hex(), root.failed) == (TRACE, True)
    assert root.attributes["toonmask.state"] == "failed"
    assert root.attributes["error.type"] == "gave-up"


def test_a_trace_that_is_not_sampled_is_not_sent(start: Start, receiver: Receiver) -> None:
    deliver = start({ENDPOINT: receiver.url})
    assert deliver(f"00-{TRACE}-b7ad6b7169203331-00") == 200
    assert not receiver.headers
    assert deliver(f"00-{TRACE}-b7ad6b7169203331-01") == 200
    assert len(receiver.headers) == 1


def test_without_an_endpoint_of_its_own_nothing_is_sent(start: Start, receiver: Receiver) -> None:
    """The variable for all signals, which other programs read, does not count."""
    deliver = start({"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url.removesuffix("/v1/traces")})
    assert deliver(f"00-{TRACE}-b7ad6b7169203331-01") == 200
    assert not receiver.headers


def test_no_upload_fails_while_nothing_listens_and_one_line_says_so(
    start: Start, tmp_path: Path
) -> None:
    (nobody,) = free_ports(1)
    deliver = start({ENDPOINT: f"http://127.0.0.1:{nobody}/v1/traces"})
    assert [deliver() for _ in range(3)] == [200] * 3
    assert len(_warnings(tmp_path / "logs")) == 1


def test_no_upload_fails_while_the_collector_hangs_and_the_next_ones_do_not_wait(
    start: Start, receiver: Receiver, tmp_path: Path
) -> None:
    receiver.responds.clear()
    deliver = start({ENDPOINT: receiver.url})
    assert [deliver() for _ in range(3)] == [200] * 3
    assert len(receiver.headers) == 1, "the others have not even tried"
    assert len(_warnings(tmp_path / "logs")) == 1
