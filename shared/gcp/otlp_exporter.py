"""Sends spans as OTLP over HTTP: to Cloud Trace, or to a collector.

OpenTelemetry's own exporter cannot be installed beside MediaPipe: it needs protobuf 5. This one
also limits how long a request waits for its export.

https://opentelemetry.io/docs/specs/otlp/#otlphttp,
https://cloud.google.com/stackdriver/docs/reference/telemetry/v1.traces.post
"""

import logging
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from functools import cached_property
from http import HTTPStatus
from urllib.parse import urlsplit

import google.auth
import requests
from google.auth.transport.requests import AuthorizedSession
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope, KeyValue
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1 import trace_pb2
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import INVALID_SPAN_CONTEXT, SpanKind, StatusCode
from opentelemetry.util.types import AttributeValue

from shared import VERSION
from shared.gcp.span_recorder import SCOPE
from shared.runtime.deadline import Deadline
from shared.schemas.url_redaction import without_secrets

_log = logging.getLogger(__name__)

EXPORT_SECONDS = 2.0
"""Longest time that a request waits for its export. Chosen by hand: a first export fetches a token
and opens a connection; a longer time delays more of the uploads during an outage."""

PAUSE_SECONDS = 60.0
"""Time after a failed export during which spans are dropped at once. Chosen by hand: a shorter one
delays more uploads during an outage, a longer one loses more spans after it."""

_PARALLEL = 4
"""Limit for exports at a time, and so for the spans in memory. Chosen by hand: a process has up to
16 requests at a time, and an export takes a small part of one."""

_MOST_RESPONSE = 64 * 2**10
"""Limit for a response, in bytes. Chosen by hand: it has a number and a sentence."""

_OAUTH_SCOPE = "https://www.googleapis.com/auth/trace.append"
_GOOGLE = ".googleapis.com"
_HEADERS = {"Content-Type": "application/x-protobuf", "Accept-Encoding": "identity"}


_KINDS = {
    SpanKind.INTERNAL: trace_pb2.Span.SPAN_KIND_INTERNAL,
    SpanKind.SERVER: trace_pb2.Span.SPAN_KIND_SERVER,
    SpanKind.CLIENT: trace_pb2.Span.SPAN_KIND_CLIENT,
    SpanKind.PRODUCER: trace_pb2.Span.SPAN_KIND_PRODUCER,
    SpanKind.CONSUMER: trace_pb2.Span.SPAN_KIND_CONSUMER,
}
_CODES = {
    StatusCode.UNSET: trace_pb2.Status.STATUS_CODE_UNSET,
    StatusCode.OK: trace_pb2.Status.STATUS_CODE_OK,
    StatusCode.ERROR: trace_pb2.Status.STATUS_CODE_ERROR,
}


class _ExportError(Exception):
    """The endpoint did not take all spans."""


class OtlpExporter:
    """Sends the spans of requests. One per process; safe to share, and to use after a fork.

    Google's own endpoint gets an access token of the function's account, any other one none.
    """

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._slots = threading.BoundedSemaphore(_PARALLEL)
        self._lock = threading.Lock()
        self._pause = Deadline.after(0)
        self._is_failing = False

    @cached_property
    def _session(self) -> requests.Session:
        address = urlsplit(self._endpoint)
        if address.scheme == "https" and (address.hostname or "").endswith(_GOOGLE):
            credentials, _ = google.auth.default(scopes=[_OAUTH_SCOPE])
            return AuthorizedSession(credentials)
        return requests.Session()

    def export(self, spans: Sequence[ReadableSpan]) -> None:
        """Sends spans, or drops them. Raises no errors, and returns within EXPORT_SECONDS.

        The call waits, because Cloud Run gives no processor time after the response. A thread
        sends, because a socket's timeout starts anew with each byte.
        """
        if self._pause.left:
            return
        deadline = Deadline.after(EXPORT_SECONDS)
        if not self._slots.acquire(timeout=deadline.left):
            self._fail(f"{_PARALLEL} exports are running, and none has ended")
            return
        sent: Future[None] = Future()
        threading.Thread(target=self._send, args=(spans, sent), daemon=True).start()
        try:
            sent.result(deadline.left)
        except TimeoutError:
            self._fail(f"no response within {EXPORT_SECONDS:g} s")
        except Exception as error:  # noqa: BLE001 - no error of an export may fail an upload
            # the text of any other error may have a secret of the URL
            self._fail(str(error) if isinstance(error, _ExportError) else type(error).__name__)
        else:
            self._is_failing = False

    def _fail(self, why: str) -> None:
        """Pauses the export, and logs the first of several failures."""
        with self._lock:
            self._pause = Deadline.after(PAUSE_SECONDS)
            is_new, self._is_failing = not self._is_failing, True
        if is_new:
            log_fields = {"endpoint": without_secrets(self._endpoint), "why": why}
            _log.warning("spans not exported", extra=log_fields)

    def _send(self, spans: Sequence[ReadableSpan], sent: "Future[None]") -> None:
        try:
            with self._session.post(
                self._endpoint,
                data=encoded(spans),
                headers=_HEADERS,
                timeout=EXPORT_SECONDS,
                allow_redirects=False,
                stream=True,
            ) as response:
                _check(response)
        except Exception as error:  # noqa: BLE001 - the waiting request gets every error
            sent.set_exception(error)
        else:
            sent.set_result(None)
        finally:
            self._slots.release()


def _check(response: requests.Response) -> None:
    """Raises _ExportError if the endpoint did not take all spans."""
    status = response.status_code
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        raise _ExportError(
            f"it answered {status}: the function's account needs roles/telemetry.tracesWriter on "
            "the project, and the project needs the APIs telemetry.googleapis.com and "
            "cloudtrace.googleapis.com"
        )
    if status != HTTPStatus.OK:
        raise _ExportError(f"it answered {status} {response.reason}")
    body = response.raw.read(_MOST_RESPONSE)
    rejection = ExportTraceServiceResponse.FromString(body).partial_success
    if rejection.rejected_spans:
        raise _ExportError(
            f"it rejected {rejection.rejected_spans} spans: {rejection.error_message}"
        )


def encoded(spans: Sequence[ReadableSpan]) -> bytes:
    """Returns the request that has the spans, all of the same resource."""
    ours = trace_pb2.ScopeSpans(
        scope=InstrumentationScope(name=SCOPE, version=VERSION), spans=map(_span, spans)
    )
    resource = Resource(attributes=_attributes(spans[0].resource.attributes))
    groups = [trace_pb2.ResourceSpans(resource=resource, scope_spans=[ours])]
    return ExportTraceServiceRequest(resource_spans=groups).SerializeToString()


def _span(span: ReadableSpan) -> trace_pb2.Span:
    context = span.get_span_context() or INVALID_SPAN_CONTEXT
    return trace_pb2.Span(
        trace_id=context.trace_id.to_bytes(16, "big"),
        span_id=context.span_id.to_bytes(8, "big"),
        parent_span_id=span.parent.span_id.to_bytes(8, "big") if span.parent else b"",
        flags=context.trace_flags,
        name=span.name,
        kind=_KINDS[span.kind],
        start_time_unix_nano=span.start_time or 0,
        end_time_unix_nano=span.end_time or 0,
        attributes=_attributes(span.attributes or {}),
        dropped_attributes_count=span.dropped_attributes,
        status=trace_pb2.Status(
            code=_CODES[span.status.status_code], message=span.status.description or ""
        ),
    )


def _attributes(attributes: Mapping[str, AttributeValue]) -> list[KeyValue]:
    return [KeyValue(key=name, value=_value(value)) for name, value in attributes.items()]


def _value(value: AttributeValue) -> AnyValue:
    match value:
        case bool():  # before int, of which it is a subclass
            return AnyValue(bool_value=value)
        case int():
            return AnyValue(int_value=value)
        case float():
            return AnyValue(double_value=value)
        case _:
            return AnyValue(string_value=str(value))
