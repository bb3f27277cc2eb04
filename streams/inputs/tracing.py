"""W3C trace context: what connects an event with what is said because of it.

A record may bear a header `traceparent`: version, trace id, id of the sender's span, flags. It is taken as it
is, and stands on the records that the event led to and on its dead letter: what follows is a child of the
sender's span, and so are the spans that `streams.engine.spans` may export. What is none is ignored.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

HEADER: Final = "traceparent"
_VALID: Final = re.compile(
    rb"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}", re.ASCII
)
_TRACE_ID: Final = slice(3, 35)


def traceparent(headers: Sequence[tuple[str, bytes | None]]) -> str:
    """The trace context among the headers of a record, empty when there is none."""
    for name, value in headers:
        if name == HEADER and value is not None and _VALID.fullmatch(value):
            return value.decode("ascii")
    return ""


def trace_id(trace: str) -> str:
    """The id of the trace in a `traceparent`, empty when there is none."""
    return trace[_TRACE_ID]
