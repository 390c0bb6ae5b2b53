"""Calls to a JSON service: what errors say about the key, and who learns the trace."""

import pytest

from shared.gcp.id_tokens import BearerKey, NoAuthorisation
from shared.gcp.span_recorder import SpanRecorder
from shared.runtime import tracing
from shared.runtime.deadline import Deadline
from shared.runtime.trace_context import TraceContext
from shared.schemas.errors import Permanent
from shared.segmentation.sam2.transport import JsonService
from tests.endpoint import serving


@pytest.mark.parametrize("key", ["secret\n", "secret é"])
def test_an_error_does_not_contain_an_invalid_key(key: str) -> None:
    with serving() as endpoint:
        service = JsonService(endpoint.url, BearerKey(key), 5)
        with pytest.raises(Permanent, match="The key for") as caught:
            service.post({}, Deadline.after(5))
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("is_ours", [True, False])
def test_only_our_own_service_learns_the_trace(
    monkeypatch: pytest.MonkeyPatch, *, is_ours: bool
) -> None:
    monkeypatch.setattr(tracing, "_recorder", SpanRecorder("a", None, lambda _: None))
    trace = TraceContext()
    with serving() as server, tracing.request("root", "server", trace):
        server.answer = lambda _: (200, {})
        service = JsonService(server.url, NoAuthorisation(), 60, continues_traces=is_ours)
        service.post({}, Deadline.after(60))
        (request,) = server.requests
    passed = request.headers.get("traceparent", "")
    assert (trace.trace_id in passed) is is_ours
