"""The store of one partition: keys and values in order, written in atomic batches, with an index of wake-ups.

Two stores keep this contract: `state.memory` for replays and tests, `state.rocks` for workers. A store knows
bytes only; `state.overlay` knows records.

The wake-up index is derived from the stored records, never a second truth: whoever writes a record says what
it replaces (`Batch.replace`), and the entry moves with the due time that stands in both values. Reading what
is due does not take it away; an entry goes when its record is written with another due time.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Protocol

from state import keys
from state.codec import HEAD, NO_DUE, due_bytes
from state.keys import Wakeup
from state.records.parts import Target

DUE_MAX: Final = 10_000
"""Wake-ups that one call of `Store.due` returns at most."""
SCAN_MAX: Final = 10_000
"""Entries that one call of `Store.scan` returns at most."""


class Batch:
    """Changes that become visible together or not at all.

    `values` are puts (bytes) and deletes (None) by key, the last one counts: what a changelog must hold.
    `wakeups` are index keys that come (True) and go (False); they are derived and belong to no changelog.
    """

    __slots__ = ("values", "wakeups")

    def __init__(self) -> None:
        self.values: dict[bytes, bytes | None] = {}
        self.wakeups: dict[bytes, bool] = {}

    def put(self, key: bytes, value: bytes) -> None:
        """Write a value that has no wake-up."""
        self.values[key] = value

    def delete(self, key: bytes) -> None:
        """Delete a value that has no wake-up."""
        self.values[key] = None

    def replace(self, key: bytes, old: bytes | None, new: bytes | None) -> None:
        """Write `new` where the store holds `old` (None: nothing), and move the wake-up of a record along.

        When the batch holds the key already, `old` is what it holds.
        """
        self.values[key] = new
        if (old is None or new is None or old[:HEAD] != new[:HEAD]) and key[:1] == keys.RECORDS:
            old_due, new_due = due_bytes(old), due_bytes(new)
            if old_due != new_due:
                if old_due != NO_DUE:
                    self.wakeups[keys.WAKEUPS + old_due + key[1:]] = False
                if new_due != NO_DUE:
                    self.wakeups[keys.WAKEUPS + new_due + key[1:]] = True

    def replace_all(self, changes: Mapping[bytes, bytes | None], old: Mapping[bytes, bytes]) -> None:
        """`replace` for each key; `old` is what the store holds. Nothing may be in the batch yet.

        Damaged: a value is too short for a record.
        """
        self.values.update(changes)
        wakeups = self.wakeups
        for key, new in changes.items():
            if old and key in old:
                self.replace(key, old[key], new)
            elif new is not None and key[:1] == keys.RECORDS:
                due = new[1:HEAD]
                if due != NO_DUE:
                    wakeups[keys.WAKEUPS + (due if len(due) == len(NO_DUE) else due_bytes(new)) + key[1:]] = (
                        True
                    )

    def schedule(self, customer_id: str, target: Target, old_due_ms: int, new_due_ms: int) -> None:
        """Move one wake-up by its times, 0 for none. The record must be written with the new time as well."""
        key = keys.record(customer_id, target)
        if old_due_ms:
            self.wakeups[keys.wakeup(old_due_ms, key)] = False
        if new_due_ms:
            self.wakeups[keys.wakeup(new_due_ms, key)] = True

    def wakeups_gained(self) -> int:
        """How many more wake-ups there are with it, where each key of a record was replaced once."""
        return 2 * sum(self.wakeups.values()) - len(self.wakeups)

    def clear(self) -> None:
        """Forget all changes."""
        self.values.clear()
        self.wakeups.clear()

    def __len__(self) -> int:
        return len(self.values) + len(self.wakeups)


class Store(Protocol):
    """State of one partition. One thread uses it at a time. Errors are those of `state.errors`."""

    def get(self, key: bytes) -> bytes | None:
        """The value of a key, None for none."""
        ...

    def get_many(self, wanted: Sequence[bytes]) -> list[bytes | None]:
        """The values of many keys, in their order."""
        ...

    def write(self, batch: Batch) -> None:
        """Apply a batch: all of it, or nothing and an error. The batch itself is left as it is."""
        ...

    def scan(
        self, prefix: bytes, start_after: bytes | None = None, limit: int = SCAN_MAX
    ) -> list[tuple[bytes, bytes]]:
        """The first `limit` entries under a prefix, in order of their keys, behind `start_after` if given."""
        ...

    def due(self, until_ms: int, limit: int = DUE_MAX) -> list[Wakeup]:
        """The first `limit` wake-ups that are due at or before a time, in order of (time, key)."""
        ...

    def next_due(self) -> int | None:
        """The time of the first wake-up, None when there is none. Costs nothing while nothing is written."""
        ...

    def compact(self, prefix: bytes) -> None:
        """Remove what was deleted or overwritten under a prefix from the storage itself. May take seconds."""
        ...

    def flush(self) -> None:
        """Make everything written so far survive the process."""
        ...

    def close(self) -> None:
        """Release everything; a second call does nothing. Any other use afterwards is `StoreClosed`."""
        ...


def forget_customer(store: Store, batch: Batch, customer_id: str) -> int:
    """Delete all records of a customer, and their wake-ups; returns how many. The batch holds none."""
    before = len(batch.values)
    for key, value in scan_all(store, keys.customer_prefix(customer_id)):
        batch.replace(key, value, None)
    return len(batch.values) - before


def scan_all(store: Store, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
    """All entries under a prefix, in order of their keys, read in bounded pages as of when each is read."""
    last: bytes | None = None
    while entries := store.scan(prefix, last):
        yield from entries
        last = entries[-1][0]


def bounded(limit: int, most: int) -> int:
    """A limit that a caller may ask for: at least 1, cut to `most`."""
    if limit < 1:
        raise ValueError(f"a limit is at least 1, not {limit}")
    return min(limit, most)


def scan_start(prefix: bytes, start_after: bytes | None) -> bytes:
    """The first key that a scan may return."""
    if not prefix:
        raise ValueError("a scan needs a prefix, at least of one kind of key")
    return prefix if start_after is None else max(prefix, start_after + b"\x00")
