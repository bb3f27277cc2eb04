"""What a transaction was decided from, as one record inside of it: for who decides it again and compares.

    KAIROS_JOURNAL="kairos-journal"

names a topic with as many partitions as the inputs. Every transaction then says there, beside its outputs,
which slices of work it is made of: the time, whether the partition was current, which sources were silent and
which flags held, and the records or looks in the order in which they were taken. The record stands or falls
with its transaction, so there is exactly one for each that was committed. Without the variable nothing is
kept. It is shipped for the reason for which failpoints are: a test of another build proves nothing.

A line is a MessagePack array, its version first. Customers stand in it, so keep it as short as the inputs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
from msgspec import Struct

from state import keys
from state.keys import Wakeup
from streams.inputs.records import InputRecord
from streams.journey.step import At

VARIABLE: Final = "KAIROS_JOURNAL"
VERSION: Final = 1


class Taken(Struct, frozen=True, array_like=True, gc=False):
    """Consecutive records of one topic."""

    topic: str
    first: int
    count: int


class Looked(Struct, frozen=True, array_like=True, gc=False):
    """A look at the record of a key. `due_ms` is 0 where it is looked at for another reason."""

    due_ms: int
    key: bytes


class Slice(Struct, frozen=True, array_like=True):
    """One slice of work: either records or looks."""

    now_ms: int
    current: bool
    stale: tuple[str, ...]
    held: tuple[int, ...]
    taken: tuple[Taken, ...] = ()
    looked: tuple[Looked, ...] = ()


class Line(Struct, frozen=True, array_like=True):
    """One transaction. `opened` tells the openings of a partition apart."""

    version: int
    opened: str
    world: int
    slices: tuple[Slice, ...]


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Line).decode


class Journal:
    """The lines of one partition, from its opening on."""

    def __init__(self, topic: str, opened: str) -> None:
        self.topic = topic
        self._opened = opened
        self._slices: list[Slice] = []

    def slice(self, at: At, done: Sequence[InputRecord | Wakeup]) -> None:
        """A slice of work was done."""
        records = [it for it in done if isinstance(it, InputRecord)]
        looks = [
            Looked(it.due_ms, keys.record(it.customer_id, it.target)) for it in done if isinstance(it, Wakeup)
        ]
        self._slices.append(
            Slice(
                at.now_ms,
                at.current,
                tuple(sorted(at.stale_sources)),
                tuple(sorted(at.held_flags)),
                tuple(_runs(records)),
                tuple(looks),
            )
        )

    def line(self, world: int) -> bytes:
        """Everything since the last line."""
        slices, self._slices = tuple(self._slices), []
        return _encode(Line(VERSION, self._opened, world, slices))


def read(data: bytes) -> Line:
    """The line of these bytes. ValueError: they are none."""
    line = _decode(data)
    if line.version != VERSION:
        raise ValueError(f"a line of the journal has version {line.version}, not {VERSION}")
    return line


def _runs(records: Sequence[InputRecord]) -> list[Taken]:
    """Records as runs of consecutive offsets of one topic."""
    found: list[Taken] = []
    for record in records:
        last = found[-1] if found else None
        if last is not None and last.topic == record.topic and last.first + last.count == record.offset:
            found[-1] = Taken(last.topic, last.first, last.count + 1)
        else:
            found.append(Taken(record.topic, record.offset, 1))
    return found
