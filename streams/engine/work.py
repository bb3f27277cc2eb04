"""The work of one partition while it is this worker's: gather, decide slice by slice, commit once.

    fetch, due looks, stale records -> slices -> [rest -> the same again] -> transaction -> store

A round begins with the first thing to do, and ends an interval after the last commit (see `pace`): the first
event after a pause is said at once. In between it rests instead of asking for every record by itself, because
nothing is said sooner for it, and asking costs more than deciding.
"""

from __future__ import annotations

import asyncio
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
FRESH_S: Final = 0.02
"""How long the fetch at the end of a rest may take."""
STEPS_MAX: Final = 5_000
"""Steps of one transaction."""
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
        self._looks: deque[Wakeup] = deque()
        self._stale: deque[Wakeup] = deque()
        self._looked_until_ms = 0
        self._next_s = 0.0

    async def transaction(self) -> int:
        """One round: gather, and commit if there is anything to say. Returns the steps that were taken.

        Fenced, Retryable, Fatal: as `Transactions.commit`. TooManyRejected: nothing of it was said.
        """
        decider, stats = self._decider, self._stats
        decider.world = self._kit.world()
        await self._gather()
        if not decider.dirty:
            stats.current = await self._current(self._kit.clock.now_ms())
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
        """Decide upon what is there, rest until the interval is over, and then upon what came meanwhile."""
        decider, inputs = self._decider, self._inputs
        self._look_around()
        if not self._at_hand():
            await inputs.fetch(self._idle_s())
        until_s = max(self._next_s, monotonic())
        await self._decide(until_s)
        rest_s = until_s - monotonic()
        if decider.dirty and rest_s > 0 and decider.steps < STEPS_MAX:
            await asyncio.sleep(rest_s - FRESH_S)
            self._look_around()
            await inputs.fetch(FRESH_S)
            await self._decide(monotonic() + self._pace.interval_s())

    async def _decide(self, until_s: float) -> None:
        """Decide upon what is at hand, and upon more while there is plenty, but no longer than that."""
        kit, decider, inputs = self._kit, self._decider, self._inputs
        while self._at_hand():
            now_ms = kit.clock.now_ms()
            current = self._stats.current = await self._current(now_ms)
            if inputs.pending:
                await self._slice(decider.take, inputs.pending, now_ms, current=current)
            if looks := self._looks or self._stale:
                await self._slice(decider.look, looks, now_ms, current=current)
            if decider.steps >= STEPS_MAX or monotonic() >= until_s:
                return
            if not inputs.pending and not (current and inputs.little):
                await inputs.fetch(0.0 if self._at_hand() else max(0.0, until_s - monotonic()))

    def _look_around(self) -> None:
        """What is due by now, and some of what was decided under another world."""
        decider = self._decider
        if not self._looks:
            due = decider.due(self._kit.clock.now_ms(), self._kit.wakeups_max)
            self._looks.extend(it for it in due if it.due_ms > self._looked_until_ms)
            if due:
                self._looked_until_ms = due[-1].due_ms
        if decider.redeciding:
            self._stale = decider.stale(STALE_MAX)

    async def _current(self, now_ms: int) -> bool:
        """Whether what is decided upon is near the end of all topics."""
        return await self._inputs.current(now_ms, self._kit.clock.speed)

    def _at_hand(self) -> bool:
        """Whether there is anything to decide upon."""
        return bool(self._inputs.pending or self._looks or self._stale)

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

    def _idle_s(self) -> float:
        """How long to wait for records when there is nothing to do: not longer than to the next look."""
        due_ms = self._decider.next_due()
        return IDLE_S if due_ms is None else min(IDLE_S, self._kit.clock.seconds_until(due_ms))

    async def _commit(self) -> None:
        """Say it, and then only let the store have it."""
        kit, decider, stats = self._kit, self._decider, self._stats
        commit = decider.finish()
        mark = await say(kit, self._store, self._transactions, stats, commit, kit.clock.now_ms())
        self._pace.took(stats.took_s)
        decider.committed(commit, mark)
        self._looks.clear()
        self._looked_until_ms = 0
        self._next_s = monotonic() + self._pace.interval_s()
        kit.failpoints.reach("after_store")
