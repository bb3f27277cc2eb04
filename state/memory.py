"""A store in memory, for replays, simulations and tests. Nothing outlives it.

Wake-ups are a heap whose dead entries stay until they reach its head: a wake-up moves with almost every step,
and a heap makes that the cheapest move. Other keys are kept in order, because they change far less often.
"""

from collections.abc import Callable, Sequence
from heapq import heapify, heappop, heappush
from itertools import islice, takewhile
from typing import Final

from state import keys
from state.errors import StoreClosed
from state.keys import Wakeup
from state.ordered import OrderedKeys
from state.store import DUE_MAX, SCAN_MAX, Batch, bounded, scan_start

DEAD_MAX: Final = 1024
"""Dead heap entries that are tolerated on top of one per live wake-up."""


class MemoryStore:
    """State of one partition in a dict."""

    __slots__ = ("_closed", "_heap", "_live", "_order", "_values", "get")

    def __init__(self) -> None:
        self._values: dict[bytes, bytes] = {}
        self._order = OrderedKeys()
        self._live: set[bytes] = set()
        self._heap: list[bytes] = []
        self._closed = False
        self.get: Callable[[bytes], bytes | None] = self._values.get
        """The value of a key, None for none."""

    def get_many(self, wanted: Sequence[bytes]) -> list[bytes | None]:
        """The values of many keys, in their order."""
        self._refuse_closed()
        return [self._values.get(key) for key in wanted]

    def write(self, batch: Batch) -> None:
        """Apply a batch."""
        if self._closed:
            raise StoreClosed("the store is closed")
        values = self._values
        for key, value in batch.values.items():
            if value is not None:
                if key not in values:
                    self._order.add(key)
                values[key] = value
            elif values.pop(key, None) is not None:
                self._order.discard(key)
        if not batch.wakeups:
            return
        for key, comes in batch.wakeups.items():
            if not comes:
                self._live.discard(key)
            elif key not in self._live:
                self._live.add(key)
                heappush(self._heap, key)
        if len(self._heap) > 2 * len(self._live) + DEAD_MAX:
            self._heap = list(self._live)
            heapify(self._heap)

    def scan(
        self, prefix: bytes, start_after: bytes | None = None, limit: int = SCAN_MAX
    ) -> list[tuple[bytes, bytes]]:
        """The first `limit` entries under a prefix, in order of their keys, behind `start_after` if given."""
        self._refuse_closed()
        limit = bounded(limit, SCAN_MAX)
        start = scan_start(prefix, start_after)
        if prefix[:1] == keys.WAKEUPS:
            wakeups = sorted(key for key in self._live if key >= start and key.startswith(prefix))
            return [(key, b"") for key in wakeups[:limit]]
        under = takewhile(lambda key: key.startswith(prefix), self._order.since(start))
        return [(key, self._values[key]) for key in islice(under, limit)]

    def due(self, until_ms: int, limit: int = DUE_MAX) -> list[Wakeup]:
        """The first `limit` wake-ups that are due at or before a time, in order of (time, key)."""
        limit = bounded(limit, DUE_MAX)
        found: list[bytes] = []
        first = self.next_due()
        while first is not None and first <= until_ms and len(found) < limit:
            key = heappop(self._heap)
            if not found or found[-1] != key:  # a wake-up that went and came back stands twice in the heap
                found.append(key)
            first = self.next_due()
        for key in found:
            heappush(self._heap, key)
        return [keys.decode_wakeup(key) for key in found]

    def next_due(self) -> int | None:
        """The time of the first wake-up, None when there is none."""
        heap, live = self._heap, self._live
        while heap and heap[0] not in live:
            heappop(heap)
        if heap:
            return int.from_bytes(heap[0][1:9], "big")
        self._refuse_closed()
        return None

    def compact(self, prefix: bytes) -> None:  # noqa: ARG002 # the contract names it
        """Nothing that was deleted is still here."""
        self._refuse_closed()

    def flush(self) -> None:
        """Nothing survives the process anyway."""
        self._refuse_closed()

    def close(self) -> None:
        """Forget everything."""
        self._closed = True
        self.get = self._refuse_to_get
        self._values, self._order, self._live, self._heap = {}, OrderedKeys(), set(), []

    def _refuse_to_get(self, _key: bytes) -> bytes | None:
        raise StoreClosed("the store is closed")

    def _refuse_closed(self) -> None:
        if self._closed:
            raise StoreClosed("the store is closed")
