"""What the records of a customer, an item and an order are made of alike.

A record is stored without the fields that hold their default, which are most, and with one letter for the
name of each other, by its place: append fields with defaults, never reorder (see `state.codec`). Small parts
of it are arrays.

Times are epoch milliseconds, 0 is never. A `Stamp` is (time_ms, event_id), a `Mark` adds a word. Lists that
keep the newest entries of a growing set have a floor: whatever is not above it counts as settled, which
makes the bound independent of the order of arrival.
"""

from __future__ import annotations

from collections.abc import Callable
from string import ascii_letters, digits
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import Struct, field

from state.errors import Damaged


def by_position() -> Callable[[str], str]:
    """Short names for the fields of one record in the order of their declaration, one character each."""
    letters = iter(ascii_letters + digits)
    return lambda _field: next(letters)


class Part:
    """A part of a record that somebody looks at. The record holds it in the place of its bytes."""

    __slots__ = ("held",)

    def __init__(self, held: Struct) -> None:
        self.held = held

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Part) and self.held == other.held

    __hash__ = None  # type: ignore[assignment] # it is being changed


def part(kind: type[Struct]) -> Any:
    """The field of a record that holds a part of it: the bytes it was stored as, or the part itself.

    It is always stored, also when all of it is default, so that who merely looks at it changes no bytes. It
    is stored as bytes within the bytes of the record, because these are passed over at once.
    """
    return field(default_factory=lambda: Part(kind()))


def reader(kind: type[Struct]) -> Callable[[bytes], Any]:
    """Reads the bytes of a part, into a `Part`. Damaged: they are not one."""
    decode = msgspec.msgpack.Decoder(kind).decode

    def read(stored: bytes) -> Part:
        try:
            return Part(decode(stored))
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise Damaged(f"a stored {kind.__name__} cannot be read: {error}") from error

    return read


def seal(found: Any) -> bytes:
    """What the encoder of a record asks for where it meets what it does not know: the bytes of a part."""
    if type(found) is Part:
        return _ENCODE(found.held)
    raise NotImplementedError(f"a record holds no {type(found).__name__}")


_ENCODE: Final = msgspec.msgpack.Encoder().encode

Stamp = tuple[int, str]
Mark = tuple[int, str, str]
NEVER: Stamp = (0, "")
NO_FLOOR: Mark = (0, "", "")
TOLD_MAX = 24


class Told(Struct, array_like=True, gc=False):
    """One moment that was opened for an anchor (a cycle, a supply, an interval), or settled without."""

    placement: int
    anchor: int
    at: int
    attempt: int = 0
    done: bool = True


class Withheld(Struct, array_like=True, gc=False):
    """The reason last reported for a moment of this record; one that was crowded out looks again then."""

    placement: int
    anchor: int
    reason: int
    look_at: int = 0


class Target(NamedTuple):
    """What a wake-up is for: the customer (all empty), one item, or one order."""

    product_id: str = ""
    unit_id: str = ""
    order_id: str = ""
