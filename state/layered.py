"""A store that holds the changes of a running transaction in memory, over a base that it leaves alone.

    step -> write -> changes (values, wake-ups) -> give away as one batch -> changelog, base -> taken_over

Whoever decides step by step needs a store that is exact after each of them, wake-ups included, while the
changelog and the base see one transaction of many steps. What is read is the changes over the base, as if
they were written to it already.

The base must not change but by `changes`, and only between `changes` and `taken_over`: its wake-ups are read
ahead in pages, and no page is read twice. A key that the changes hold shadows the base, whether it comes or
goes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from heapq import heappop, heappush, merge
from itertools import islice, takewhile
from typing import Final

from state import keys
from state.errors import StoreClosed
from state.keys import Wakeup
from state.ordered import OrderedKeys
from state.store import DUE_MAX, SCAN_MAX, Batch, Store, bounded, scan_start

AHEAD: Final = 512
"""Wake-ups of the base that one page reads ahead."""


class LayeredStore:
    """State of one partition as it will be when the running transaction is committed."""

    __slots__ = ("_ahead", "_ahead_from", "_base", "_changes", "_closed", "_heap", "_order", "wakeups_gained")

    def __init__(self, base: Store) -> None:
        self._base = base
        self.wakeups_gained = 0
        """How many more wake-ups there are with the changes."""
        self._changes = Batch()
        self._order = OrderedKeys()
        self._heap: list[bytes] = []
        self._ahead: deque[bytes] = deque()
        self._ahead_from: bytes | None = keys.WAKEUPS
        self._closed = False

    @property
    def changes(self) -> Batch:
        """Everything since `taken_over`. More may be put into it, but nothing that is read here before."""
        return self._changes

    def taken_over(self) -> None:
        """The base holds the changes now: begin the next transaction."""
        self._changes = Batch()
        self.wakeups_gained = 0
        self._order = OrderedKeys()
        self._heap.clear()
        self._ahead.clear()
        self._ahead_from = keys.WAKEUPS

    def get(self, key: bytes) -> bytes | None:
        """The value of a key, None for none."""
        if self._closed:
            raise StoreClosed("the store is closed")
        values = self._changes.values
        return values[key] if key in values else self._base.get(key)

    def get_many(self, wanted: Sequence[bytes]) -> list[bytes | None]:
        """The values of many keys, in their order."""
        self._refuse_closed()
        values = self._changes.values
        found = iter(self._base.get_many([key for key in wanted if key not in values]))
        return [values[key] if key in values else next(found) for key in wanted]

    def write(self, batch: Batch) -> None:
        """Apply a batch to the changes."""
        self._refuse_closed()
        values, wakeups = self._changes.values, self._changes.wakeups
        for key, value in batch.values.items():
            if key not in values:
                self._order.add(key)
            values[key] = value
        self.wakeups_gained += batch.wakeups_gained()
        for key, comes in batch.wakeups.items():
            if comes and not wakeups.get(key):
                heappush(self._heap, key)
            wakeups[key] = comes

    def scan(
        self, prefix: bytes, start_after: bytes | None = None, limit: int = SCAN_MAX
    ) -> list[tuple[bytes, bytes]]:
        """The first `limit` entries under a prefix, in order of their keys, behind `start_after` if given."""
        self._refuse_closed()
        limit = bounded(limit, SCAN_MAX)
        start = scan_start(prefix, start_after)
        if prefix[:1] == keys.WAKEUPS:
            changed = {key: b"" if comes else None for key, comes in self._changes.wakeups.items()}
            own = sorted(key for key in changed if key >= start and key.startswith(prefix))
        else:
            changed = self._changes.values
            own = list(takewhile(lambda key: key.startswith(prefix), self._order.since(start)))
        if not own:
            return self._base.scan(prefix, start_after, limit)
        mine = ((key, value) for key in own if (value := changed[key]) is not None)
        its = (entry for entry in self._pages(prefix, start_after, limit) if entry[0] not in changed)
        return list(islice(merge(mine, its), limit))

    def due(self, until_ms: int, limit: int = DUE_MAX) -> list[Wakeup]:
        """The first `limit` wake-ups that are due at or before a time, in order of (time, key)."""
        self._refuse_closed()
        limit = bounded(limit, DUE_MAX)
        mine = self._due_of_mine(until_ms, limit)
        if self._first_of_base() is None:
            return [keys.decode_wakeup(key) for key in mine]
        its = takewhile(lambda key: keys.due_of(key) <= until_ms, self._due_of_base())
        return [keys.decode_wakeup(key) for key in islice(merge(mine, its), limit)]

    def next_due(self) -> int | None:
        """The time of the first wake-up, None when there is none."""
        if self._closed:
            raise StoreClosed("the store is closed")
        heap, wakeups = self._heap, self._changes.wakeups
        while heap and not wakeups[heap[0]]:
            heappop(heap)
        first = self._first_of_base()
        if heap and (first is None or heap[0] < first):
            first = heap[0]
        return None if first is None else keys.due_of(first)

    def compact(self, prefix: bytes) -> None:
        """Remove what was deleted or overwritten under a prefix from the base itself."""
        self._refuse_closed()
        self._base.compact(prefix)

    def flush(self) -> None:
        """Make the base survive the process. The changes do not: it is not decided whether they stand."""
        self._refuse_closed()
        self._base.flush()

    def close(self) -> None:
        """Forget the changes, and release the base."""
        self._closed = True
        self.taken_over()
        self._base.close()

    def _pages(self, prefix: bytes, start_after: bytes | None, limit: int) -> Iterator[tuple[bytes, bytes]]:
        """The entries of the base, in bounded pages."""
        last = start_after
        while page := self._base.scan(prefix, last, limit):
            yield from page
            if len(page) < limit:
                return
            last = page[-1][0]

    def _due_of_mine(self, until_ms: int, limit: int) -> list[bytes]:
        """The first of the changes' own wake-ups, which stay in the heap."""
        heap, wakeups = self._heap, self._changes.wakeups
        found: list[bytes] = []
        while heap and len(found) < limit and keys.due_of(heap[0]) <= until_ms:
            key = heappop(heap)
            if wakeups[key] and not (found and found[-1] == key):  # one that came back stands twice
                found.append(key)
        for key in found:
            heappush(heap, key)
        return found

    def _first_of_base(self) -> bytes | None:
        """The first wake-up of the base that is not shadowed. What is shadowed once stays so."""
        ahead, wakeups = self._ahead, self._changes.wakeups
        while True:
            while ahead and ahead[0] in wakeups:
                ahead.popleft()
            if ahead:
                return ahead[0]
            if self._ahead_from is None:
                return None
            self._read_ahead()

    def _due_of_base(self) -> Iterator[bytes]:
        """The wake-ups of the base that are not shadowed, read ahead as far as they are asked for."""
        ahead, wakeups = self._ahead, self._changes.wakeups
        at = 0
        while True:
            while at < len(ahead):
                if ahead[at] not in wakeups:
                    yield ahead[at]
                at += 1
            if self._ahead_from is None:
                return
            self._read_ahead()

    def _read_ahead(self) -> None:
        """One more page. The first begins at the first wake-up of the base, behind those that are gone."""
        start = self._ahead_from
        if start == keys.WAKEUPS:
            first = self._base.next_due()
            start = None if first is None else keys.WAKEUPS + first.to_bytes(8, "big")
        page = [] if start is None else [key for key, _ in self._base.scan(keys.WAKEUPS, start, AHEAD)]
        self._ahead.extend(page)
        self._ahead_from = page[-1] if len(page) == AHEAD else None

    def _refuse_closed(self) -> None:
        if self._closed:
            raise StoreClosed("the store is closed")
