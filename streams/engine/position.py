"""Where a partition stands: the record that ends every transaction in the changelog.

It is written in the same transaction as what it speaks of, so whoever has read the changelog to its end knows
which inputs are decided. Group offsets are not asked: they expire, and can be reset by hand.

    byte 0    the version, 1
    bytes 1-  a MessagePack array: inputs, now_ms, customers, heard, world, replayed, held, wakeups,
              redecided

In the store it lies beside one value that no changelog holds: how far the changelog is in the store, as two
numbers of 8 bytes, big-endian: its next offset, and the wall clock (epoch ms) when that was written.
"""

from enum import IntEnum
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import Struct

from state import keys
from state.errors import Damaged, UnknownVersion
from state.store import Batch, Store
from streams.replay.sequencing import Bookmark

VERSION: Final = 1
KEY: Final = keys.meta("position")
CHANGELOG_KEY: Final = keys.meta("changelog")
_MARK_BYTES: Final = 16


class Stage(IntEnum):
    """How far the replay of a partition is."""

    EVENTS = 0
    """Events are taken."""
    WAITING = 1
    """All are taken; the end is not known before all partitions have come so far."""
    LOOKS = 2
    """The looks between the last event and the end."""
    CUSTOMERS = 3
    """The customers as they stand at the end are said."""
    DONE = 4


class Replayed(Struct, frozen=True, array_like=True):
    """Where a replay stands. `ends`: what each input topic ended with when it began, at `began_ms`.

    `until_ms` is 0 until it is known, `newest_ms` the time of the newest event so far. `said_after` is the
    customer that was said last. `live_after`: the partition goes live on this state.
    """

    ends: dict[str, int]
    began_ms: int
    live_after: bool
    stage: Stage = Stage.EVENTS
    until_ms: int = 0
    newest_ms: int = 0
    bookmark: Bookmark = Bookmark()
    said_after: bytes = b""
    counts: dict[str, Any] = {}


class Position(Struct, frozen=True, array_like=True):
    """What was decided. `inputs`: the next offset by input topic, with prefix.

    `now_ms` is the time of the last decision, which time never falls behind. `customers` is how many are
    known, `heard` when each source spoke last, by topic without prefix; `world` the version decided under.
    `replayed` is there during a replay, and after it until something is decided live.
    `held` are the flags of mass incidents; who got them stands in records of their own, see `raised`.
    `wakeups` is how many are still to come, counted along because to count them would be to read them all.
    `redecided` is the version that all records are known to be decided under, 0 while some may not be: who
    starts under the same one need not read them all to find out.
    """

    inputs: dict[str, int] = {}
    now_ms: int = 0
    customers: int = 0
    heard: dict[str, int] = {}
    world: int = 0
    replayed: Replayed | None = None
    held: tuple[int, ...] = ()
    wakeups: int = 0
    redecided: int = 0


_encode = msgspec.msgpack.Encoder(order="deterministic").encode
_decode = msgspec.msgpack.Decoder(Position).decode


def encode(position: Position) -> bytes:
    """The bytes of a position."""
    return bytes((VERSION,)) + _encode(position)


def decode(data: bytes) -> Position:
    """The position of these bytes. Damaged, UnknownVersion."""
    if not data:
        raise Damaged("the position of this partition is empty: its state is rebuilt from the changelog")
    if data[0] != VERSION:
        raise UnknownVersion("position", data[0], VERSION, VERSION)
    try:
        return _decode(data[1:])
    except msgspec.MsgspecError as error:
        raise Damaged(f"the position of this partition cannot be read: {error}") from error


def stored(store: Store) -> Position | None:
    """The position in a store, None when nothing was ever decided."""
    data = store.get(KEY)
    return None if data is None else decode(data)


class Mark(NamedTuple):
    """How far a changelog is in a store, and since when."""

    offset: int
    written_ms: int


def changelog_mark(store: Store) -> Mark | None:
    """How far the changelog is in the store; None when nothing of it is."""
    data = store.get(CHANGELOG_KEY)
    if data is None:
        return None
    if len(data) != _MARK_BYTES:
        raise Damaged("the mark of the changelog cannot be read: this state is rebuilt from it")
    return Mark(int.from_bytes(data[:8], "big"), int.from_bytes(data[8:], "big"))


def put_changelog_mark(batch: Batch, mark: Mark) -> None:
    """The batch brings the store up to there."""
    batch.put(CHANGELOG_KEY, mark.offset.to_bytes(8, "big") + mark.written_ms.to_bytes(8, "big"))
