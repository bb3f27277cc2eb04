"""What a partition remembers of mass incidents beside its position: one record per flag and customer.

    meta "raised-<flag>-<16 hexadecimal digits>"    when, epoch ms, 8 bytes, big-endian

A strike can raise a flag for many customers within its window: too many for the position, and too many to be
written with every transaction. So each stands under a key of its own, comes with the flag, and goes when the
window has passed. What stands for the customer is a keyed hash.
"""

from __future__ import annotations

from collections.abc import Iterable
from heapq import nsmallest
from typing import Final

from state import keys
from state.errors import Damaged
from state.store import Batch, Store, scan_all
from streams.journey.step import World
from streams.replay.incident import Incidents, Raised

GONE_MAX: Final = 2_000
"""Records that one transaction deletes: after a strike and an idle hour, all of them go at once."""
_PREFIX: Final = "raised-"
_TIME_BYTES: Final = 8


class RaisedRecords:
    """The `incidents` of a partition, gone on with from its store, and what changed in them since a commit.

    Damaged: a record cannot be read.
    """

    def __init__(self, store: Store, world: World, held: Iterable[int]) -> None:
        self._came: dict[Raised, int] = {}
        self._gone: set[Raised] = set()
        self.incidents = Incidents(world.policies.base.mass_incident, world.identity, self._note)
        self.incidents.go_on(raised_lately(store), held)

    def put(self, batch: Batch) -> None:
        """Put into the batch what changed. Of what is gone some may be left for the next one."""
        for raised, at_ms in self._came.items():
            batch.put(_key(raised), at_ms.to_bytes(_TIME_BYTES, "big"))
        self._came.clear()
        for raised in nsmallest(GONE_MAX, self._gone, key=_key):
            batch.delete(_key(raised))
            self._gone.discard(raised)

    def _note(self, raised: Raised, at_ms: int | None) -> None:
        if at_ms is None:
            self._came.pop(raised, None)
            self._gone.add(raised)
        else:
            self._came[raised] = at_ms
            self._gone.discard(raised)


def raised_lately(store: Store) -> dict[Raised, int]:
    """What stands in a store. Damaged: a record cannot be read."""
    prefix = keys.meta(_PREFIX)
    found = {}
    for key, value in scan_all(store, prefix):
        flag, _, who = key[len(prefix) :].decode().partition("-")
        if len(value) != _TIME_BYTES:
            raise Damaged(f"when a flag was raised lately cannot be read: {value.hex()}")
        found[Raised(int(flag), bytes.fromhex(who))] = int.from_bytes(value, "big")
    return found


def _key(raised: Raised) -> bytes:
    return keys.meta(f"{_PREFIX}{raised.flag}-{raised.who.hex()}")
