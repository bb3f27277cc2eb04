"""The records of a working set: in the store, settled, and in hand. `state.overlay` names the kinds.

A record goes through three forms: the bytes that the store holds, the bytes of the last savepoint, and the
object that is being changed. So a step that fails takes back its own changes and no others, and what ends as
it began is never written.

All kinds of records lie on one shelf, because a step touches a few of each and is followed by a commit: names
of different kinds must differ.
"""

from collections.abc import Callable, Hashable
from itertools import islice
from typing import Any, Final, Generic, TypeVar

import msgspec

from state.codec import Codec
from state.store import Batch, Store

K = TypeVar("K", bound=Hashable)
R = TypeVar("R")


class Kind(Generic[K, R]):
    """How records of one kind are named in the store, and how they are read and written."""

    __slots__ = ("decode", "encode", "key_of")

    def __init__(self, codec: Codec[R], key_of: Callable[[K], bytes]) -> None:
        self.decode = codec.decode
        self.encode = codec.encode
        self.key_of = key_of


_UNREAD: Final = object()
"""In the place of a record that is not in hand."""


class _Slot(msgspec.Struct, gc=False):
    """One record, None where there is none: as stored, as of the last savepoint, and in hand."""

    kind: Kind[Any, Any]
    key: bytes
    stored: bytes | None
    settled: bytes | None
    hand: Any = _UNREAD


class Shelf:
    """Reads records through their codecs once, remembers which changed, and writes only those."""

    __slots__ = ("_asked", "_changed", "_read", "_settled", "_slots", "_store")

    def __init__(self, store: Store) -> None:
        self._store = store
        self._slots: dict[Hashable, _Slot] = {}
        self._changed: dict[Hashable, Any] = {}
        self._asked = self._read = 0
        self._settled: list[_Slot] = []  # since the last commit; one that settled twice stands in it twice

    @property
    def lookups(self) -> tuple[int, int]:
        """How often a record was asked for since the start, and how often the store was read for it."""
        return self._asked, self._read

    @property
    def held(self) -> int:
        """How many records are in hand, also those that are known to be missing."""
        return len(self._slots)

    def savepoint(self) -> None:
        """Settle all changes, to be called after a step that succeeded. Objects stay in hand."""
        for name, record in self._changed.items():
            slot = self._slots[name]
            slot.settled = None if record is None else slot.kind.encode(record)
            self._settled.append(slot)
        self._changed.clear()

    def rollback(self) -> None:
        """Take back every change since the last savepoint. No object that was read before counts any more."""
        for slot in self._slots.values():
            slot.hand = _UNREAD
        self._changed.clear()

    def settle(self) -> None:
        """A savepoint that lets go of all objects: whatever is read next is decoded from bytes."""
        self.savepoint()
        self.rollback()

    def commit_to(self, batch: Batch) -> None:
        """Settle, and put into the batch what differs from the store, which is taken to be written by it."""
        if self._changed:
            self.savepoint()
        for slot in self._settled:
            settled, stored = slot.settled, slot.stored
            if settled != stored:
                batch.replace(slot.key, stored, settled)
                slot.stored = settled
        self._settled.clear()

    def keep(self, most: int) -> None:
        """Forget what is in hand for longest, until there is so much at most. After `commit_to` alone.

        To let go of all at once would take a tenth of a second in which nobody else gets on.
        """
        slots = self._slots
        for name in list(islice(slots, max(0, len(slots) - most))):
            del slots[name]

    def drop(self) -> None:
        """Forget everything, changes included; the next read asks the store."""
        self._slots.clear()
        self._changed.clear()
        self._settled.clear()

    def _get(self, kind: Kind[K, R], name: K) -> R | None:
        """The record in hand; None when there is none. A change of it counts after `_put` or `_touch`."""
        self._asked += 1
        slot = self._slots.get(name)
        if slot is None:
            self._read += 1
            key = kind.key_of(name)
            stored = self._store.get(key)
            slot = self._slots[name] = _Slot(kind, key, stored, stored)
        elif slot.hand is not _UNREAD:
            found: R | None = slot.hand
            return found
        settled = slot.settled
        record = slot.hand = None if settled is None else kind.decode(settled)
        return record

    def _hold(self, name: Hashable, record: object) -> None:
        """Take a record in hand where there is none: it is written only after `_put` or `_touch`."""
        self._slots[name].hand = record

    def _put(self, kind: Kind[K, R], name: K, record: R | None) -> None:
        """From now on there is this record, or none."""
        slot = self._slots.get(name)
        if slot is None:
            self._get(kind, name)
            slot = self._slots[name]
        slot.hand = self._changed[name] = record

    def _touch(self, name: Hashable) -> None:
        """The record in hand has changed. LookupError: it is not in hand, so nobody can have changed it."""
        slot = self._slots.get(name)
        if slot is None or slot.hand is None or slot.hand is _UNREAD:
            raise LookupError(f"{name!r} is not in hand")
        self._changed[name] = slot.hand

    def _exists(self, kind: Kind[K, R], name: K) -> bool:
        """Whether the record is stored or will be."""
        if name in self._changed:
            return self._changed[name] is not None
        self._get(kind, name)
        return self._slots[name].settled is not None

    def _names(self, kind: Kind[K, R]) -> list[Any]:
        """What the working set holds of a kind, missing and removed records included."""
        return [name for name, slot in self._slots.items() if slot.kind is kind]

    def _adopt(self, kind: Kind[K, R], name: K, key: bytes, stored: bytes | None) -> None:
        """Take over what was read from the store; the working set knows better where it holds the record."""
        if name not in self._slots:
            self._slots[name] = _Slot(kind, key, stored, stored)
