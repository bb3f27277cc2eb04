"""What each stored record was decided under, in the order of keys: what a pass over a partition reads.

It reads the store, not a working set: between two batches, when all that was decided is written.
"""

from typing import Final, NamedTuple

from state import keys
from state.layouts import Codecs
from state.records.parts import Target
from state.store import Store

_CUSTOMER: Final = Target()


class Decided(NamedTuple):
    """One record: its key, what a look at it is for, and the version of the world it was decided under."""

    key: bytes
    customer_id: str
    target: Target
    version: int


class DecidedRecords:
    """All customers, items and orders of one store."""

    __slots__ = ("_codecs", "_store")

    def __init__(self, store: Store, codecs: Codecs) -> None:
        self._store = store
        self._codecs = codecs

    def after(self, key: bytes | None, limit: int) -> list[Decided]:
        """The first `limit` records behind a key, from the first one on when there is none."""
        found: list[Decided] = []
        for stored, value in self._store.scan(keys.RECORDS, key, limit):
            customer_id, target = keys.decode_record(stored)
            found.append(Decided(stored, customer_id, target, self._version(target, value)))
        return found

    def _version(self, target: Target, value: bytes) -> int:
        if target == _CUSTOMER:
            return self._codecs.customer.decode(value).decided_under
        if target.product_id:
            return self._codecs.item.decode(value).decided_under
        return self._codecs.order.decode(value).decided_under
