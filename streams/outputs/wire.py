"""How an output is written: its bytes in one encoding, and around them a CloudEvent in Kafka's binary mode.

The headers are those of the Kafka protocol binding for CloudEvents 1.0. `ce_id` is a keyed hash of the
customer and the sequence, so who removes duplicates by source and id is right, and it names nobody. A
tombstone is no event and has none.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal, TypeAlias

from msgspec import Struct

from schemas.framing import encode, encode_confluent, encode_json
from schemas.model import documents
from streams.journey.identity import Identity

WireFormat: TypeAlias = Literal["single_object", "confluent", "json"]
Encode: TypeAlias = Callable[[str, Struct], bytes]
"""The bytes of a record of a topic, named without prefix."""
Headers: TypeAlias = tuple[tuple[str, bytes], ...]

SNAPSHOT: Final = "CustomerSnapshot"
SPECVERSION: Final = b"1.0"
AVRO: Final = b"application/avro"
JSON: Final = b"application/json"


class Wire:
    """Writes the records of outputs. `identity` names them."""

    def __init__(self, encode: Encode, content_type: bytes, identity: Identity) -> None:
        self.encode = encode
        self._content_type = content_type
        self._identity = identity
        self._fixed: dict[tuple[str, str], Headers] = {}
        self._time = (0, b"")

    def headers(self, name: str, record: Any) -> Headers:
        """The attributes of the event that `record` is, on the topic of this full name."""
        kind = type(record).__name__
        fixed = self._fixed.get((name, kind)) or self._of_topic(name, kind)
        event_id = self._identity.event_id(record.customer_id, record.sequence)
        at_ms = record.as_of if kind == SNAPSHOT else record.decided_at
        return (*fixed, ("ce_id", event_id.encode()), ("ce_time", self._said(at_ms)))

    def _of_topic(self, name: str, kind: str) -> Headers:
        found = self._fixed[name, kind] = (
            ("content-type", self._content_type),
            ("ce_specversion", SPECVERSION),
            ("ce_source", f"/{name}".encode()),
            ("ce_type", f"{documents()[kind]['namespace']}.{kind}".encode()),
        )
        return found

    def _said(self, at_ms: int) -> bytes:
        """A time as RFC 3339 has it; most records of a batch have the same."""
        if self._time[0] != at_ms:
            text = datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds")
            self._time = at_ms, text.replace("+00:00", "Z").encode()
        return self._time[1]


def wire(wire_format: WireFormat, ids: Mapping[str, int], identity: Identity) -> Wire:
    """What writes `wire_format`; `ids` are those of the schemas by topic, for the Confluent format."""
    match wire_format:
        case "single_object":
            return single_object(identity)
        case "json":
            return Wire(lambda _, record: encode_json(record), JSON, identity)
        case "confluent":
            return Wire(lambda topic, record: encode_confluent(record, ids[topic]), AVRO, identity)


def single_object(identity: Identity) -> Wire:
    """Avro's single-object encoding, for which no registry is needed."""
    return Wire(lambda _, record: encode(record), AVRO, identity)
