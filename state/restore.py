"""Bringing a store up from its changelog, and the wake-up index as its records have it.

A changelog holds values only. Whoever applies it, at a start or as a standby, reads what each value replaces,
so that the index never keeps an entry of a value that is gone. Of a store that began empty only that is read
which may have been written since: to look for what cannot be there took a third of a restore.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from state import keys
from state.codec import NO_DUE, due_bytes
from state.store import Batch, Store, scan_all

BITS_PER_KEY: Final = 16
BITS_MIN, BITS_MAX = 2**16, 2**26
"""Of the memory of one store: 8 KiB to 8 MiB."""
APART: Final = 27
"""How far the second bit of a key is from the first in its hash."""


class Written:
    """Which keys may have been written to a store since it was empty: a Bloom filter with two bits for each.

    With as many keys as were expected it takes one in a hundred for written that is not.
    """

    __slots__ = ("_bits", "_mask")

    def __init__(self, expected: int) -> None:
        bits = min(max(BITS_MIN, 1 << (expected * BITS_PER_KEY - 1).bit_length()), BITS_MAX)
        self._mask = bits - 1
        self._bits = bytearray(bits // 8)

    def again(self, wanted: Iterable[bytes]) -> list[bytes]:
        """Those keys that may have been written before. From now on all of them were."""
        bits, mask = self._bits, self._mask
        found: list[bytes] = []
        for key in wanted:
            mixed = hash(key)
            one, other = mixed & mask, mixed >> APART & mask
            one_bit, other_bit = 1 << (one & 7), 1 << (other & 7)
            one, other = one >> 3, other >> 3
            if bits[one] & one_bit and bits[other] & other_bit:
                found.append(key)
            else:
                bits[one] |= one_bit
                bits[other] |= other_bit
        return found


def changelog_batch(
    store: Store, changes: Mapping[bytes, bytes | None], written: Written | None = None
) -> Batch:
    """The batch that brings a store to the last value of each key, None for a tombstone.

    `written` knows all keys of a store that began empty. Damaged: a value is too short for a record, and the
    store has not changed.
    """
    batch = Batch()
    held = list(changes) if written is None else written.again(changes)
    stored = zip(held, store.get_many(held), strict=True) if held else ()
    batch.replace_all(changes, {key: old for key, old in stored if old is not None})
    return batch


def derived_wakeups(store: Store) -> Iterator[bytes]:
    """The keys that the wake-up index must hold, no others, in order of the records."""
    for key, value in scan_all(store, keys.RECORDS):
        due = due_bytes(value)
        if due != NO_DUE:
            yield keys.WAKEUPS + due + key[1:]
