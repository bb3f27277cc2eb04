"""What a transaction takes, whatever was decided in it: the commit, and the limit of refusals."""

from __future__ import annotations

from time import monotonic, time_ns
from typing import Final

from state.store import Store
from streams.engine import position as positions
from streams.engine.clock import wall_ms
from streams.engine.commit import Commit
from streams.engine.kit import Kit, Stats
from streams.engine.position import Mark
from streams.engine.transaction import UNKNOWN_OFFSET, Transactions
from streams.errors import Retryable

REJECTED_OF_MIN: Final = 100
"""Records before a share of refused ones means anything."""
LATELY: Final = 1_000
"""Records after which what came before counts no more: good weeks must not excuse a flood of today."""


class TooManyRejected(Retryable):
    """More of the input is refused than can be an accident."""


async def say(
    kit: Kit, store: Store, transactions: Transactions, stats: Stats, commit: Commit, timestamp_ms: int
) -> Mark:
    """Commit; the mark that the store is to take over with the changes. Raises as `Transactions.commit`."""
    begun, begun_ns = monotonic(), time_ns()
    async with kit.commits:
        after = await transactions.commit(commit, timestamp_ms)
    stats.took_s = monotonic() - begun
    if kit.spans is not None:
        kit.spans.said(commit, transactions.partition, begun_ns, time_ns())
    stats.number += 1
    stats.steps += commit.steps
    stats.took.observe(stats.took_s)
    kit.totals.committed(commit, kit.clock.now_ms(), kit.clock.speed)
    mark = positions.changelog_mark(store)
    return Mark(max(mark.offset if mark else 0, 0 if after == UNKNOWN_OFFSET else after), wall_ms())


def refuse_flood(rejected: int, taken: int, limit: float, remedy: str) -> None:
    """A bad deploy is not bad data: stop before a whole topic is drained into the dead letters."""
    if taken >= REJECTED_OF_MIN and rejected > limit * taken:
        raise TooManyRejected(
            f"{rejected} of {taken} records were refused, more than a share of {limit}. Nothing of the last "
            f"batch was said: {remedy}"
        )


class Flood:
    """Watches the share of what is refused, of what a partition took lately."""

    def __init__(self, limit: float, remedy: str) -> None:
        self._limit = limit
        self._remedy = remedy
        self._rejected = self._taken = 0

    def refuse(self, rejected: int, taken: int) -> None:
        """Look at both counts, which only rise. TooManyRejected: it is one."""
        refuse_flood(rejected - self._rejected, taken - self._taken, self._limit, self._remedy)
        if taken - self._taken >= LATELY:
            self._rejected, self._taken = rejected, taken
