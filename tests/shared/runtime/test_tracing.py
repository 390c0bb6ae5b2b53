"""Spans of blocks, of threads, and of work for several requests, on the real recorder."""

import asyncio
from collections.abc import Sequence

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import StatusCode

from shared.gcp.span_recorder import SpanRecorder
from shared.runtime import tracing
from shared.runtime.bounded_map import bounded_map
from shared.runtime.stage_timer import StageTimer
from shared.runtime.trace_context import TraceContext
from shared.sam2_server.batching import Batcher
from shared.schemas.errors import Transient
from shared.segmentation.sam2.transport import in_loop


@pytest.fixture
def exported(monkeypatch: pytest.MonkeyPatch) -> list[ReadableSpan]:
    """All exported spans."""
    spans: list[ReadableSpan] = []
    monkeypatch.setattr(tracing, "_recorder", SpanRecorder("a", None, spans.extend))
    return spans


def _names(spans: Sequence[ReadableSpan]) -> list[tuple[str, str]]:
    """The names of each span's parent and of the span."""
    names = {span.context.span_id: span.name for span in spans if span.context}
    return [
        (names.get(span.parent.span_id, "") if span.parent else "", span.name) for span in spans
    ]


def test_nothing_is_recorded_without_a_recorder() -> None:
    with tracing.request("root", "server", TraceContext()), tracing.span("child"):
        assert tracing.context() is None
        tracing.annotate({"a": 1})
        tracing.annotate_request(a=1)


def test_work_outside_of_a_request_is_not_recorded(exported: list[ReadableSpan]) -> None:
    with tracing.span("alone"):
        assert tracing.context() is None
    assert not exported


@pytest.mark.parametrize(
    ("error", "description"),
    [(Transient("SAM2 is busy"), "SAM2 is busy"), (OSError("https://user:hidden@host/"), None)],
)
def test_an_error_marks_all_spans_that_it_leaves_and_shows_no_secret(
    exported: list[ReadableSpan], error: Exception, description: str | None
) -> None:
    with (
        pytest.raises(type(error)),
        tracing.request("root", "server", TraceContext()),
        tracing.span("child"),
    ):
        raise error
    assert [span.name for span in exported] == ["child", "root"]
    for span in exported:
        assert span.status.status_code is StatusCode.ERROR
        assert span.status.description == description
        assert (span.attributes or {})["error.type"] == type(error).__name__


def test_a_timeout_in_the_event_loop_marks_the_span(exported: list[ReadableSpan]) -> None:
    async def call() -> None:
        async with asyncio.timeout(0.01):
            with tracing.span("call", "client"):
                await asyncio.Event().wait()

    with pytest.raises(TimeoutError), tracing.request("root", "server", TraceContext()):
        in_loop(call())
    assert _names(exported) == [("root", "call"), ("", "root")]
    assert exported[0].status.status_code is StatusCode.ERROR


def test_calls_in_other_threads_belong_to_their_request(exported: list[ReadableSpan]) -> None:
    def work(number: int) -> None:
        with tracing.span(f"part {number}"):
            pass

    with tracing.request("root", "server", TraceContext()):
        list(bounded_map(work, range(3), threads=2))
    assert sorted(_names(exported)) == [
        ("", "root"), ("root", "part 0"), ("root", "part 1"), ("root", "part 2")
    ]  # fmt: skip


def test_a_failed_stage_is_timed_and_has_a_span(exported: list[ReadableSpan]) -> None:
    timer = StageTimer()

    def fail() -> None:
        with timer.stage("read") as stage:
            stage.fields["found"] = 3
            raise Transient("busy")

    with pytest.raises(Transient), tracing.request("root", "server", TraceContext()):
        fail()
    assert "read" in timer.seconds
    assert (exported[0].attributes or {})["toonmask.found"] == 3


@pytest.fixture
def batcher() -> Batcher[str, str]:
    def run(jobs: Sequence[str]) -> list[str]:
        with tracing.span("encode"):
            return list(jobs)

    return Batcher(run, most=4)


def test_the_wait_for_the_device_and_its_work_belong_to_the_request(
    exported: list[ReadableSpan], batcher: Batcher[str, str]
) -> None:
    with tracing.request("root", "server", TraceContext()):
        assert batcher(["a"]) == ["a"]
    assert _names(exported) == [("root", "queue"), ("root", "encode"), ("", "root")]


def test_work_for_several_requests_is_in_the_trace_of_each(
    exported: list[ReadableSpan],
) -> None:
    first, second = TraceContext(), TraceContext()
    with tracing.request("first", "server", first):
        spans = tracing.captured()
        with (
            tracing.request("second", "server", second),
            tracing.resumed((*spans, *tracing.captured())),
            tracing.span("encode"),
        ):
            pass
    assert sorted(_names(exported)) == [
        ("", "first"), ("", "second"), ("first", "encode"), ("second", "encode")
    ]  # fmt: skip
    traces = {span.context.trace_id for span in exported if span.context}
    assert traces == {int(first.trace_id, 16), int(second.trace_id, 16)}
