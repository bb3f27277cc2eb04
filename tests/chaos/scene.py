"""Everything of a run that faults act upon: the broker, the workers, and what of the inputs is decided."""

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Callable
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
        self.watch = Watch(plan)

    @property
    def all_workers(self) -> list[Worker]:
        """Those that are always there, and those that come and go."""
        return [*self.workers, *self.extra]

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
