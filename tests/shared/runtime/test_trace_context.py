import pytest

from shared.runtime.trace_context import TraceContext, received

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (f"00-{TRACE}-{SPAN}-01", TraceContext(TRACE, SPAN, True)),
        (f"00-{TRACE}-{SPAN}-00", TraceContext(TRACE, SPAN, False)),
        (f"00-{TRACE}-{SPAN}-03", TraceContext(TRACE, SPAN, True)),
    ],
)
def test_a_traceparent_is_the_senders_span(value: str, expected: TraceContext) -> None:
    assert received({"traceparent": value}, {}) == expected
    assert received({}, {"traceparent": value}) == expected


@pytest.mark.parametrize(
    "value",
    [
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE}-{SPAN}-01-more",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01\n",
        "forged\n{}",
        "",
    ],
)
def test_an_invalid_traceparent_does_not_count(value: str) -> None:
    contexts = {received({"traceparent": value}, {"traceparent": value}) for _ in range(2)}
    assert len({context.trace_id for context in contexts}) == 2
    assert all(len(context.trace_id) == 32 for context in contexts)
    assert all(context.sampled and not context.span_id for context in contexts)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (f"{TRACE}/{int(SPAN, 16)};o=1", TraceContext(TRACE, SPAN, True)),
        (f"{TRACE}/{int(SPAN, 16)}", TraceContext(TRACE, SPAN, True)),
        (f"{TRACE};o=0", TraceContext(TRACE, "", False)),
        (f"{TRACE}/0;o=1", TraceContext(TRACE, "", True)),
        (f"{TRACE}/{2**64};o=1", TraceContext(TRACE, "", True)),
        (TRACE, TraceContext(TRACE, "", True)),
    ],
)
def test_googles_header_counts_where_there_is_no_other(value: str, expected: TraceContext) -> None:
    google = {"x-cloud-trace-context": value}
    assert received(google, {}) == expected
    assert received({**google, "traceparent": f"00-{'f' * 32}-{SPAN}-01"}, {}).trace_id == "f" * 32


def test_the_message_of_the_hop_before_goes_before_the_request() -> None:
    mine, others = f"00-{TRACE}-{SPAN}-00", f"00-{'f' * 32}-{SPAN}-01"
    assert received({"traceparent": others}, {"traceparent": mine}) == TraceContext(
        TRACE, SPAN, False
    )


def test_what_is_passed_on_is_what_was_received() -> None:
    value = f"00-{TRACE}-{SPAN}-00"
    assert received({"traceparent": value}, {}).trace_parent == value


def test_a_trace_without_a_span_is_passed_on_in_a_valid_form() -> None:
    passed = TraceContext(TRACE).trace_parent
    assert received({"traceparent": passed}, {}).trace_id == TRACE
