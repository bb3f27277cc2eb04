"""Dead letters of a replay as JSON Lines: the bytes untouched, and the headers of the topic.

    {"headers": {"topic", "partition", "offset", "reason", "field", "schema", "time"}, "key", "value"}

`value` is text where the bytes are UTF-8, else `value_base64` stands in its place. The offset is the number
of the record in its file, from 0; it is empty for an event that a source made. The time is that of the
replay, never the clock, so that two replays write the same.
"""

from base64 import b64encode
from typing import Any, Final

import msgspec

from streams.replay.driver import Fault
from streams.sources.source import TOPICS, Event

FAILED: Final = "decision_failed"


def letter(
    topic: str, offset: str, reason: str, field: str, schema: str, time_ms: int | None, key: str | None,
    value: bytes,
) -> bytes:  # fmt: skip
    """One dead letter, as JSON."""
    headers = {
        "topic": topic,
        "partition": "0",
        "offset": offset,
        "reason": reason,
        "field": field,
        "schema": schema,
        "time": "" if time_ms is None else str(time_ms),
    }
    whole: dict[str, Any] = {"headers": headers, "key": key}
    try:
        whole["value"] = value.decode()
    except UnicodeDecodeError:
        whole["value_base64"] = b64encode(value).decode()
    return msgspec.json.encode(whole)


def of_event(event: Event, reason: str, time_ms: int | None = None) -> bytes:
    """The dead letter of an event that was read but not taken."""
    topic, schema = TOPICS[type(event)], type(event).__name__
    value = msgspec.json.encode(event)
    return letter(f"journey.{topic}", "", reason, "", schema, time_ms, event.customer_id, value)


def of_fault(fault: Fault) -> bytes:
    """The dead letter of a step that failed; a look has no record, so it says what was looked at."""
    if fault.event is not None:
        return of_event(fault.event, FAILED, fault.at_ms)
    look = {"customer_id": fault.customer_id, "target": list(fault.target), "problem": fault.problem}
    return letter("", "", FAILED, "", "", fault.at_ms, fault.customer_id, msgspec.json.encode(look))
