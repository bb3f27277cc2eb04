"""`python -m tests.chaos.load PLAN`: made-up customers and bad records, sent when the run's clock says so.

    arrivals (lives of a seed), poison by the way -> topics, keyed by customer, partition by murmur2

What a broker did not take is sent again, so an event may lie twice on its topic, which is part of the game.
At the end it prints how many records it sent, as JSON.
"""

import asyncio
import heapq
import json
import logging
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from schemas.framing import encode
from schemas.model import RECORD_BYTES_MAX as CONTRACT_BYTES_MAX
from schemas.topics import CATALOGUE, DEFAULT_PREFIX
from streams.engine.clients import stop
from streams.inputs.partition import murmur2_partition
from streams.simulation.chance import chance
from streams.simulation.life import Arrival
from streams.simulation.population import population
from streams.sources.source import TOPICS
from tests.chaos.plan import RECORD_BYTES_MAX, Plan, products_of, read_plan, shop_of
from tests.streams.inputs.bad_records import bad_records

RETRY_S: Final = 0.3
AT_ONCE: Final = 200
"""Records that are sent before the answers are awaited."""
EVENTS_OF_A_SEED: Final = 45.0
DAYS_OF_A_LIFE_MS: Final = 200 * 86_400_000
RECORD_KINDS: Final = ("bad", "bad", "bad", "bad", "elsewhere", "long", "bomb")


class Record(msgspec.Struct, frozen=True):
    """What is to be sent, when (journey time)."""

    at_ms: int
    topic: str
    partition: int
    key: bytes | None
    value: bytes | None


def records(plan: Plan) -> Iterator[Record]:
    """All records of a run, in order of time."""
    end_ms = plan.start_ms + int(plan.seconds * 1000 * plan.speed)
    arrivals = [arrival for arrival in _lives(plan, end_ms) if arrival.at_ms <= end_ms]
    arrivals.sort(key=lambda arrival: arrival.at_ms)
    good = (_good(plan, arrival) for arrival in arrivals)
    poison = sorted(_poison(plan, int(len(arrivals) * plan.poison_share), end_ms), key=lambda it: it.at_ms)
    return heapq.merge(good, poison, key=lambda record: record.at_ms)


def _lives(plan: Plan, end_ms: int) -> Iterator[Arrival]:
    """Customers whose lives begin at any time of the run, about as many as the wanted rate needs."""
    shop, rng = shop_of(plan), chance(plan.seed, "chaos")
    span_ms = end_ms - plan.start_ms
    share = min(1.0, span_ms / DAYS_OF_A_LIFE_MS)
    for number in range(max(1, int(plan.events_per_s * plan.seconds / EVENTS_OF_A_SEED / max(share, 0.05)))):
        arrivals = population(plan.seed * 100_000 + number, shop)
        shift = plan.start_ms + rng.randint(-DAYS_OF_A_LIFE_MS // 2, span_ms) - arrivals[0].at_ms
        for arrival in arrivals:
            at_ms = arrival.at_ms + shift
            if at_ms >= plan.start_ms:
                occurred_at = arrival.event.occurred_at + shift
                yield Arrival(at_ms, msgspec.structs.replace(arrival.event, occurred_at=occurred_at))


def _good(plan: Plan, arrival: Arrival) -> Record:
    key = arrival.event.customer_id.encode()
    topic = plan.prefix + TOPICS[type(arrival.event)]
    return Record(arrival.at_ms, topic, murmur2_partition(key, plan.partitions), key, encode(arrival.event))


def _poison(plan: Plan, count: int, end_ms: int) -> Iterator[Record]:
    """Records that cannot be read, lie elsewhere, or are too long: plainly, or packed small."""
    rng = random.Random(plan.seed)
    inputs = set(plan.inputs)
    for bad in bad_records(plan.seed, count):
        at_ms = rng.randint(plan.start_ms, end_ms)
        topic = plan.prefix + bad.topic.removeprefix(DEFAULT_PREFIX)
        if topic not in inputs:
            topic = rng.choice(plan.inputs)
        key, value, partition = bad.key, bad.value, bad.partition % plan.partitions
        if key is None and value is None:
            key = b"nobody"
        match rng.choice(RECORD_KINDS):
            case "elsewhere":
                partition = (partition + 1) % plan.partitions
            case "long" if rng.random() < 0.1:
                value = rng.randbytes(CONTRACT_BYTES_MAX + rng.randint(-2_000, 20_000))
            case "bomb" if rng.random() < 0.1:
                value = bytes(rng.randint(CONTRACT_BYTES_MAX, 4 * CONTRACT_BYTES_MAX))
        yield Record(at_ms, topic, partition, key, value)


async def send_catalogue(plan: Plan) -> None:
    """The products of the run."""
    producer = await producer_of(plan)
    try:
        for product in products_of(plan):
            await producer.send_and_wait(
                plan.prefix + CATALOGUE, encode(product), product.product_id.encode(), partition=0
            )
    finally:
        await stop(producer)


class Load:
    """Sends the records of a plan at their times, whatever the broker does."""

    def __init__(self, plan: Plan) -> None:
        self.sent = 0
        self.again = 0
        self._plan = plan
        self._producer: AIOKafkaProducer | None = None

    async def run(self) -> None:
        """Send everything."""
        clock = self._plan.clock
        waiting: list[Record] = []
        for record in records(self._plan):
            wait_s = clock.seconds_until(record.at_ms)
            if waiting and (wait_s > 0 or len(waiting) >= AT_ONCE):
                await self._send(waiting)
                waiting = []
                wait_s = clock.seconds_until(record.at_ms)
            if wait_s > 0:
                await asyncio.sleep(wait_s)
            waiting.append(record)
        await self._send(waiting)
        if self._producer is not None:
            await stop(self._producer)

    async def _send(self, records: list[Record]) -> None:
        """Send until the broker has taken every one."""
        left = records
        while left:
            try:
                if self._producer is None:
                    self._producer = await producer_of(self._plan)
                now_ms = self._plan.clock.now_ms()
                futures = [
                    await self._producer.send(
                        it.topic, it.value, it.key, partition=it.partition, timestamp_ms=now_ms
                    )
                    for it in left
                ]
                answers = await asyncio.gather(*futures, return_exceptions=True)
            except (KafkaError, OSError):
                answers = [None]
                self.again += 1
            else:
                refused = [
                    it for it, answer in zip(left, answers, strict=True) if isinstance(answer, BaseException)
                ]
                self.sent += len(left) - len(refused)
                self.again += len(refused)
                left = refused
                if not refused:
                    return
            producer, self._producer = self._producer, None
            if producer is not None:
                await stop(producer)
            await asyncio.sleep(RETRY_S)


async def producer_of(plan: Plan) -> AIOKafkaProducer:
    """A started producer that waits for nothing."""
    producer = AIOKafkaProducer(
        bootstrap_servers=plan.bootstrap,
        compression_type="lz4",
        linger_ms=5,
        max_request_size=8 * RECORD_BYTES_MAX,
        request_timeout_ms=10_000,
    )
    try:
        await producer.start()
    except BaseException:
        await stop(producer)
        raise
    return producer


if __name__ == "__main__":
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # a broker that is gone is part of the plan
    load = Load(read_plan(Path(sys.argv[1])))
    asyncio.run(load.run())
    sys.stdout.write(json.dumps({"sent": load.sent, "again": load.again}) + "\n")
