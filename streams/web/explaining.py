"""Explains a customer from a store that is at work, without holding the work up.

What is known of the customer is copied as bytes in one go, on the loop, where batches are written too: so it
is the state between two commits and never half of one. The explanation is made of the copy, in a thread of
its own, with a world of its own, because the caches of policies are for one thread.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from msgspec import Struct

from state import keys
from state.memory import MemoryStore
from state.store import Batch, Store
from streams.engine import position as positions
from streams.errors import Retryable
from streams.journey.policy_set import PolicySet
from streams.journey.step import World
from streams.replay.explanation import Explanation, Gone
from streams.replay.state_reader import explain_stored

RECORDS_MAX: Final = 5_000
"""Records of one customer that are read: a copy holds the loop."""
WAITING_MAX: Final = 64


class Copied(Struct, frozen=True):
    """All that a store holds of one customer; not `complete` where there is more than that."""

    values: dict[bytes, bytes]
    decided_at: int
    complete: bool


def copied(store: Store, customer_id: str, forgotten_key: bytes) -> Copied:
    """The customer as of the last commit. MalformedKey: the text can be no customer's id."""
    entries = store.scan(keys.customer_prefix(customer_id), None, RECORDS_MAX)
    values = dict(entries)
    forgotten = keys.forgotten(forgotten_key)
    if not values and (left := store.get(forgotten)) is not None:
        values[forgotten] = left
    position = positions.stored(store)
    return Copied(values, 0 if position is None else position.now_ms, len(entries) < RECORDS_MAX)


def explain_copied(
    found: Copied, world: World, customer_id: str, now_ms: int, most: int
) -> Explanation | Gone | None:
    """The explanation of a copy; None when nothing was ever heard of the customer."""
    batch = Batch()
    for key, value in found.values.items():
        batch.put(key, value)
    store = MemoryStore()
    store.write(batch)
    return explain_stored(store, world, customer_id, now_ms, most)


class Busy(Retryable):
    """More is asked than can be answered now."""


class Explainer:
    """The thread and its world."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "explain")
        self._world: World | None = None
        self._waiting = 0

    async def explain(
        self, found: Copied, world: World, customer_id: str, now_ms: int, most: int
    ) -> Explanation | Gone | None:
        """As `explain_copied`. Busy: too many wait already."""
        if self._waiting >= WAITING_MAX:
            raise Busy("too many questions at once")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self._thread, self._explain, found, world, customer_id, now_ms, most
            )
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """End the thread; whoever waits is cancelled."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _explain(
        self, found: Copied, world: World, customer_id: str, now_ms: int, most: int
    ) -> Explanation | Gone | None:
        own = self._world
        if own is None or own.version != world.version:
            policies = PolicySet.from_plain(world.policies.plain())
            own = World(policies, world.catalogue, world.identity, world.control, world.version)
            self._world = own
        return explain_copied(found, own, customer_id, now_ms, most)
