"""Structured logs: one JSON object a line, with the fields that Cloud Logging reads.

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

_NOTHING: Mapping[str, object] = MappingProxyType({})
_MOST_CHARACTERS = 8000
"""Of a field: Cloud Logging takes 256 KB a line, and what matters of a traceback is at its ends."""

_context: ContextVar[Mapping[str, object]] = ContextVar("log_context", default=_NOTHING)


def configure() -> None:
    """Sends every logger's lines, from INFO on, to standard error as JSON."""
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
    for chatty in ("httpx", "httpx2"):  # they log whole addresses, keys included
        logging.getLogger(chatty).setLevel(logging.WARNING)


class _Bounded(JsonFormatter):
    """Cuts what is too long out of the middle: names and messages come from outside."""

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        return {name: _short(value) for name, value in log_data.items()}


def _short(value: Any) -> Any:
    if not isinstance(value, str) or len(value) <= _MOST_CHARACTERS:
        return value
    half = _MOST_CHARACTERS // 2
    return f"{value[:half]} … {value[-half:]}"


@contextmanager
def context(**fields: object) -> Iterator[None]:
    """Adds fields to every line that is logged inside, in this thread and copies of its context."""
    token = _context.set({**_context.get(), **fields})
    try:
        yield
    finally:
        _context.reset(token)


def _add_context(record: logging.LogRecord) -> bool:
    for name, value in _context.get().items():
        if not hasattr(record, name):
            setattr(record, name, value)
    return True
