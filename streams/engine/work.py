"""The work of one partition while it is this worker's: gather, decide slice by slice, commit once.

    fetch, due looks, stale records -> slices -> transaction -> store

A transaction begins with the first thing to do and ends after an interval (see `pace`), so whoever is idle
waits on the broker alone, and the first event after a pause is decided upon at once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from time import monotonic, perf_counter_ns
from typing import Any, Final

from state.keys import Wakeup
from state.store import Store
from streams.engine.decides import Decides
from streams.engine.deciding import Slice
from streams.engine.kit import Kit, Stats
from streams.engine.pace import Pace
from streams.engine.reading import Inputs
from streams.engine.saying import Flood, say
from streams.engine.transaction import Transactions

IDLE_S: Final = 0.5
"""How long an idle partition waits for its broker before it looks around."""
STEPS_MAX: Final = 5_000
"""Steps of one transaction."""
WAKEUPS_MAX: Final = 2_000
"""Looks of one transaction."""
STALE_MAX: Final = 100
"""Records that one transaction reads to find those decided under another world."""

REMEDY: Final = "look at `kairos dlq list`, mend the writer or raise the limit"


class PartitionWork:
    """One partition at work, over clients and a store that are open. Whoever made it closes them."""

    def __init__(
        self,
        kit: Kit,
        store: Store,
        decider: Decides,
        transactions: Transactions,
        inputs: Inputs,
        pace: Pace,
        stats: Stats,
    ) -> None:
        self._kit = kit
        self._store = store
        self._decider = decider
        self._transactions = transactions
        self._inputs = inputs
        self._pace = pace
        self._stats = stats
        self._flood = Flood(kit.rejected_share_max, REMEDY)

    async def transaction(self) -> int:
        """One round: gather, and commit if there is anything to say. Returns the steps that were taken.

        Fenced, Retryable, Fatal: as `Transactions.commit`. TooManyRejected: nothing of it was said.
        """
        decider, stats = self._decider, self._stats
        decider.world = self._kit.world()
        await self._gather()
        stats.lag, stats.waiting_since_s = await self._inputs.lag(self._kit.clock)
        stats.redeciding, stats.newest_ms = decider.redeciding, self._inputs.newest_ms
        steps = decider.steps
        if decider.dirty:
            counts = decider.counts
            self._flood.refuse(counts.rejected, counts.events + counts.rejected)
            await self._commit()
        stats.at_s = monotonic()
        return steps

    async def _gather(self) -> None:
        """Decide upon what comes until the interval is over, enough was done, or nothing came for a while."""
        kit, decider, inputs = self._kit, self._decider, self._inputs
        wakeups = decider.due(kit.clock.now_ms(), WAKEUPS_MAX)
        stale = decider.stale(STALE_MAX) if decider.redeciding else deque[Wakeup]()
        until_s = monotonic() + (self._pace.interval_s() if wakeups or stale else IDLE_S)
        while True:
            if not inputs.pending:
                busy = bool(wakeups or stale)
                await inputs.fetch(0.0 if busy else self._wait_s(until_s))
                if inputs.pending and not decider.dirty and not busy:
                    until_s = monotonic() + self._pace.interval_s()
            now_ms = kit.clock.now_ms()
            current = self._stats.current = await inputs.current(now_ms, kit.clock.speed)
            if inputs.pending:
                await self._slice(decider.take, inputs.pending, now_ms, current=current)
            if wakeups or stale:
                await self._slice(decider.look, wakeups or stale, now_ms, current=current)
            if monotonic() >= until_s or decider.steps >= STEPS_MAX or self._looks_wait(now_ms):
                return

    async def _slice(
        self, decide: Callable[[Any, Slice], None], queue: deque[Any], now_ms: int, *, current: bool
    ) -> None:
        """One slice, in line with those of the other partitions."""
        kit = self._kit

        def run() -> None:
            steps, began_ns = self._decider.steps, perf_counter_ns()
            decide(queue, Slice(now_ms, current, began_ns + kit.slice_ns()))
            kit.totals.sliced(self._decider.steps - steps, perf_counter_ns() - began_ns)

        await kit.run(run)

    def _wait_s(self, until_s: float) -> float:
        """How long a fetch may wait: to the end of the round, or, with nothing to say, to the next look.

        A round takes its looks when it begins, so what comes due in it does not make it busy.
        """
        wait_s = max(0.0, until_s - monotonic())
        due_ms = None if self._decider.dirty else self._decider.next_due()
        return wait_s if due_ms is None else min(wait_s, self._kit.clock.seconds_until(due_ms))

    def _looks_wait(self, now_ms: int) -> bool:
        """Whether looks are due that a new round would take, while this one has nothing to say."""
        due_ms = self._decider.next_due()
        return due_ms is not None and due_ms <= now_ms and not self._decider.dirty

    async def _commit(self) -> None:
        """Say it, and then only let the store have it."""
        kit, decider, stats = self._kit, self._decider, self._stats
        commit = decider.finish()
        mark = await say(kit, self._store, self._transactions, stats, commit, kit.clock.now_ms())
        self._pace.took(stats.took_s)
        decider.committed(commit, mark)
        kit.failpoints.reach("after_store")
