"""What it costs to count: as a share of what it costs to decide, in the same run, and per scrape.

    records, due looks -> Decider -> Commit -> store, with `Totals.committed` timed by itself

What is noted while deciding cannot be timed by itself, so each note is repeated as often as it was taken.
"""

from __future__ import annotations

import gc
import time
import timeit
from collections import deque
from operator import attrgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any, Final, cast

from schemas.framing import encode
from state.memory import MemoryStore
from state.rocks import RocksStore
from state.rocks_options import RocksResources
from state.shelf import Shelf
from streams.engine.clock import LiveClock
from streams.engine.deciding import Decider, Slice
from streams.engine.kit import Stats
from streams.engine.partitions import Partitions
from streams.engine.position import Mark, Position
from streams.engine.task import PartitionTask, Phase, Role
from streams.engine.totals import Totals
from streams.engine.worlds import Worlds
from streams.inputs.decode import InputDecoder
from streams.inputs.records import InputRecord
from streams.metrics.collector import page
from streams.metrics.now import Watched
from streams.sources.source import TOPICS
from tests.bench.consumers import consumer
from tests.bench.core import world

ROUNDS: Final = 3
BATCH: Final = 500
FOREVER: Final = 2**62
PARTITIONS: Final = 12


def measure(consumers: int) -> dict[str, Any]:
    """The share of counting in a run of decisions: the round with the least of it."""
    records = _records(consumers)
    totals_us, decided_us, steps, totals = min((_round(records) for _ in range(ROUNDS)), key=lambda it: it[0])
    noted_us = _note_us() * sum(totals.event_to_output.counts) + _ask_us() * totals.asked
    noted_us += _append_us() * totals.looked
    return {
        "steps": steps,
        "us_per_step": round(decided_us / steps, 2),
        "counting_us_per_step": round((totals_us + noted_us) / steps, 3),
        "share": round((totals_us + noted_us) / decided_us, 4),
        **_scrape(totals),
    }


def _records(consumers: int) -> list[InputRecord]:
    events = [event for number in range(consumers) for event in consumer(number)]
    events.sort(key=attrgetter("occurred_at", "event_id"))
    return [
        InputRecord(
            f"journey.{TOPICS[type(event)]}", 0, number, event.occurred_at, event.customer_id.encode(),
            encode(event),
        )
        for number, event in enumerate(events)
    ]  # fmt: skip


def _round(records: list[InputRecord]) -> tuple[float, float, int, Totals]:
    """Microseconds of counting, and of everything; steps; what was counted."""
    store, totals = MemoryStore(), Totals()
    decider = Decider(store, world(), InputDecoder(), Position())
    counting_ns, steps = 0, 0
    gc.collect()
    begun_ns = time.process_time_ns()
    for first in range(0, len(records), BATCH):
        batch = deque(records[first : first + BATCH])
        now_ms = batch[-1].timestamp_ms or 0
        looks = decider.due(now_ms, BATCH)
        within = Slice(now_ms, True, FOREVER)
        while batch:
            decider.take(batch, within)
        while looks:
            decider.look(looks, within)
        steps += decider.steps
        commit = decider.finish()
        count_ns = time.process_time_ns()
        totals.committed(commit, now_ms, 1.0)
        counting_ns += time.process_time_ns() - count_ns
        decider.committed(commit, Mark(first, now_ms))
    return counting_ns / 1000, (time.process_time_ns() - begun_ns) / 1000, steps, totals


def _best_us(statement: str, **names: Any) -> float:
    """Of one of a thousand."""
    code = f"for _ in range(1000):\n    {statement}"
    empty = min(timeit.repeat("for _ in range(1000):\n    pass", number=100, timer=time.process_time))
    taken = min(timeit.repeat(code, globals=names, number=100, timer=time.process_time))
    return 10 * max(0.0, taken - empty)


def _note_us() -> float:
    record = SimpleNamespace(topic="journey.usage", timestamp_ms=1, event_id="e", occurred_at=1)
    noted: deque[Any] = deque(maxlen=1_000)
    statement = "noted.append((r.topic, r.event_id, r.timestamp_ms or 0, r.occurred_at))"
    return _best_us(statement, noted=noted, r=record)


def _append_us() -> float:
    return _best_us("looked.append(1)", looked=deque(maxlen=1_000))


def _ask_us() -> float:
    return _best_us("shelf._asked += 1", shelf=Shelf(MemoryStore()))


def _scrape(totals: Totals) -> dict[str, float]:
    """Milliseconds and bytes of one scrape of a worker with many partitions: it holds the loop as long."""
    with TemporaryDirectory() as folder:
        resources = RocksResources()
        stores = [RocksStore(Path(folder) / str(number), resources) for number in range(PARTITIONS)]
        tasks = {number: _task(number, store) for number, store in enumerate(stores)}
        watched = Watched(
            partitions=cast(Partitions, SimpleNamespace(tasks=tasks, rebalances=1)),
            worlds=cast(Worlds, SimpleNamespace(world=world(), problems=0)),
            totals=totals,
            clock=LiveClock(),
            version="bench",
            input_prefix="journey.",
            output_prefix="journey.",
            member=lambda: True,
            ready=lambda: True,
            state_memory=resources.used_bytes,
            suppressed=lambda: 0,
        )
        best_s = min(timeit.repeat(lambda: page(watched), number=5, timer=time.process_time)) / 5
        size = len(page(watched))
        for store in stores:
            store.close()
    return {"partitions": PARTITIONS, "scrape_ms": round(1000 * best_s, 2), "scrape_bytes": size}


def _task(number: int, store: RocksStore) -> PartitionTask:
    lag = dict.fromkeys((f"journey.{topic}" for topic in TOPICS.values()), 1)
    stats = Stats(at_s=1.0, lag=lag)
    plain = SimpleNamespace(number=number, role=Role.ACTIVE, phase=Phase.WORKING, store=store, stats=stats)
    return cast(PartitionTask, plain)
