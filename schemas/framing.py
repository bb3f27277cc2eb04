"""How a record begins: the first byte says how the rest is to be read.

    {  or white space    a JSON object
    C3 01 + 8 bytes      Avro single-object encoding: the CRC-64-AVRO fingerprint of the writer's schema in
                         Parsing Canonical Form, little-endian; then the record
    00 + 4 bytes         the Confluent wire format: the id of the writer's schema in a registry, big-endian;
                         then the record

Data of our own schema takes the generated decoder. Data of another writer is read by the writer's schema
and matched by name, which is what Avro's resolution comes to for records: fields that only the writer knows
are dropped, those that it does not know get their defaults, numbers widen. (fastavro resolves too, and
agrees in the tests, but it checks no limits before it allocates, so its reading would have to be vouched
for by a second one.)
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Generic, NoReturn, Protocol, TypeAlias, TypeVar, cast

import msgspec

from schemas.careful_read import FOREIGN, read
from schemas.codecs import DECODERS, ENCODERS, FINGERPRINTS
from schemas.compat import Rule, unreadable
from schemas.composed import composed
from schemas.errors import Reason, SchemaUnavailable, Undecodable
from schemas.fingerprint import fingerprint
from schemas.model import RECORD_BYTES_MAX, Schema, documents
from schemas.names import named_types, well_formed
from schemas.plain import from_json, from_plain
from schemas.wire import DOUBTS

SINGLE_OBJECT: Final = b"\xc3\x01"
SINGLE_OBJECT_BYTES: Final = 10
CONFLUENT: Final = b"\x00"
CONFLUENT_BYTES: Final = 5
JSON_FIRST: Final = frozenset(b"{ \t\r\n")
WRITERS_MAX: Final = 1_024
"""Schemas of other writers that are kept, per kind of record."""
_PER_RECORD: Final = {Rule.SYMBOL_MISSING, Rule.BRANCH_MISSING}
"""What only some records of a writer break: each is judged by itself."""

T = TypeVar("T", bound=msgspec.Struct)
Decode: TypeAlias = Callable[[bytes, int], T]


class SchemaSource(Protocol):
    """Where the schemas of other writers come from, such as a schema registry."""

    def schema(self, schema_id: int) -> Schema:
        """The parsed schema with this id. Raises `SchemaUnavailable` when it cannot be had now."""


class KnownSchemas:
    """A `SchemaSource` in memory."""

    def __init__(self, schemas: Mapping[int, Schema] | None = None) -> None:
        self._schemas = dict(schemas or {})

    def register(self, schema_id: int, schema: Schema) -> None:
        """Let `schema_id` stand for `schema`."""
        self._schemas[schema_id] = schema

    def schema(self, schema_id: int) -> Schema:
        try:
            return self._schemas[schema_id]
        except KeyError:
            raise SchemaUnavailable(f"no schema has the id {schema_id}") from None


class RecordDecoder(Generic[T]):
    """Decodes the records of one kind in any framing.

    `older` are schemas of other writers, known by their fingerprints. Without a `source`, the Confluent wire
    format is refused as `unknown_schema`.
    """

    def __init__(
        self, kind: type[T], older: Iterable[Schema] = (), source: SchemaSource | None = None
    ) -> None:
        name = kind.__name__
        self._kind = kind
        self._own: Decode[T] = DECODERS[name]
        self._own_fingerprint = FINGERPRINTS[name]
        self._header = SINGLE_OBJECT + FINGERPRINTS[name]
        self._json = msgspec.json.Decoder(kind)
        self._source = source
        self._by_fingerprint = {fingerprint(schema): self._reader(schema) for schema in older}
        self._by_id: dict[int, Decode[T]] = {}

    def decode(self, data: bytes) -> T:
        """The record that `data` is. Raises `Undecodable`, or `SchemaUnavailable` to be tried again."""
        if len(data) > RECORD_BYTES_MAX:
            raise Undecodable(Reason.TOO_LARGE)
        if data.startswith(self._header):
            return self._own(data, SINGLE_OBJECT_BYTES)
        if data.startswith(CONFLUENT):
            return self._confluent(data)
        if data.startswith(SINGLE_OBJECT):
            return self._single_object(data)
        if not data:
            raise Undecodable(Reason.EMPTY)
        if data[0] in JSON_FIRST:
            return from_json(data, self._json, self._kind.__name__)
        raise Undecodable(Reason.UNKNOWN_FRAMING)

    def _confluent(self, data: bytes) -> T:
        if len(data) < CONFLUENT_BYTES:
            raise Undecodable(Reason.TRUNCATED)
        schema_id = int.from_bytes(data[1:CONFLUENT_BYTES], "big")
        decode = self._by_id.get(schema_id) or self._learn(schema_id)
        return decode(data, CONFLUENT_BYTES)

    def _learn(self, schema_id: int) -> Decode[T]:
        if self._source is None:
            raise Undecodable(Reason.UNKNOWN_SCHEMA)
        decode = self._reader(self._source.schema(schema_id))
        if len(self._by_id) >= WRITERS_MAX:
            self._by_id.clear()
        self._by_id[schema_id] = decode
        return decode

    def _single_object(self, data: bytes) -> T:
        if len(data) < SINGLE_OBJECT_BYTES:
            raise Undecodable(Reason.TRUNCATED)
        decode = self._by_fingerprint.get(data[2:SINGLE_OBJECT_BYTES])
        if decode is None:
            raise Undecodable(Reason.UNKNOWN_SCHEMA)
        return decode(data, SINGLE_OBJECT_BYTES)

    def _reader(self, writer: Schema) -> Decode[T]:
        """How to read what `writer` has written."""
        if not _is_record(writer):
            return _refuse("")
        if fingerprint(writer) == self._own_fingerprint:
            return self._own
        kind = self._kind
        for found in unreadable(reader=documents()[kind.__name__], writer=writer):
            if found.rule not in _PER_RECORD:
                return _refuse(found.field.partition(".")[2])
        return _resolving(writer, kind)


def _resolving(writer: Schema, kind: type[T]) -> Decode[T]:
    """Reads what `writer` has written as `kind`."""
    short_way = composed(writer, kind.__name__)

    def decode(data: bytes, at: int) -> T:
        if short_way is not None:
            try:
                record, end = short_way(data, at)
                if end == len(data):
                    return cast("T", record)
            except DOUBTS:
                pass
        return from_plain(read(writer, data, at, FOREIGN), kind)

    return decode


def _refuse(field: str) -> Callable[[bytes, int], NoReturn]:
    """Reads nothing of a writer whose `field` cannot be read as ours."""

    def decode(_data: bytes, _at: int) -> NoReturn:
        raise Undecodable(Reason.WRONG_SCHEMA, field)

    return decode


def _is_record(schema: Schema) -> bool:
    """Whether `schema`, which somebody else wrote, is an Avro record at all."""
    try:
        return schema["type"] == "record" and well_formed(schema, named_types(schema))
    except (LookupError, TypeError, AttributeError, RecursionError):
        return False


def encode(record: msgspec.Struct) -> bytes:
    """`record` in single-object encoding. Raises `Unencodable`."""
    header, encoder = _BY_TYPE[type(record).__name__]
    return header + encoder(record)


def encode_confluent(record: msgspec.Struct, schema_id: int) -> bytes:
    """`record` in the Confluent wire format, under the id that the registry gave to its schema."""
    return CONFLUENT + schema_id.to_bytes(4, "big") + ENCODERS[type(record).__name__](record)


def encode_json(record: msgspec.Struct) -> bytes:
    """`record` as a JSON object."""
    return msgspec.json.encode(record)


_BY_TYPE: Final[Mapping[str, tuple[bytes, Callable[[Any], bytes]]]] = {
    name: (SINGLE_OBJECT + FINGERPRINTS[name], encoder) for name, encoder in ENCODERS.items()
}
