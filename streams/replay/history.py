"""Where the events of a replay come from, as plain data that another process can open.

A replay runs partition by partition, perhaps in several processes. Each opens the history again and takes its
own customers from it, so no event has to travel between processes.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from heapq import heappop, heappush
from pathlib import Path
from typing import Any, Final, Protocol

from msgspec import Struct

from schemas.records import Product
from streams.inputs.partition import murmur2_partition
from streams.replay.order import Refuse, Reorder
from streams.sources.online_retail import online_retail
from streams.sources.source import Event, Responder

SHOP: Final = "online-retail"


class Opened(Struct, frozen=True):
    """The events of one partition in the total order, and who reacts to what is said."""

    events: Iterator[Event]
    repeats: Callable[[], int]
    """How many exact repeats were left out so far."""
    responder: Responder | None = None
    counts: Any = None


class History(Protocol):
    """What a replay needs to know before it begins, and how a partition is opened."""

    starts_at_ms: int
    ends_at_ms: int
    """Nothing that happened lies after this time: the default end of a replay."""

    def products(self) -> tuple[Product, ...]:
        """The history's own catalogue."""
        ...

    def open(self, partition: int, partitions: int, refuse: Refuse) -> Opened:
        """The events of the customers of one partition."""
        ...


class Disturbance(Struct, frozen=True):
    """How a clean history is disturbed, to prove that it does not matter."""

    seed: int = 0
    within_ms: int = 0
    repeat_share: float = 0.0

    def disturbed(self, events: Iterable[Event]) -> Iterator[Event]:
        """Every event up to `within_ms` late, and some of them twice."""
        rng = random.Random(self.seed)  # noqa: S311 - a test of order, not of secrets
        heap: list[tuple[float, int, Event]] = []
        number = 0
        for event in events:
            while heap and heap[0][0] <= event.occurred_at:
                yield heappop(heap)[2]
            for _ in range(2 if rng.random() < self.repeat_share else 1):
                number += 1
                heappush(heap, (event.occurred_at + rng.random() * self.within_ms, number, event))
        while heap:
            yield heappop(heap)[2]


class Shop(Struct, frozen=True):
    """The public order log with what is made up around it."""

    path: str
    seed: int
    starts_at_ms: int
    ends_at_ms: int
    catalogue: tuple[Product, ...]
    disturbance: Disturbance
    disorder_ms: int

    def products(self) -> tuple[Product, ...]:
        return self.catalogue

    def open(self, partition: int, partitions: int, refuse: Refuse) -> Opened:
        def wanted(customer_id: str) -> bool:
            return murmur2_partition(customer_id.encode(), partitions) == partition

        source = online_retail(self.path, self.seed, wanted, self.catalogue)
        if not self.disturbance.within_ms and not self.disturbance.repeat_share:
            return Opened(source.events(), int, source.responder, source.counts)
        reorder = Reorder(self.disorder_ms, refuse)
        events = reorder.sorted(self.disturbance.disturbed(source.events()))
        return Opened(events, lambda: reorder.repeats, source.responder, source.counts)


def shop(path: Path, seed: int, disturbance: Disturbance, disorder_ms: int) -> Shop:
    """The order log at `path`; `Fatal` when it cannot be read."""
    source = online_retail(path, seed, lambda _: True)
    first = next(source.events()).occurred_at
    return Shop(str(path), seed, first, source.ends_at_ms - 1, source.catalogue, disturbance, disorder_ms)
