"""Positions in a trace, as W3C Trace Context and Google's older header write them."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

TRACE_PARENT = "traceparent"
"""Header and message attribute: https://www.w3.org/TR/trace-context/#traceparent-header."""

_W3C = re.compile(r"00-(?P<trace>[0-9a-f]{32})-(?P<span>[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})")
_GOOGLE = re.compile(r"(?P<trace>[0-9a-f]{32})(?:/(?P<span>[0-9]{1,20}))?(?:;o=(?P<sampled>[01]))?")
"""X-Cloud-Trace-Context, with a decimal span ID: https://cloud.google.com/trace/docs/trace-context."""

_SAMPLED = 1
"""The only flag of version 00: https://www.w3.org/TR/trace-context/#sampled-flag."""


@dataclass(frozen=True, slots=True)
class TraceContext:
    """A span of a caller, or a trace that has no span yet (`span_id` is then empty).

    `trace_id` has 32 hexadecimal digits, `span_id` 16. Spans are recorded only if `sampled`.
    """

    trace_id: str = field(default_factory=lambda: secrets.token_hex(16))
    span_id: str = ""
    sampled: bool = True

    @property
    def trace_parent(self) -> str:
        """The value of `traceparent`. It requires a span: a trace without one gets a new ID."""
        return f"00-{self.trace_id}-{self.span_id or secrets.token_hex(8)}-{self.sampled:02x}"


def received(headers: Mapping[str, str], attributes: Mapping[str, str]) -> TraceContext:
    """Returns the context of the previous hop, else that of the request, else a new trace.

    Header names are in lower case.
    """
    known = (
        _w3c(attributes.get(TRACE_PARENT, "")),
        _w3c(headers.get(TRACE_PARENT, "")),
        _google(headers.get("x-cloud-trace-context", "")),
    )
    return next((context for context in known if context), TraceContext())


def _w3c(value: str) -> TraceContext | None:
    found = _W3C.fullmatch(value)
    if found is None or not int(found["trace"], 16) or not int(found["span"], 16):
        return None  # zeros are invalid
    return TraceContext(found["trace"], found["span"], bool(int(found["flags"], 16) & _SAMPLED))


def _google(value: str) -> TraceContext | None:
    found = _GOOGLE.fullmatch(value)
    if found is None or not int(found["trace"], 16):
        return None
    number = int(found["span"] or 0)
    span = f"{number:016x}" if 0 < number < 2**64 else ""
    return TraceContext(found["trace"], span, found["sampled"] != "0")
