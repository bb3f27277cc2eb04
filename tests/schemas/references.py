"""The two Avro libraries that our codecs must agree with."""

import io
import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import avro.io  # type: ignore[import-untyped]
import avro.schema  # type: ignore[import-untyped]
import fastavro
import msgspec

from schemas.model import documents


def without_logical_types(schema: Any) -> Any:
    """`schema` with times and dates as the numbers that they are on the wire."""
    if isinstance(schema, Mapping):
        return {key: without_logical_types(value) for key, value in schema.items() if key != "logicalType"}
    if isinstance(schema, list):
        return [without_logical_types(branch) for branch in schema]
    return schema


def plain(value: Any) -> Any:
    """`value` as dicts and lists."""
    if isinstance(value, msgspec.Struct):
        return {name: plain(getattr(value, name)) for name in value.__struct_fields__}
    return [plain(item) for item in value] if isinstance(value, tuple) else value


@cache
def _fastavro_schema(name: str) -> Any:
    return fastavro.parse_schema(without_logical_types(documents()[name]))


@cache
def _avro_schema(name: str) -> Any:
    return avro.schema.parse(json.dumps(without_logical_types(documents()[name])))


def fastavro_bytes(record: msgspec.Struct) -> bytes:
    out = io.BytesIO()
    fastavro.schemaless_writer(out, _fastavro_schema(type(record).__name__), plain(record))
    return out.getvalue()


def fastavro_value(name: str, data: bytes) -> Any:
    return fastavro.schemaless_reader(io.BytesIO(data), _fastavro_schema(name), None)


def avro_bytes(record: msgspec.Struct) -> bytes:
    out = io.BytesIO()
    writer = avro.io.DatumWriter(_avro_schema(type(record).__name__))
    writer.write(plain(record), avro.io.BinaryEncoder(out))
    return out.getvalue()


def avro_value(name: str, data: bytes) -> Any:
    reader = avro.io.DatumReader(_avro_schema(name))
    return reader.read(avro.io.BinaryDecoder(io.BytesIO(data)))
