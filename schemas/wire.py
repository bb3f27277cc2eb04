"""Avro's binary encoding in small pieces, for the generated codecs.

A whole number is zig-zag (n >= 0 is 2n, n < 0 is -2n - 1) and then a varint: groups of 7 bits, the lowest
first, all but the last with the high bit set. A string is its size in bytes and UTF-8. An array is blocks of
a count and items, ended by a count of 0. A union is the number of its branch and the value.

The generated code takes the short way only: whatever is unusual raises one of `DOUBTS`, and
`schemas.careful_read` decides, slowly and by name. So these pieces may doubt what is valid, but must never
accept what is not.
"""

import struct
from typing import Final

__all__ = [
    "CONTINUATION_6",
    "DOUBTS",
    "LASTS",
    "MISFITS",
    "PAIRS",
    "PRESENT",
    "PRESENT_SIZES",
    "SIZES",
    "TRUE",
    "WORDS",
    "ZERO",
    "Doubt",
    "count",
    "ids",
    "pack_double",
    "short",
    "six",
    "size",
    "texts",
    "unpack_double",
    "varint",
    "whole",
    "write_texts",
    "write_words",
]

ID_BYTES_MAX: Final = 128 * 4
"""An identifier or word in UTF-8."""
VARINT_BYTES_MAX: Final = 10
SYMBOLS_MAX: Final = 64
"""Of an enumeration, so that the number of a symbol takes one byte."""
WORDS_MAX: Final = 4_096


class Doubt(Exception):
    """Not the usual case: `schemas.careful_read` must look."""


DOUBTS: Final = (Doubt, LookupError, ValueError, struct.error)
"""What a generated reader raises on bytes that it does not take. `UnicodeDecodeError` is a `ValueError`."""
MISFITS: Final = (*DOUBTS, AttributeError, TypeError, OverflowError)
"""What a generated writer raises on a value that it does not take."""

six = struct.Struct("6B").unpack_from
"""Six bytes as numbers: the length of a varint of every time from 1987 to 2039."""
CONTINUATION_6: Final = sum(128 << 7 * i for i in range(5))
"""What the high bits of the first five of six bytes add to their value."""
unpack_double = struct.Struct("<d").unpack_from
pack_double = struct.Struct("<d").pack


def varint(data: bytes, at: int) -> tuple[int, int]:
    """The whole number at `at` and the position after it."""
    value = shift = 0
    for at in range(at, at + VARINT_BYTES_MAX):  # noqa: B020, PLR1704 - the position is what is counted
        byte = data[at]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            if value >> 64:
                raise Doubt
            return value >> 1 ^ -(value & 1), at + 1
        shift += 7
    raise Doubt


def size(data: bytes, at: int, most: int) -> tuple[int, int]:
    """The size of a string at `at`, of `most` bytes, and the position after the size."""
    value, at = varint(data, at)
    if not 0 <= value <= most:
        raise Doubt
    return value, at


def count(data: bytes, at: int, most: int) -> tuple[int, int]:
    """The count of a block of 1 to `most` items, and the position after it."""
    n = data[at]
    if n & 0x81:
        value, at = varint(data, at)
    else:
        value = n >> 1
        at += 1
    if not 0 < value <= most:
        raise Doubt
    return value, at


def ids(data: bytes, at: int, most: int) -> tuple[tuple[str, ...], int]:
    """An array of at most `most` identifiers, and the position after it."""
    items, at = texts(data, at, most, 128)
    for item in items:
        if not (item and item.isprintable()):
            raise Doubt
    return items, at


def texts(data: bytes, at: int, most: int, max_chars: int) -> tuple[tuple[str, ...], int]:
    """An array of at most `most` strings of at most `max_chars` bytes, and the position after it."""
    items: list[str] = []
    while data[at]:
        block, at = count(data, at, most - len(items))
        for _ in range(block):
            n = data[at]
            if n & 0x81:
                n, at = size(data, at, max_chars)
                end = at + n
            else:
                at += 1
                end = at + (n >> 1)
            items.append(data[at:end].decode())
            at = end
    return tuple(items), at + 1


def whole(value: int) -> bytes:
    """`value`, a whole number of 64 bits."""
    if 0 <= value < len(SIZES):
        return SIZES[value]
    if not -(1 << 63) <= value < 1 << 63:
        raise OverflowError
    return _varint_bytes(value << 1 ^ value >> 63)


def _varint_bytes(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def short(value: int) -> bytes:
    """`value`, a whole number of 32 bits."""
    if not -(1 << 31) <= value < 1 << 31:
        raise OverflowError
    return whole(value)


def text(value: str) -> bytes:
    """`value` as a string with its size."""
    raw = value.encode()
    return whole(len(raw)) + raw


def write_texts(values: tuple[str, ...]) -> bytes:
    """`values` as an array in one block."""
    if not values:
        return ZERO
    parts = [whole(len(values))]
    for value in values:
        raw = value.encode()
        parts += (SIZES[len(raw)], raw)
    parts.append(ZERO)
    return b"".join(parts)


def write_words(values: tuple[str, ...]) -> bytes:
    """`values`, of few different ones, as an array in one block."""
    if not values:
        return ZERO
    return b"".join((whole(len(values)), *[WORDS[value] for value in values], ZERO))


class Words(dict[str, bytes]):
    """The bytes of words seen before: vocabularies are small, so most words are written by one look-up.

    Holds at most `WORDS_MAX` words; a word beyond them is encoded each time.
    """

    def __missing__(self, word: str) -> bytes:
        """The bytes of a new word."""
        raw = text(word)
        if len(self) < WORDS_MAX:
            self[word] = raw
        return raw


ZERO: Final = b"\x00"
"""Null, false, the end of an array."""
TRUE: Final = b"\x01"
PRESENT: Final = b"\x02"
"""The second branch of a union, whose first is null."""
SIZES: Final = tuple(_varint_bytes(n << 1) for n in range(ID_BYTES_MAX + 1))
"""Whole numbers from 0, of which most are sizes."""
PRESENT_SIZES: Final = tuple(PRESENT + raw for raw in SIZES)
PAIRS: Final = tuple(bytes((n & 0x7F | 0x80, n >> 7 | 0x80)) for n in range(1 << 14))
"""14 bits within a varint: two bytes that others follow."""
LASTS: Final = {n: bytes((n & 0x7F | 0x80, n >> 7)) for n in range(7_000, 1 << 14)}
"""The last two of six bytes of a time from 1999 to 2039: 14 bits, after `PAIRS` and `PAIRS`."""
WORDS: Final = Words()
