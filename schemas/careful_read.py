"""Reads any Avro value slowly and by name: the definition of what the generated decoders do fast.

A generated decoder that meets anything unusual asks here. So this module decides what is refused and which
field is to blame, and the generated code can stay short. It interprets the schema itself, takes every shape
of Avro, and vouches for bytes of another writer's schema before a library without limits may read them.

Every length and count is checked before anything is read or allocated for it.
"""

import math
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from schemas.errors import Reason, Undecodable
from schemas.model import DAY_MS, EARLIEST_MS, ID_CHARS_MAX, ITEMS_MAX, LATEST_MS, TEXT_CHARS_MAX, Schema
from schemas.names import PRIMITIVES, named_types, resolved
from schemas.wire import VARINT_BYTES_MAX

DEPTH_MAX: Final = 32
"""Nesting of a value; our own records nest 3 deep."""
_UTF8_BYTES_MAX: Final = 4


@dataclass(frozen=True, slots=True)
class Limits:
    """What holds where a field says nothing."""

    text_chars: int
    items: int
    ours: bool
    """Whether fields may say something, and identifiers and times must make sense."""


OURS: Final = Limits(text_chars=TEXT_CHARS_MAX, items=ITEMS_MAX, ours=True)
FOREIGN: Final = Limits(text_chars=262_144, items=2_000, ours=False)
"""For a writer's schema that is not ours: only what protects this process."""


def read(schema: Schema, data: bytes, at: int = 0, limits: Limits = OURS) -> Any:
    """The value that `data[at:]` holds, as plain dicts, lists and scalars. Raises `Undecodable` only."""
    reader = _Reader(data, at, limits, named_types(schema))
    try:
        value = reader.value(schema, {}, 0)
    except Undecodable as error:
        raise Undecodable(error.reason, "".join(reader.path).removeprefix(".")) from None
    if reader.at != len(data):
        raise Undecodable(Reason.TRAILING_BYTES)
    return value


@dataclass(slots=True)
class _Reader:
    """A position in `data`, and the path of the field that is being read."""

    data: bytes
    at: int
    limits: Limits
    names: Mapping[str, Any]
    path: list[str] = field(default_factory=list)

    def value(self, schema: Any, hints: Schema, depth: int) -> Any:
        """The value at the position. `hints` is the field that it stands in, which may state limits."""
        if depth > DEPTH_MAX:
            raise Undecodable(Reason.NESTED_TOO_DEEP)
        schema = resolved(schema, self.names)
        if isinstance(schema, list):
            return self.value(schema[self.index(len(schema), Reason.MALFORMED)], hints, depth + 1)
        kind = schema if isinstance(schema, str) else schema["type"]
        if kind in PRIMITIVES:
            return _PRIMITIVES[kind](self, schema if isinstance(schema, dict) else {}, hints)
        return _COMPLEX[kind](self, schema, hints, depth)

    def inside(self, step: str, schema: Any, hints: Schema, depth: int) -> Any:
        """The value of the field or item `step`; the path stays where an error arose."""
        self.path.append(step)
        value = self.value(schema, hints, depth + 1)
        self.path.pop()
        return value

    def take(self, size: int) -> bytes:
        """The next `size` bytes."""
        if size > len(self.data) - self.at:
            raise Undecodable(Reason.TRUNCATED)
        self.at += size
        return self.data[self.at - size : self.at]

    def varint(self) -> int:
        """A whole number of 64 bits."""
        value = 0
        for shift in range(0, 7 * VARINT_BYTES_MAX, 7):
            (byte,) = self.take(1)
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                if value >> 64:
                    break
                return value >> 1 ^ -(value & 1)
        raise Undecodable(Reason.MALFORMED)

    def index(self, length: int, reason: Reason) -> int:
        """The number of a branch or symbol, of `length` in all."""
        index = self.varint()
        if not 0 <= index < length:
            raise Undecodable(reason)
        return index

    def null(self, _schema: Schema, _hints: Schema) -> None:
        """Nothing."""

    def boolean(self, _schema: Schema, _hints: Schema) -> bool:
        """One byte, 0 or 1."""
        (byte,) = self.take(1)
        if byte > 1:
            raise Undecodable(Reason.MALFORMED)
        return byte == 1

    def whole(self, schema: Schema, _hints: Schema) -> int:
        """A long, a time or, for `int`, a number of 32 bits or a date."""
        value = self.varint()
        logical = schema.get("logicalType") if self.limits.ours else None
        if logical == "timestamp-millis" and not EARLIEST_MS <= value < LATEST_MS:
            raise Undecodable(Reason.TIME_OUT_OF_RANGE)
        if logical == "date" and not EARLIEST_MS <= value * DAY_MS < LATEST_MS:
            raise Undecodable(Reason.TIME_OUT_OF_RANGE)
        return value

    def short(self, schema: Schema, hints: Schema) -> int:
        """A number of 32 bits."""
        value = self.whole(schema, hints)
        if not -(1 << 31) <= value < 1 << 31:
            raise Undecodable(Reason.NUMBER_OUT_OF_RANGE)
        return value

    def floating(self, layout: str) -> float:
        """A float or a double."""
        (value,) = struct.unpack(layout, self.take(struct.calcsize(layout)))
        if not math.isfinite(value):
            raise Undecodable(Reason.NOT_FINITE)
        return float(value)

    def raw(self, _schema: Schema, _hints: Schema) -> str | bytes:
        """Bytes with their size: text where they are UTF-8, because only text can be made of them."""
        raw = self.take(self.size(self.limits.text_chars))
        try:
            return raw.decode()
        except UnicodeDecodeError:
            return raw

    def size(self, most: int) -> int:
        """The size of what follows, at most `most` bytes."""
        size = self.varint()
        if size < 0:
            raise Undecodable(Reason.MALFORMED)
        if size > most:
            raise Undecodable(Reason.TEXT_TOO_LONG)
        return size

    def text(self, _schema: Schema, hints: Schema) -> str:
        """A string."""
        form = hints.get("form")
        max_chars = hints.get("max_chars", ID_CHARS_MAX if form else self.limits.text_chars)
        raw = self.take(self.size(max_chars * _UTF8_BYTES_MAX))
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            raise Undecodable(Reason.NOT_UTF8) from None
        if len(text) > max_chars:
            raise Undecodable(Reason.TEXT_TOO_LONG)
        if form == "id" and not is_id(text):
            raise Undecodable(Reason.BAD_ID)
        return text

    def record(self, schema: Schema, _hints: Schema, depth: int) -> dict[str, Any]:
        """The fields, in order."""
        values = {}
        for part in schema["fields"]:
            hints = part if self.limits.ours else {}
            values[part["name"]] = self.inside(f".{part['name']}", part["type"], hints, depth)
        return values

    def enumeration(self, schema: Schema, _hints: Schema, _depth: int) -> str:
        """A symbol."""
        symbol: str = schema["symbols"][self.index(len(schema["symbols"]), Reason.UNKNOWN_SYMBOL)]
        return symbol

    def fixed(self, schema: Schema, _hints: Schema, _depth: int) -> bytes:
        """Bytes of a size that the schema states."""
        return self.take(schema["size"])

    def array(self, schema: Schema, hints: Schema, depth: int) -> list[Any]:
        """The items of all blocks."""
        items: list[Any] = []
        for _ in self.places(hints):
            items.append(self.inside(f"[{len(items)}]", schema["items"], hints, depth))
        return items

    def map(self, schema: Schema, hints: Schema, depth: int) -> dict[str, Any]:
        """The entries of all blocks."""
        values = {}
        for _ in self.places(hints):
            key = self.text({}, {})
            values[key] = self.inside(f".{key}", schema["values"], hints, depth)
        return values

    def places(self, hints: Schema) -> Iterator[None]:
        """One turn per item. A negative count means that the size of the block in bytes follows it."""
        left = hints.get("max_items", self.limits.items)
        while count := self.varint():
            if abs(count) > left:
                raise Undecodable(Reason.TOO_MANY_ITEMS)
            left -= abs(count)
            block_bytes = self.varint() if count < 0 else None
            start = self.at
            yield from (None for _ in range(abs(count)))
            if block_bytes is not None and self.at - start != block_bytes:
                raise Undecodable(Reason.MALFORMED)


def is_id(text: str) -> bool:
    """Whether `text` has characters, and no control characters."""
    return bool(text) and not any(char < " " or "\x7f" <= char < "\xa0" for char in text)


_Primitive: TypeAlias = Callable[[_Reader, Schema, Schema], Any]
_Complex: TypeAlias = Callable[[_Reader, Schema, Schema, int], Any]

_PRIMITIVES: Final[Mapping[str, _Primitive]] = {
    "null": _Reader.null,
    "boolean": _Reader.boolean,
    "int": _Reader.short,
    "long": _Reader.whole,
    "float": lambda reader, _schema, _hints: reader.floating("<f"),
    "double": lambda reader, _schema, _hints: reader.floating("<d"),
    "bytes": _Reader.raw,
    "string": _Reader.text,
}
_COMPLEX: Final[Mapping[str, _Complex]] = {
    "record": _Reader.record,
    "error": _Reader.record,
    "enum": _Reader.enumeration,
    "fixed": _Reader.fixed,
    "array": _Reader.array,
    "map": _Reader.map,
}
