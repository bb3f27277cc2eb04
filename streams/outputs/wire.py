"""How an output is written: which encoding, and under which id of a registry."""

from collections.abc import Callable, Mapping
from typing import Literal, TypeAlias

from msgspec import Struct

from schemas.framing import encode, encode_confluent, encode_json

WireFormat: TypeAlias = Literal["single_object", "confluent", "json"]
Encode: TypeAlias = Callable[[str, Struct], bytes]
"""The bytes of a record of a topic, named without prefix."""


def encoder(wire_format: WireFormat, ids: Mapping[str, int]) -> Encode:
    """What writes `wire_format`; `ids` are those of the schemas by topic, for the Confluent format."""
    match wire_format:
        case "single_object":
            return single_object
        case "json":
            return lambda _, record: encode_json(record)
        case "confluent":
            return lambda topic, record: encode_confluent(record, ids[topic])


def single_object(_: str, record: Struct) -> bytes:
    """Avro's single-object encoding, for which no registry is needed."""
    return encode(record)
