"""A trace context is taken as it is when it is one, and is none otherwise."""

import pytest

from streams.inputs.tracing import HEADER, trace_id, traceparent

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_a_trace_context_is_found_among_other_headers() -> None:
    headers = [("a", b"b"), (HEADER, TRACE.encode()), ("c", None)]
    assert traceparent(headers) == TRACE
    assert trace_id(TRACE) == "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        TRACE.encode()[:-1],
        TRACE.encode() + b"\n",
        TRACE.encode() + b"-more",
        TRACE.upper().encode(),
        b"ff" + TRACE.encode()[2:],
        b"00-" + b"0" * 32 + TRACE.encode()[35:],
        TRACE.encode()[:36] + b"0" * 16 + b"-01",
        b"\xff" * 55,
    ],
)
def test_what_is_no_trace_context_is_as_none(value: bytes | None) -> None:
    assert traceparent([(HEADER, value)]) == trace_id("") == ""
