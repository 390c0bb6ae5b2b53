"""Records spans with OpenTelemetry's SDK, and keeps those of each request until it ends."""

import os
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanLimits, TracerProvider
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, ParentBased
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, StatusCode, TraceFlags
from opentelemetry.util.types import AttributeValue

from shared import VERSION
from shared.runtime.trace_context import TraceContext
from shared.runtime.tracing import Fields, Kind

MOST_SPANS = 512
"""Limit for the spans of a request: those that OpenTelemetry's own exporter sends at a time by
default, OTEL_BSP_MAX_EXPORT_BATCH_SIZE. 100 instances take about 300."""

SCOPE = "toonmask"
"""Name of the instrumentation, and of the group of services."""

_LIMITS = SpanLimits(max_span_attributes=32, max_attribute_length=1100, max_events=0, max_links=0)
"""Chosen by hand: an object's name has up to 1,024 bytes, and no span has 20 attributes."""

_MOST_DESCRIPTION = 1000
"""Limit for the description of an error, in characters. Chosen by hand: our sentences are shorter,
and names of objects in them have at most 1,024 bytes."""

Export = Callable[[Sequence[ReadableSpan]], None]

_KINDS = {
    "internal": SpanKind.INTERNAL,
    "server": SpanKind.SERVER,
    "client": SpanKind.CLIENT,
    "producer": SpanKind.PRODUCER,
    "consumer": SpanKind.CONSUMER,
}

_new_trace: ContextVar[str] = ContextVar("new_trace", default="")


class _TraceIds(RandomIdGenerator):
    """Gives a trace without spans the ID that its log lines already have."""

    def generate_trace_id(self) -> int:
        """Returns the ID of the trace that the current request starts."""
        return int(_new_trace.get(), 16) if _new_trace.get() else super().generate_trace_id()


class SpanRecorder:
    """Records the spans of all requests. One per process; safe to share, and to use after a fork.

    `export` sends the spans of a request. It raises no errors and returns within a fixed time.
    """

    def __init__(self, service: str, project: str | None, export: Export) -> None:
        # K_SERVICE tells two deployments in a project apart:
        # https://cloud.google.com/run/docs/container-contract#services-env-vars
        attributes = {
            "service.name": os.environ.get("K_SERVICE", service),
            "service.namespace": SCOPE,
            "service.version": VERSION,
        }
        if project:  # the project that the spans go to
            attributes["gcp.project_id"] = project
        provider = TracerProvider(
            sampler=ParentBased(ALWAYS_ON),
            resource=Resource(attributes),
            shutdown_on_exit=False,
            id_generator=_TraceIds(),
            span_limits=_LIMITS,
        )
        self._tracer = provider.get_tracer(SCOPE, VERSION)
        self._export = export

    def start(self, name: str, kind: Kind, parent: TraceContext, attributes: Fields) -> "_Span":
        """Starts the first span of a request in this process."""
        token = _new_trace.set(parent.trace_id)
        try:
            request = _Request(self._tracer, self._export)
            return _Span(request, name, kind, attributes, _sender(parent))
        finally:
            _new_trace.reset(token)


@dataclass(slots=True)
class _Request:
    """What the spans of a request share."""

    tracer: trace.Tracer
    export: Export
    ended: list[ReadableSpan] = field(default_factory=list)


class _Span:
    """A span of the SDK, recorded only if its trace is sampled."""

    def __init__(
        self,
        request: _Request,
        name: str,
        kind: Kind,
        attributes: Fields,
        parent: trace.Span | None,
    ) -> None:
        self._request = request
        self._span = request.tracer.start_span(
            name,
            trace.set_span_in_context(parent, Context()) if parent else Context(),
            _KINDS[kind],
            _values(attributes),
        )

    @property
    def context(self) -> TraceContext:
        """The position of this span, for its children."""
        found = self._span.get_span_context()
        return TraceContext(
            trace.format_trace_id(found.trace_id),
            trace.format_span_id(found.span_id),
            found.trace_flags.sampled,
        )

    def child(self, name: str, kind: Kind, attributes: Fields) -> "_Span":
        """Starts a span below this one."""
        return _Span(self._request, name, kind, attributes, self._span)

    def set(self, attributes: Fields) -> None:
        """Adds attributes."""
        self._span.set_attributes(_values(attributes))

    def fail(self, error: str, description: str) -> None:
        """Marks the span as failed."""
        self._span.set_attribute("error.type", error)
        self._span.set_status(StatusCode.ERROR, description[:_MOST_DESCRIPTION] or None)

    def end(self) -> None:
        """Ends the span, and keeps it for the export."""
        self._span.end()
        if isinstance(self._span, ReadableSpan):
            self._request.ended.append(self._span)

    def export(self) -> None:
        """Sends the newest spans of the request. This one must be its first, and have ended."""
        if self._request.ended:
            self._request.export(self._request.ended[-MOST_SPANS:])


def _sender(context: TraceContext) -> trace.Span | None:
    """Returns the sender's span; None if a trace begins here."""
    if not context.span_id and context.sampled:
        return None
    # of a trace that is not sampled, the SDK learns from a parent
    span_id = int(context.span_id, 16) if context.span_id else _TraceIds().generate_span_id()
    flags = TraceFlags(TraceFlags.SAMPLED if context.sampled else TraceFlags.DEFAULT)
    trace_id = int(context.trace_id, 16)
    return NonRecordingSpan(SpanContext(trace_id, span_id, is_remote=True, trace_flags=flags))


def _values(attributes: Fields) -> dict[str, AttributeValue]:
    """Returns attributes with values that the exporter can encode."""
    return {name: _value(value) for name, value in attributes.items()}


def _value(value: object) -> AttributeValue:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return value if isinstance(value, bool | int | float | str) else str(value)
