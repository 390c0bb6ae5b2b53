"""Spans of the work on a request. They are recorded only where a recorder is installed.

Names and attributes follow OpenTelemetry's semantic conventions where these have one, otherwise
they begin with `toonmask.`.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Literal, Protocol

from shared.runtime.trace_context import TraceContext
from shared.schemas.errors import ToonmaskError

Kind = Literal["internal", "server", "client", "producer", "consumer"]
"""https://opentelemetry.io/docs/specs/otel/trace/api/#spankind."""

Fields = Mapping[str, object]

_NOTHING: Fields = MappingProxyType({})


class Span(Protocol):
    """A span that has not ended. Safe to share between threads."""

    @property
    def context(self) -> TraceContext:
        """The position of this span, for its children."""
        ...

    def child(self, name: str, kind: Kind, attributes: Fields) -> "Span":
        """Starts a span below this one."""
        ...

    def set(self, attributes: Fields) -> None:
        """Adds attributes."""
        ...

    def fail(self, error: str, description: str) -> None:
        """Marks the span as failed; `error` is a class of errors."""
        ...

    def end(self) -> None:
        """Ends the span."""
        ...

    def export(self) -> None:
        """Sends all spans of the request, if this one is its first in this process and has ended.

        It raises no errors, and returns within a fixed time.
        """
        ...


class Recorder(Protocol):
    """Records spans."""

    def start(self, name: str, kind: Kind, parent: TraceContext, attributes: Fields) -> Span:
        """Starts the first span of a request in this process."""
        ...


_recorder: Recorder | None = None
_root: ContextVar[Span | None] = ContextVar("root_span", default=None)
_current: ContextVar[tuple[Span, ...]] = ContextVar("current_spans", default=())
"""One span, or several where one piece of work serves several requests."""


def install(recorder: Recorder) -> None:
    """Records all spans from now on."""
    global _recorder  # noqa: PLW0603 - one for the process, as for logs
    _recorder = recorder


@contextmanager
def request(
    name: str, kind: Kind, parent: TraceContext, attributes: Fields = _NOTHING
) -> Iterator[None]:
    """Records the block as the first span of a request in this process, and exports all its spans.

    The export ends before the block is left, because Cloud Run gives no processor time after the
    response.
    """
    if _recorder is None:
        yield
        return
    span = _recorder.start(name, kind, parent, attributes)
    root = _root.set(span)
    try:
        with _running((span,)):
            yield
    finally:
        _root.reset(root)
        span.export()


@contextmanager
def span(name: str, kind: Kind = "internal", attributes: Fields = _NOTHING) -> Iterator[None]:
    """Records the block as a span below the current one."""
    parents = _current.get()
    if not parents:
        yield
        return
    with _running(tuple(parent.child(name, kind, attributes) for parent in parents)):
        yield


@contextmanager
def _running(spans: tuple[Span, ...]) -> Iterator[None]:
    """Makes the spans the current ones, and ends them."""
    token = _current.set(spans)
    try:
        yield
    except BaseException as error:  # a timeout in an event loop is a CancelledError
        # any other error's text may have secrets, as in a URL
        description = str(error) if isinstance(error, ToonmaskError) else ""
        for one in spans:
            one.fail(type(error).__name__, description)
        raise
    finally:
        _current.reset(token)
        for one in spans:
            one.end()


def annotate(attributes: Fields) -> None:
    """Adds attributes to the current span."""
    for one in _current.get():
        one.set(attributes)


def fail(error: str, description: str) -> None:
    """Marks the current span as failed, although no error leaves it."""
    for one in _current.get():
        one.fail(error, description)


def annotate_request(**fields: object) -> None:
    """Adds fields of log lines to the first span of the request."""
    root = _root.get()
    if root is not None:
        root.set(own(fields))


def fail_request(error: str, description: str) -> None:
    """Marks the first span of the request as failed, although no error leaves it."""
    root = _root.get()
    if root is not None:
        root.fail(error, description)


def own(fields: Fields) -> Fields:
    """Returns fields of log lines as attributes."""
    return {f"toonmask.{name}": value for name, value in fields.items()}


def context() -> TraceContext | None:
    """Returns the position of the current span; None if nothing is recorded."""
    current = _current.get()
    return current[0].context if current else None


def captured() -> tuple[Span, ...]:
    """Returns the current span, for work on the request in another thread."""
    return _current.get()


@contextmanager
def resumed(spans: tuple[Span, ...]) -> Iterator[None]:
    """Makes captured spans the current ones in this thread. They stay open."""
    token = _current.set(spans)
    try:
        yield
    finally:
        _current.reset(token)
