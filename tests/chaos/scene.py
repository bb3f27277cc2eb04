"""Everything of a run that faults act upon: the broker, the workers, and what of the inputs is decided."""

import asyncio
import logging
import random
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from time import monotonic
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from msgspec import Struct

from streams.embedded.broker import Broker
from streams.engine import journal
from streams.engine.clients import stop
from tests.chaos.kafka import consumer_of, ends_of
from tests.chaos.plan import Plan
from tests.chaos.workers import Worker

log = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 0.2
RETRY_S: Final = 0.5
GENERATION: Final = re.compile(r"Successfully synced group \S+ with generation (\d+)")
SUPERVISED_EVERY_S: Final = 0.5
BROKER_BACK_S: Final = 15.0
"""So long after the broker is back, a worker may still find that it was away."""


class Span(Struct, frozen=True):
    """When a fault was at work, in epoch milliseconds of the wall."""

    fault: str
    from_ms: int
    until_ms: int


class Scene:
    """The parts of a run."""

    def __init__(self, plan: Plan, broker: Broker, workers: list[Worker], extra: list[Worker]) -> None:
        self.plan = plan
        self.broker = broker
        self.workers = workers
        self.extra = extra
        self.chance = random.Random(plan.seed)
        self.faults: Counter[str] = Counter()
        self.skipped: Counter[str] = Counter()
        self.spans: list[Span] = []
        self.problems: list[str] = []
        self.watch = Watch(plan)
        self.backlogs: list[Backlog] = []
        self._broker_back_at = monotonic()
        self._broker_away = False

    @property
    def all_workers(self) -> list[Worker]:
        """Those that are always there, and those that come and go."""
        return [*self.workers, *self.extra]

    @asynccontextmanager
    async def without_broker(self) -> AsyncIterator[None]:
        """The broker is away inside of this, and starts at its end."""
        self._broker_away = True
        try:
            yield
        finally:
            await asyncio.to_thread(self.broker.start)
            self._broker_away, self._broker_back_at = False, monotonic()

    async def supervise(self) -> None:
        """Start again who ended by itself, until this is cancelled. What ends a worker is counted."""
        while True:
            away = self._broker_away or monotonic() < self._broker_back_at + BROKER_BACK_S
            for worker in self.all_workers:
                await worker.revive(broker_away=away)
            await asyncio.sleep(SUPERVISED_EVERY_S)

    async def note_backlog(self) -> None:
        """What is on the inputs now must be read before any partition calls itself current."""
        inputs = [TopicPartition(t, p) for t in self.plan.inputs for p in range(self.plan.partitions)]
        ends = await ends_of(self.plan.bootstrap, inputs)
        at_ms = self.plan.clock.now_ms()
        self.backlogs.append(Backlog(at_ms, {f"{tp.topic}-{tp.partition}": end for tp, end in ends.items()}))

    def rebalances(self) -> int:
        """How often the group was rebalanced: its newest generation, as its members heard of it."""
        logs = (worker.log.read_text(errors="replace") for worker in self.all_workers if worker.log.exists())
        return max((int(found) for log in logs for found in GENERATION.findall(log)), default=0)

    async def moves_on(self, within_s: float = 30.0) -> bool:
        """Whether something is committed after now, within this time."""
        before = self.watch.lines
        return await until(lambda: self.watch.lines > before, within_s)

    async def all_work(self, within_s: float) -> bool:
        """Whether within this time every worker is there and all partitions are worked on."""
        deadline = monotonic() + within_s
        while monotonic() < deadline:
            asked = await asyncio.gather(*(worker.phases() for worker in self.workers))
            found: Counter[str] = sum((it for it in asked if it is not None), Counter())
            if None not in asked and found["working"] == self.plan.partitions and found["restoring"] == 0:
                return True
            await asyncio.sleep(LOOK_EVERY_S)
        return False

    async def heal(self) -> None:
        """Everybody who should be there is there."""
        for worker in self.workers:
            if worker.frozen:
                worker.thaw()
            if not worker.running:
                await worker.start()


class Backlog(Struct, frozen=True):
    """Where the inputs ended at a time of the journey, by topic and partition."""

    at_ms: int
    ends: dict[str, int]


class Watch:
    """Follows the journal: which inputs are taken, by topic and partition."""

    def __init__(self, plan: Plan) -> None:
        self.taken: dict[tuple[str, int], int] = {}
        self.lines = 0
        self.openings: set[str] = set()
        self._plan = plan
        self._ends = False

    async def run(self) -> None:
        """Follow until `end`, whatever the broker does."""
        partitions = [TopicPartition(self._plan.journal, p) for p in range(self._plan.partitions)]
        positions = dict.fromkeys(partitions, 0)
        while not self._ends:
            consumer: AIOKafkaConsumer | None = None
            try:
                consumer = await consumer_of(self._plan.bootstrap)
                consumer.assign(partitions)
                for tp, offset in positions.items():
                    consumer.seek(tp, offset)
                while not self._ends:
                    for tp, records in (await consumer.getmany(timeout_ms=300)).items():
                        for record in records:
                            self._take(tp.partition, record.value)
                            positions[tp] = record.offset + 1
            except (KafkaError, OSError):
                await asyncio.sleep(RETRY_S)
            finally:
                if consumer is not None:
                    await stop(consumer)

    def end(self) -> None:
        """Stop following."""
        self._ends = True

    async def all_taken(self, within_s: float) -> dict[str, int]:
        """Wait until every input is decided; what is left after that time, by partition."""
        inputs = [TopicPartition(t, p) for t in self._plan.inputs for p in range(self._plan.partitions)]
        ends = await ends_of(self._plan.bootstrap, inputs)

        def left() -> dict[str, int]:
            missing = {f"{t}-{p}": end - self.taken.get((t, p), 0) for (t, p), end in ends.items()}
            return {name: count for name, count in missing.items() if count > 0}

        await until(lambda: not left(), within_s)
        return left()

    def _take(self, partition: int, value: bytes | None) -> None:
        line = journal.read(value or b"")
        self.lines += 1
        self.openings.add(f"{partition}:{line.opened}")
        for part in line.slices:
            for run in part.taken:
                self.taken[run.topic, partition] = run.first + run.count


async def until(condition: Callable[[], bool], within_s: float) -> bool:
    """Wait for a condition, so long at most; whether it holds."""
    deadline = monotonic() + within_s
    while not condition():
        if monotonic() > deadline:
            return False
        await asyncio.sleep(LOOK_EVERY_S)
    return True
