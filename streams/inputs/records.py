"""What flows through the input edge: a record of a topic, and what can become of it."""

from typing import TypeAlias

from msgspec import Struct

from schemas.errors import Reason
from schemas.records import (
    Control,
    Delivery,
    Erasure,
    Product,
    Profile,
    Purchase,
    Reply,
    Ticket,
    Usage,
)

Event: TypeAlias = Purchase | Delivery | Usage | Ticket | Reply | Profile | Erasure
"""What happened to one customer."""
Input: TypeAlias = Event | Product | Control
"""Whatever Kairos reads."""


class InputRecord(Struct, frozen=True, gc=False):
    """A record as it lies on a topic.

    `topic` is the full name. `timestamp_ms` is Kafka's timestamp, or None where there is none, as in a file.
    `trace` is its W3C trace context, see `tracing`, empty where there is none.
    """

    topic: str
    partition: int
    offset: int
    timestamp_ms: int | None
    key: bytes | None
    value: bytes | None
    trace: str = ""


class Rejection(Struct, frozen=True, gc=False):
    """Why a record was refused. `field` is a path such as `lines[3].quantity`, empty for the whole record.

    `schema` is the name of the record that its topic carries.
    """

    reason: Reason
    field: str
    schema: str


class Removal(Struct, frozen=True, gc=False):
    """A tombstone on a compacted topic: what had this key is gone."""

    topic: str
    key: str
