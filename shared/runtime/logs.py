"""Structured logs: one JSON object per line, with the fields that Cloud Logging reads.

https://cloud.google.com/logging/docs/structured-logging#special-payload-fields
"""

import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any

from pythonjsonlogger.json import JsonFormatter

from shared.runtime import tracing
from shared.runtime.trace_context import TraceContext

_NOTHING: Mapping[str, object] = MappingProxyType({})
_MOST_CHARACTERS = 8000
"""Limit for a field. Cloud Logging accepts 256 KB per line. The start and the end of a traceback
matter most, so the middle is cut. The value is chosen by hand."""

_TRACE = "logging.googleapis.com/trace"
_SPAN = "logging.googleapis.com/spanId"
_SAMPLED = "logging.googleapis.com/trace_sampled"

_context: ContextVar[Mapping[str, object]] = ContextVar("log_context", default=_NOTHING)


def configure() -> None:
    """Writes the lines of all loggers to standard error as JSON, from level INFO."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        _Bounded(
            "{levelname}{message}{name}",
            style="{",
            rename_fields={"levelname": "severity", "name": "logger"},
            timestamp="time",
        )
    )
    handler.addFilter(_add_context)
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    # It logs complete URLs, including keys.
    logging.getLogger("httpx2").setLevel(logging.WARNING)


class _Bounded(JsonFormatter):
    """Cuts the middle out of long fields: names and messages come from outside."""

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        return {name: _short(value) for name, value in log_data.items()}


def _short(value: Any) -> Any:
    if not isinstance(value, str) or len(value) <= _MOST_CHARACTERS:
        return value
    half = _MOST_CHARACTERS // 2
    return f"{value[:half]} … {value[-half:]}"


@contextmanager
def context(**fields: object) -> Iterator[None]:
    """Adds fields to each line logged in the block, in this thread and in copies of its context."""
    token = _context.set({**_context.get(), **fields})
    try:
        yield
    finally:
        _context.reset(token)


def trace_fields(context: TraceContext, project: str | None) -> dict[str, object]:
    """Returns the field that groups the lines of a trace. `project` is the one of its spans."""
    trace = context.trace_id
    return {_TRACE: f"projects/{project}/traces/{trace}" if project else trace}


def _add_context(record: logging.LogRecord) -> bool:
    for name, value in {**_context.get(), **_span_fields()}.items():
        if not hasattr(record, name):
            setattr(record, name, value)
    return True


def _span_fields() -> dict[str, object]:
    """Returns the fields that show a line beside its span in Cloud Trace."""
    current = tracing.context()
    return {_SPAN: current.span_id, _SAMPLED: current.sampled} if current else {}
