"""The Avro files as typed values: what a record holds, and the limits on it.

Avro knows no limits, so three attributes beside `type` add them, which every Avro library ignores:
`"max_chars"` and `"max_items"` bound the strings and the array of a field, and `"form"` says what its strings
are: `"id"` an identifier, `"word"` one of few words, both of at most 128 characters.
Only the shapes that the contract uses are known here; anything else in a file is refused by name.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from schemas.errors import ContractBroken

RECORD_BYTES_MAX: Final = 1 << 20
ID_CHARS_MAX: Final = 128
TEXT_CHARS_MAX: Final = 4_096
ITEMS_MAX: Final = 256
EARLIEST_MS: Final = 946_684_800_000
"""2000-01-01T00:00:00Z, the first instant that is believed."""
LATEST_MS: Final = 7_258_118_400_000
"""2200-01-01T00:00:00Z, the first instant that is not."""
DAY_MS: Final = 86_400_000

FOLDER: Final = Path(__file__).parent

Schema: TypeAlias = Mapping[str, Any]
"""An Avro schema as parsed JSON, of a record or of another complex type."""
Form: TypeAlias = Literal["", "id", "word"]
NumberKind: TypeAlias = Literal["int", "long", "timestamp", "date"]


@dataclass(frozen=True, slots=True)
class Text:
    """A string of at most `max_chars` characters.

    The form `id` has one character at least, and no control characters. The form `word` takes few values, so
    its bytes are worth keeping.
    """

    max_chars: int
    form: Form


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number: 32 or 64 bits, a timestamp in epoch milliseconds, or a date in days since 1970."""

    kind: NumberKind

    @property
    def low(self) -> int:
        """The smallest value."""
        return _RANGES[self.kind][0]

    @property
    def high(self) -> int:
        """The largest value."""
        return _RANGES[self.kind][1]


_RANGES: Final[Mapping[NumberKind, tuple[int, int]]] = {
    "int": (-(1 << 31), (1 << 31) - 1),
    "long": (-(1 << 63), (1 << 63) - 1),
    "timestamp": (EARLIEST_MS, LATEST_MS - 1),
    "date": (EARLIEST_MS // DAY_MS, LATEST_MS // DAY_MS - 1),
}


@dataclass(frozen=True, slots=True)
class Double:
    """A finite double."""


@dataclass(frozen=True, slots=True)
class Boolean:
    """True or false."""


@dataclass(frozen=True, slots=True)
class Enumeration:
    """One of `symbols`, whose order is that of the encoding."""

    name: str
    symbols: tuple[str, ...]
    doc: str


@dataclass(frozen=True, slots=True)
class Array:
    """At most `max_items` of `items`."""

    items: "Shape"
    max_items: int


@dataclass(frozen=True, slots=True)
class Nullable:
    """`of`, or null, which is the first branch."""

    of: "Shape"


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a record. `default` counts only where `has_default`."""

    name: str
    shape: "Shape"
    has_default: bool
    default: Any
    doc: str


@dataclass(frozen=True, slots=True)
class Record:
    """A record; the order of its fields is that of the encoding."""

    name: str
    namespace: str
    fields: tuple[Field, ...]
    doc: str


Shape: TypeAlias = Text | Number | Double | Boolean | Enumeration | Array | Nullable | Record


@dataclass(frozen=True, slots=True)
class _Limits:
    form: Form
    max_chars: int
    max_items: int


@cache
def documents(folder: Path = FOLDER) -> Mapping[str, Schema]:
    """The parsed JSON of all `.avsc` files in `folder`, by record name, in order of file name."""
    schemas = (json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.avsc")))
    return {schema["name"]: schema for schema in schemas}


@cache
def contract(folder: Path = FOLDER) -> Mapping[str, Record]:
    """The records of all `.avsc` files in `folder`, by record name. Raises `ContractBroken`."""
    return {name: parse(schema) for name, schema in documents(folder).items()}


def parse(schema: Schema) -> Record:
    """The record that the parsed JSON of one file describes. Raises `ContractBroken`."""
    record = _shape(schema, _Limits(form="", max_chars=TEXT_CHARS_MAX, max_items=ITEMS_MAX), "")
    if not isinstance(record, Record):
        raise ContractBroken("a file of the contract must hold a record")
    return record


def nested(record: Record) -> list[Record | Enumeration]:
    """The enumerations and records within `record`, each before what uses it, `record` itself last."""
    found: dict[str, Record | Enumeration] = {}
    _collect(record, found)
    return list(found.values())


def _collect(shape: Shape, found: dict[str, Record | Enumeration]) -> None:
    match shape:
        case Record(name, _, fields, _):
            for field in fields:
                _collect(field.shape, found)
            found[name] = shape
        case Enumeration(name, _, _):
            found[name] = shape
        case Array(items, _):
            _collect(items, found)
        case Nullable(of):
            _collect(of, found)


def _shape(schema: Any, limits: _Limits, namespace: str) -> Shape:
    match schema:
        case ["null", branch]:
            return Nullable(_shape(branch, limits, namespace))
        case {"type": "record"}:
            return _record(schema, namespace)
        case {"type": "enum"}:
            return Enumeration(schema["name"], tuple(schema["symbols"]), schema.get("doc", ""))
        case {"type": "array", "items": items}:
            return Array(_shape(items, limits, namespace), limits.max_items)
        case {"type": "long", "logicalType": "timestamp-millis"}:
            return Number("timestamp")
        case {"type": "int", "logicalType": "date"}:
            return Number("date")
        case str(name) | {"type": str(name)}:
            return _primitive(name, limits)
    raise ContractBroken(f"the contract has no shape for {schema!r}")


def _primitive(name: str, limits: _Limits) -> Shape:
    match name:
        case "string":
            return Text(limits.max_chars, limits.form)
        case "int" | "long":
            return Number(name)
        case "double":
            return Double()
        case "boolean":
            return Boolean()
    raise ContractBroken(f"the contract has no shape for {name!r}")


def _record(schema: Schema, namespace: str) -> Record:
    namespace = schema.get("namespace", namespace)
    fields = tuple(_field(field, namespace) for field in schema["fields"])
    return Record(schema["name"], namespace, fields, schema.get("doc", ""))


def _field(schema: Schema, namespace: str) -> Field:
    default = schema.get("default")
    return Field(
        name=schema["name"],
        shape=_shape(schema["type"], _limits(schema), namespace),
        has_default="default" in schema,
        default=tuple(default) if isinstance(default, list) else default,
        doc=schema.get("doc", ""),
    )


def _limits(schema: Schema) -> _Limits:
    form = schema.get("form", "")
    if form not in ("", "id", "word"):
        raise ContractBroken(f"the contract has no form {form!r}")
    max_chars = schema.get("max_chars", ID_CHARS_MAX if form else TEXT_CHARS_MAX)
    return _Limits(form, max_chars, schema.get("max_items", ITEMS_MAX))
