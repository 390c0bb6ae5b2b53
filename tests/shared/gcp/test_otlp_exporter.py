"""The responses of an OTLP endpoint, the credentials for it, and the bounds of an export."""

import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter

from local import metadata
from local.processes import free_ports
from shared.gcp import otlp_exporter
from shared.gcp.otlp_exporter import OtlpExporter
from shared.gcp.span_recorder import MOST_SPANS, SpanRecorder
from shared.runtime.trace_context import TraceContext
from tests.otlp_receiver import Receiver, receiving
from tools.support.servers import serving

GOOGLE = "https://telemetry.googleapis.com/v1/traces"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


def _send(exporter: OtlpExporter, children: int = 0) -> None:
    """Sends the spans of one request."""
    recorder = SpanRecorder("landmarks", "a-project", exporter.export)
    root = recorder.start("process uploads", "consumer", TraceContext(), {})
    for _ in range(children):
        root.child("read", "internal", {}).end()
    root.end()
    root.export()


def _reasons(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.__dict__["why"] for record in caplog.records if "not exported" in record.msg]


@pytest.mark.parametrize(
    ("status", "why"),
    [
        (403, "roles/telemetry.tracesWriter"),
        (401, "roles/telemetry.tracesWriter"),
        (503, "it answered 503"),
        (302, "it answered 302"),
    ],
)
def test_a_refused_export_says_what_to_do(
    receiver: Receiver, caplog: pytest.LogCaptureFixture, status: int, why: str
) -> None:
    receiver.status = status
    _send(OtlpExporter(receiver.url))
    (reason,) = _reasons(caplog)
    assert why in reason


def test_spans_that_the_endpoint_rejects_are_reported(
    receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.rejection.partial_success.rejected_spans = 1
    receiver.rejection.partial_success.error_message = "too old"
    _send(OtlpExporter(receiver.url))
    assert _reasons(caplog) == ["it rejected 1 spans: too old"]


def test_an_outage_is_reported_once_and_again_after_a_success(
    receiver: Receiver, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(otlp_exporter, "PAUSE_SECONDS", 0)
    exporter = OtlpExporter(receiver.url)
    for status, reported in ((503, 1), (503, 1), (200, 1), (503, 2)):
        receiver.status = status
        _send(exporter)
        assert len(_reasons(caplog)) == reported
    assert len(receiver.headers) == 4


def test_secrets_in_the_address_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    (nobody,) = free_ports(1)
    _send(OtlpExporter(f"http://user:hidden@127.0.0.1:{nobody}/v1/traces?key=hidden"))
    (record,) = [one for one in caplog.records if "not exported" in one.msg]
    assert record.levelno == logging.WARNING
    assert "hidden" not in str(record.__dict__)


def test_a_request_with_very_many_spans_sends_the_newest(receiver: Receiver) -> None:
    _send(OtlpExporter(receiver.url), children=2 * MOST_SPANS)
    assert len(receiver.spans) == MOST_SPANS
    assert receiver.spans[-1].span.name == "process uploads"


def test_exports_that_hang_are_few(
    receiver: Receiver, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each holds spans in memory. The endpoint sends a byte at times, so no socket times out."""
    monkeypatch.setattr(otlp_exporter, "EXPORT_SECONDS", 0.1)
    monkeypatch.setattr(otlp_exporter, "PAUSE_SECONDS", 0)
    exporter = OtlpExporter(receiver.url)
    released = threading.Event()
    posts: list[Any] = []

    def post(*_: Any, **__: Any) -> Any:
        posts.append(None)
        released.wait()
        raise requests.ConnectionError

    monkeypatch.setattr(exporter._session, "post", post)
    try:
        for _ in range(6):
            _send(exporter)
    finally:
        released.set()
    assert len(posts) == 4
    assert len(_reasons(caplog)) == 1


class _To(HTTPAdapter):
    """Sends all requests to the receiver, whatever their address."""

    def __init__(self, receiver: Receiver) -> None:
        super().__init__()
        self._url = receiver.url

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> Any:
        request.url = self._url
        return super().send(request, *args, **kwargs)


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A metadata server, as functions have."""
    (port,) = free_ports(1)
    host = f"127.0.0.1:{port}"
    for variable in ("GCE_METADATA_HOST", "GCE_METADATA_IP"):
        monkeypatch.setenv(variable, host)
    monkeypatch.setattr("google.auth.compute_engine._metadata._GCE_METADATA_HOST", host)
    monkeypatch.setattr("google.auth.compute_engine._metadata._GCE_DEFAULT_MDS_IP", host)
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    with serving(metadata.create_app("a-project", metadata.Issuer()), port):
        yield


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize(
    ("endpoint", "token"),
    [
        (GOOGLE, "Bearer local"),
        ("http://telemetry.googleapis.com/v1/traces", None),
        ("https://telemetry.googleapis.com.example.com/v1/traces", None),
        ("https://googleapis.com@example.com/v1/traces", None),
    ],
)
def test_only_googles_endpoint_gets_the_functions_token(
    receiver: Receiver, endpoint: str, token: str | None
) -> None:
    exporter = OtlpExporter(endpoint)
    for scheme in ("https://", "http://"):
        exporter._session.mount(f"{scheme}", _To(receiver))
    _send(exporter)
    (headers,) = receiver.headers
    assert headers.get("authorization") == token
