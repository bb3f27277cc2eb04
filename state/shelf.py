"""The records of one kind in the working set of an overlay: in the store, settled, and in hand.

A record goes through three forms: the bytes that the store holds, the bytes of the last savepoint, and the
object that is being changed. So a step that fails takes back its own changes and no others, and what ends as
it began is never written.
"""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Generic, TypeVar

import msgspec

from state.codec import Codec
from state.store import Batch, Store

K = TypeVar("K")
R = TypeVar("R")


class _Slot(msgspec.Struct, Generic[R], gc=False):
    """One record. `record` counts only while `in_hand`: it is None for one that is missing or was removed.

    An `unborn` record was made for a reader who found none; it is nothing until somebody changes it.
    """

    key: bytes
    stored: bytes | None
    settled: bytes | None
    record: R | None = None
    in_hand: bool = False
    dirty: bool = False
    unborn: bool = False


class Shelf(Generic[K, R]):
    """Reads records through the codec once, remembers which changed, and writes only those."""

    __slots__ = ("_changed", "_codec", "_dirty", "_in_hand", "_key_of", "_slots", "_store")

    def __init__(self, store: Store, codec: Codec[R], key_of: Callable[[K], bytes]) -> None:
        self._store = store
        self._codec = codec
        self._key_of = key_of
        self._slots: dict[K, _Slot[R]] = {}
        self._in_hand: list[_Slot[R]] = []
        self._dirty: list[_Slot[R]] = []
        self._changed: dict[bytes, _Slot[R]] = {}

    def get(self, name: K) -> R | None:
        """The record in hand; None when there is none. A change of it counts after `put` or `touch`."""
        slot = self._slots.get(name)
        if slot is None:
            slot = self._load(name)
        if not slot.in_hand:
            if slot.settled is not None:
                slot.record = self._codec.decode(slot.settled)
            self._take(slot)
        return slot.record

    def hold(self, name: K, record: R) -> None:
        """Take a record in hand where there is none: it is written only after `put` or `touch`."""
        slot = self._slots.get(name) or self._load(name)
        slot.record = record
        slot.unborn = True
        self._take(slot)

    def put(self, name: K, record: R) -> None:
        """From now on there is this record."""
        slot = self._slots.get(name) or self._load(name)
        slot.record = record
        self._take(slot)
        self._mark(slot)

    def touch(self, name: K) -> None:
        """The record in hand has changed. LookupError: it is not in hand, so nobody can have changed it."""
        slot = self._slots.get(name)
        if slot is None or not slot.in_hand:
            raise LookupError(f"{name!r} is not in hand")
        self._mark(slot)

    def remove(self, name: K) -> None:
        """From now on there is no such record."""
        slot = self._slots.get(name) or self._load(name)
        slot.record = None
        self._take(slot)
        self._mark(slot)

    def exists(self, name: K) -> bool:
        """Whether the record is stored or will be."""
        slot = self._slots.get(name) or self._load(name)
        if slot.dirty:
            return slot.record is not None and not slot.unborn
        return slot.settled is not None

    def names(self) -> list[K]:
        """What the working set holds, missing and removed records included."""
        return list(self._slots)

    def unread(self, names: Iterable[K]) -> list[tuple[bytes, Callable[[bytes | None], None]]]:
        """Keys to be read for these names, and what is to be called with each value."""
        keys = ((name, self._key_of(name)) for name in names if name not in self._slots)
        return [(key, partial(self.adopt, name, key)) for name, key in keys]

    def adopt(self, name: K, key: bytes, stored: bytes | None) -> None:
        """Take over what was read from the store; the working set knows better where it holds the record."""
        if name not in self._slots:
            self._slots[name] = _Slot(key, stored, stored)

    def savepoint(self) -> None:
        """Settle all changes: `rollback` leads here."""
        for slot in self._dirty:
            self._settle(slot)
            self._changed[slot.key] = slot
        self._dirty.clear()

    def rollback(self) -> None:
        """Let go of all objects, and with them of every change since the last savepoint."""
        for slot in self._in_hand:
            slot.record = None
            slot.in_hand = slot.dirty = False
        self._in_hand.clear()
        self._dirty.clear()

    def commit_to(self, batch: Batch) -> None:
        """Settle, and put into the batch what differs from the store, which is taken to be written by it."""
        if self._changed:
            self.savepoint()
            for slot in self._changed.values():
                _commit(slot, batch)
            self._changed.clear()
        elif self._dirty:
            for slot in self._dirty:
                self._settle(slot)
                _commit(slot, batch)
            self._dirty.clear()

    def drop(self) -> None:
        """Forget everything, changes included."""
        if self._slots:
            self._slots.clear()
            self._in_hand.clear()
            self._dirty.clear()
            self._changed.clear()

    def _load(self, name: K) -> _Slot[R]:
        key = self._key_of(name)
        stored = self._store.get(key)
        slot: _Slot[R] = _Slot(key, stored, stored)
        self._slots[name] = slot
        return slot

    def _take(self, slot: _Slot[R]) -> None:
        if not slot.in_hand:
            slot.in_hand = True
            self._in_hand.append(slot)

    def _settle(self, slot: _Slot[R]) -> None:
        record = slot.record
        slot.settled = None if record is None or slot.unborn else self._codec.encode(record)
        slot.dirty = False

    def _mark(self, slot: _Slot[R]) -> None:
        slot.unborn = False
        if not slot.dirty:
            slot.dirty = True
            self._dirty.append(slot)


def _commit(slot: _Slot[R], batch: Batch) -> None:
    if slot.settled != slot.stored:
        batch.replace(slot.key, slot.stored, slot.settled)
        slot.stored = slot.settled
