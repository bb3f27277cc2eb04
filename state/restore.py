"""Bringing a store up from its changelog, and the wake-up index as its records have it.

A changelog holds values only. Whoever applies it, at a start or as a standby, reads what each value replaces,
so that the index never keeps an entry of a value that is gone.
"""

from collections.abc import Iterator, Mapping

from state import keys
from state.codec import NO_DUE, due_bytes
from state.store import Batch, Store, scan_all


def changelog_batch(store: Store, changes: Mapping[bytes, bytes | None]) -> Batch:
    """The batch that brings a store to the last value of each key, None for a tombstone.

    Damaged: a value is too short for a record. The store has not changed.
    """
    batch = Batch()
    for (key, new), old in zip(changes.items(), store.get_many(list(changes)), strict=True):
        batch.replace(key, old, new)
    return batch


def derived_wakeups(store: Store) -> Iterator[bytes]:
    """The keys that the wake-up index must hold, no others, in order of the records."""
    for key, value in scan_all(store, keys.RECORDS):
        due = due_bytes(value)
        if due != NO_DUE:
            yield keys.WAKEUPS + due + key[1:]
