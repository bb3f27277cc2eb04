"""Bytes of a stored record.

    byte 0     kind in the upper three bits (1 to 7), version in the lower five (1 to 31)
    bytes 1-8  due_ms, big-endian: when the record must be looked at; 0 for never
    bytes 9-   the fields that hold another value than their default, as one MessagePack map

The due time stands in front although it is a field as well, because the wake-up index is derived from stored
values: whoever restores or follows a changelog moves index entries by two slices, without decoding records.

A field that is appended with a default needs no new version: old bytes are short of it and read as the
default. Any other change, of a default too, is a new version, with a migration from the one before. Old bytes
are brought up when they are read and written back only when the record changes; there is no pass over a whole
store. Records hold no sets, whose order is chance: the same steps always give the same bytes.
"""

import struct
from collections.abc import Callable, Mapping
from typing import Any, Final, Generic, Protocol, TypeVar

import msgspec

from state.errors import Damaged, UnknownVersion
from state.records.parts import seal

NO_DUE: Final = bytes(8)
VERSION_MAX: Final = 31
HEAD: Final = 9
"""Bytes before the fields."""
HEAD_OF: Final = struct.Struct(">BQ").pack


class Due(Protocol):
    """What has a next time at which it must be looked at, epoch milliseconds, 0 for never."""

    due_ms: int


R = TypeVar("R")
D = TypeVar("D", bound=Due)

Fields = dict[str, Any]
"""The fields of a record by their stored names."""
Migration = Callable[[Fields], Fields]
"""Takes the fields of one version, without those that held their default, and returns those of the next."""


class Layout(Generic[R]):
    """How one kind of record is stored: its name, number, type, version, and the way up from older versions.

    `migrations[n]` leads from version n to n + 1; the oldest version that can be read is its smallest key.
    """

    __slots__ = ("kind", "migrations", "number", "type", "version")

    def __init__(
        self,
        kind: str,
        number: int,
        record_type: type[R],
        version: int,
        migrations: Mapping[int, Migration],
    ) -> None:
        if not 1 <= number <= 7 or not 1 <= version <= VERSION_MAX:
            raise ValueError(f"{kind}: number {number} or version {version} has no place in one byte")
        if sorted(migrations) != list(range(version - len(migrations), version)):
            raise ValueError(f"{kind}: migrations {sorted(migrations)} do not lead to version {version}")
        self.kind = kind
        self.number = number
        self.type = record_type
        self.version = version
        self.migrations = migrations

    @property
    def oldest(self) -> int:
        """The oldest version that can be read."""
        return self.version - len(self.migrations)


class Codec(Generic[R]):
    """Turns records of one kind into bytes and back. This one is for a kind that is never due."""

    __slots__ = ("_decode", "_encode", "_first", "_head", "layout")

    def __init__(self, layout: Layout[R]) -> None:
        self.layout = layout
        self._first = layout.number << 5 | layout.version
        self._head = bytes((self._first,))
        self._encode = msgspec.msgpack.Encoder(enc_hook=seal).encode
        self._decode = msgspec.msgpack.Decoder(layout.type).decode

    def encode(self, record: R) -> bytes:
        """The bytes of a record."""
        return self._head + NO_DUE + self._encode(record)

    def decode(self, data: bytes) -> R:
        """The record of these bytes, brought up to the present version.

        Damaged: short, of another kind, or not its fields. UnknownVersion: no version that is known here.
        """
        try:
            if data[0] == self._first:
                return self._decode(data[HEAD:])
            return self._decode(self._brought_up(data))
        except (msgspec.MsgspecError, ValueError, IndexError, RecursionError) as error:
            kind = self.layout.kind
            raise Damaged(f"a stored {kind} of {len(data)} bytes cannot be read: {error}") from error

    def _brought_up(self, data: bytes) -> bytes:
        layout = self.layout
        number, version = data[0] >> 5, data[0] & VERSION_MAX
        if number != layout.number or version == 0:
            raise Damaged(f"a stored {layout.kind} begins with {data[0]:02x}, which is none")
        if not layout.oldest <= version <= layout.version:
            raise UnknownVersion(layout.kind, version, layout.oldest, layout.version)
        fields = msgspec.msgpack.decode(data[HEAD:], type=Fields)
        for step in range(version, layout.version):
            try:
                fields = layout.migrations[step](fields)
            except Exception as error:
                raise Damaged(
                    f"a stored {layout.kind} of version {step} has other fields: {error!r}"
                ) from error
        return self._encode(fields)


class DueCodec(Codec[D]):
    """The codec of a kind that is looked at again without an event."""

    __slots__ = ()

    def encode(self, record: D) -> bytes:
        """The bytes of a record; OverflowError when its `due_ms` is negative or beyond 8 bytes."""
        try:
            return HEAD_OF(self._first, record.due_ms) + self._encode(record)
        except struct.error as error:
            raise OverflowError(f"due_ms is {record.due_ms}") from error


def due_bytes(data: bytes | None) -> bytes:
    """The due time of a stored record as it stands in its bytes, `NO_DUE` for no record."""
    if data is None:
        return NO_DUE
    if len(data) < HEAD:
        raise Damaged(f"a stored record has {len(data)} bytes, fewer than its head")
    return data[1:HEAD]
