"""How early it speaks: events at half of the most that a worker takes, with very many wake-ups pending.

The journey's clock runs `SPEED` times faster than the wall's, so that of what is pending some hundreds come
due each second; all figures are of the wall's clock. An event's time begins when it is handed to the client
that sends it, and ends when a consumer of committed records holds what it caused.

Eight of ten events are of those whose state is held; the others are of somebody new, who gives a consent and
orders at once, because that is what opens something most of the time.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby
from statistics import quantiles
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from msgspec import Struct

from schemas.framing import RecordDecoder, encode
from schemas.records import Consent, Decision, Eligibility, OrderLine, Profile, Purchase, Usage
from streams.engine.clients import stop
from streams.engine.clock import ScaledClock, wall_ms
from streams.inputs.partition import murmur2_partition
from tests.bench.consumers import PRODUCTS, id_of
from tests.bench.engine.ground import Ground, Record
from tests.bench.engine.held import Population
from tests.bench.engine.lives import catalogue, lay_catalogue
from tests.bench.engine.runner import Runner, running
from tests.bench.engine.samples import Sample

SPEED: Final = 250.0
BEFORE_MS: Final = 7 * 24 * 3_600_000
"""The clock begins so long ago, so that no event of a run lies in the future, which brokers refuse."""
TICK_S: Final = 0.02
WARM_S: Final = 5.0
READY_WITHIN_S: Final = 300.0
TAKEN_WITHIN_S: Final = 180.0
NEW_EVERY: Final = 10
LINES: Final = 1_000
WAKEUPS_OF_A_CUSTOMER: Final = 4.68
LIVES: Final = 5_000
"""Customers who share a life come due in the same instant, so there are many lives."""
OUTPUTS: Final[dict[str, type[Struct]]] = {"eligibility": Eligibility, "decisions": Decision}


class Size(Struct, frozen=True, kw_only=True):
    """How much is measured."""

    wakeups: int = 1_000_000
    partitions: tuple[int, ...] = (12, 4, 48)
    seconds: float = 20.0
    burst: int = 20_000
    """Events at once, to see the most that a worker takes."""
    share: float = 0.5
    large_orders: int = 5


class Setting:
    """One worker over that state, and its clock."""

    def __init__(self, ground: Ground, size: Size, partitions: int) -> None:
        self.ground = ground
        self.partitions = partitions
        start_ms, sold = wall_ms() - BEFORE_MS, catalogue(LINES)
        self.population = Population(
            int(size.wakeups / WAKEUPS_OF_A_CUSTOMER),
            partitions,
            now_ms=start_ms,
            sold=sold,
            templates=min(LIVES, int(size.wakeups / WAKEUPS_OF_A_CUSTOMER)),
        )
        self.name = f"live-{partitions}"
        self.prefix = f"{self.name}."
        topics = ground.settings(self.name, self.prefix, "unused")
        ground.make_topics(topics, partitions)
        lay_catalogue(ground, self.prefix, sold)
        ground.lay(self.population.changelog(f"{self.name}-customers-changelog", self.prefix))
        began_ms = wall_ms()
        self.clock = ScaledClock(start_ms, began_ms, SPEED)
        settings = ground.settings(
            self.name, self.prefix, f"state-{self.name}", ENGINE_CLOCK="scaled",
            ENGINE_CLOCK_START=_instant(start_ms), ENGINE_CLOCK_BEGAN=_instant(began_ms),
            ENGINE_CLOCK_SPEED=SPEED,
        )  # fmt: skip
        self.runner = Runner(self.name, "tests.bench.engine.kairos", ["timed"], settings, ground.directory)
        self._loads = 0

    def load(self, count: int, rate: float | None) -> Iterator[tuple[float, Record]]:
        """Events, and when they are sent in seconds from now; all at once without a rate."""
        self._loads += 1
        every_s = 0.0 if rate is None else 1 / rate
        at_ms = self.clock.now_ms()
        uses = self.population.uses(
            f"{self.prefix}usage", count, self._loads, at_ms, every_ms=every_s * 1000 * SPEED
        )
        for number, record in enumerate(uses):
            match number % NEW_EVERY:
                case 0:
                    yield number * every_s, self._profile(number, record.timestamp_ms)
                case 1:
                    yield number * every_s, self._order(number - 1, record.timestamp_ms, 2)
                case _:
                    yield number * every_s, record

    def large(self, number: int, at_ms: int) -> Record:
        """An order of very many lines, always in the same partition."""
        places = (number * 1_000 + place for place in range(1_000))
        return next(it for place in places if (it := self._order(place, at_ms, LINES)).partition == 0)

    def _profile(self, number: int, at_ms: int) -> Record:
        """Somebody new who may be written to."""
        consents = tuple(Consent(channel, "granted", at_ms) for channel in ("email", "in_app", "push"))
        who = id_of(f"new{self._loads}-", number)
        event = Profile(id_of(f"p{self._loads}-", number), who, at_ms, "bench", consents=consents)
        return self._record("profiles", who, at_ms, encode(event))

    def _order(self, number: int, at_ms: int, lines: int) -> Record:
        """They buy something, each line another product."""
        sold = max(lines, PRODUCTS)
        who = id_of(f"new{self._loads}-", number)
        ordered = tuple(
            OrderLine(id_of("line", place), id_of("product", (number + place) % sold), quantity=1)
            for place in range(lines)
        )
        event_id, order_id = id_of(f"o{self._loads}-", number), id_of(f"n{self._loads}-", number)
        event = Purchase(event_id, who, at_ms, "bench", "order_placed", order_id, ordered)
        return self._record("purchases", who, at_ms, encode(event))

    def _record(self, topic: str, who: str, at_ms: int, value: bytes) -> Record:
        key = who.encode()
        return Record(self.prefix + topic, murmur2_partition(key, self.partitions), at_ms, key, value)


def measure_live(ground: Ground, size: Size) -> dict[str, Any]:
    """(e) for each number of partitions; and for the first one what a large order does to the others."""
    found = {}
    for partitions in size.partitions:
        setting = Setting(ground, size, partitions)
        with running(setting.runner):
            large = size.large_orders if partitions == size.partitions[0] else 0
            found[f"{partitions}_partitions"] = asyncio.run(_measured(setting, size, large))
    return found


async def _measured(setting: Setting, size: Size, large: int) -> dict[str, Any]:
    runner = setting.runner
    await _until(runner, lambda it: it.working == setting.partitions, READY_WITHIN_S)
    most = await _most(setting, size)
    rate = most * size.share
    heard = _Heard(setting)
    listening = asyncio.create_task(heard.run())
    await heard.ready.wait()
    half = await _phase(setting, heard, list(setting.load(int(rate * size.seconds), rate)))
    figures: dict[str, Any] = {
        "wakeups_pending": setting.population.held.wakeups,
        "most_events_per_s": round(most),
        "events_per_s": round(rate),
        **half,
    }
    if large:
        events = list(setting.load(int(rate * size.seconds), rate))
        for number in range(large):
            at_s = WARM_S + number * (size.seconds - WARM_S) / large
            events.append((at_s, setting.large(number, events[0][1].timestamp_ms)))
        events.sort(key=lambda event: event[0])
        figures["with_large_orders"] = {"lines": LINES, "orders": large} | await _phase(
            setting, heard, events, others_than=0
        )
    heard.ends = True
    await listening
    return figures


async def _most(setting: Setting, size: Size) -> float:
    """Events per second of a burst."""
    runner, rate = setting.runner, 0.0
    for count in (size.burst // 4, size.burst):
        before = runner.samples()[-1]
        records = [record for _, record in setting.load(count, None)]
        await asyncio.to_thread(setting.ground.lay, records)
        done = await _until(runner, lambda it, n=before.events + count: it.events >= n, TAKEN_WITHIN_S)  # type: ignore[misc] # mypy knows no such default
        begun = [it for it in runner.samples() if it.events == before.events][-1]
        rate = (done.events - begun.events) / (done.at_s - begun.at_s)
    return rate


async def _phase(
    setting: Setting, heard: _Heard, events: list[tuple[float, Record]], others_than: int | None = None
) -> dict[str, Any]:
    """Send at these times, and what came of it, but for what came in the first seconds."""
    runner = setting.runner
    heard.forget()
    before = runner.samples()[-1]
    begun = time.monotonic()
    sent = await _send(setting, events)
    count = before.events + len(events)
    late = await _until(runner, lambda it: it.events >= count, TAKEN_WITHIN_S)
    behind_s = max(0.0, late.at_s - time.monotonic())
    await asyncio.sleep(1.0)
    samples = [it for it in runner.samples() if begun + WARM_S <= it.at_s <= begun + events[-1][0]]
    return {
        **_latencies(heard, sent, others_than),
        "wakeup_lateness_ms": _spread([late_ms for it in samples for late_ms in it.late_ms]),
        "wakeups_per_s": _per_s(samples, lambda it: it.looks),
        "transactions_per_s": _per_s(samples, lambda it: it.transactions),
        "cpu_share": round((samples[-1].cpu_s - samples[0].cpu_s) / (samples[-1].at_s - samples[0].at_s), 2),
        "longest_slice_ms": round(max(it.slice_ms for it in samples), 1),
        "longest_slice_cpu_ms": round(max(it.slice_cpu_ms for it in samples), 1),
        "memory_mb": round(samples[-1].rss_mb),
        "sockets": samples[-1].sockets,
        "descriptors": samples[-1].descriptors,
        "threads": samples[-1].threads,
        "behind_at_the_end_s": round(behind_s, 1),
    }


async def _send(setting: Setting, events: Sequence[tuple[float, Record]]) -> dict[str, tuple[float, int]]:
    """Send each at its time; returns when by event id, and to which partition, but for the first seconds."""
    producer = AIOKafkaProducer(bootstrap_servers=setting.ground.bootstrap, compression_type="snappy")
    await producer.start()
    decoders: dict[str, RecordDecoder[Any]] = {
        "usage": RecordDecoder(Usage),
        "purchases": RecordDecoder(Purchase),
        "profiles": RecordDecoder(Profile),
    }
    ids = [
        decoders[it.topic.removeprefix(setting.prefix)].decode(it.value or b"").event_id for _, it in events
    ]
    sent: dict[str, tuple[float, int]] = {}
    begun = time.monotonic()
    try:
        first = 0
        while first < len(events):
            now_s = time.monotonic() - begun
            last = first
            while last < len(events) and events[last][0] <= now_s:
                last += 1
            due = sorted((it for _, it in events[first:last]), key=lambda it: (it.topic, it.partition))
            for (topic, partition), records in groupby(due, key=lambda it: (it.topic, it.partition)):
                await _send_together(producer, topic, partition, records)
            if now_s >= WARM_S:
                at_s = time.monotonic()
                for number in range(first, last):
                    sent[ids[number]] = (at_s, events[number][1].partition)
            first = last
            await asyncio.sleep(TICK_S)
        await producer.flush()
    finally:
        await stop(producer)
    return sent


async def _send_together(
    producer: AIOKafkaProducer, topic: str, partition: int, records: Iterable[Record]
) -> None:
    """In as few batches as hold them."""
    batch = producer.create_batch()
    for it in records:
        while batch.append(timestamp=it.timestamp_ms, key=it.key, value=it.value, headers=[]) is None:
            await producer.send_batch(batch, topic, partition=partition)  # it is full
            batch = producer.create_batch()
    await producer.send_batch(batch, topic, partition=partition)


class _Heard:
    """What was said because of which event, and when it was heard."""

    def __init__(self, setting: Setting) -> None:
        self.at_s: dict[str, list[tuple[str, float]]] = {}
        self.ends = False
        self.ready = asyncio.Event()
        self._setting = setting
        self._decoders = {
            setting.prefix + name: (name, RecordDecoder(kind)) for name, kind in OUTPUTS.items()
        }

    def forget(self) -> None:
        """Begin anew."""
        self.at_s = {name: [] for name in OUTPUTS}

    async def run(self) -> None:
        """Until the end."""
        self.forget()
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._setting.ground.bootstrap,
            isolation_level="read_committed",
            fetch_max_wait_ms=20,
        )
        await consumer.start()
        try:
            partitions = [
                TopicPartition(topic, number)
                for topic in self._decoders
                for number in range(self._setting.partitions)
            ]
            consumer.assign(partitions)
            await consumer.seek_to_end(*partitions)
            for tp in partitions:
                await consumer.position(tp)
            self.ready.set()
            while not self.ends:
                for tp, records in (await consumer.getmany(timeout_ms=100)).items():
                    now_s = time.monotonic()
                    name, decoder = self._decoders[tp.topic]
                    for it in records:
                        cause = decoder.decode(it.value).cause_event_id  # type: ignore[attr-defined] # both have one
                        if cause is not None:
                            self.at_s[name].append((cause, now_s))
        finally:
            await stop(consumer)


def _latencies(heard: _Heard, sent: dict[str, tuple[float, int]], others_than: int | None) -> dict[str, Any]:
    found = {}
    for name, causes in heard.at_s.items():
        found[f"event_to_{name}_ms"] = _spread(
            [
                1000 * (at_s - sent[cause][0])
                for cause, at_s in causes
                if cause in sent and sent[cause][1] != others_than
            ]
        )
    return found


def _spread(values: list[float]) -> dict[str, float]:
    if len(values) < 2:
        return {"count": len(values)}
    cuts = quantiles(values, n=100)
    return {
        "count": len(values), "p50": round(cuts[49]), "p99": round(cuts[98]), "max": round(max(values)),
    }  # fmt: skip


def _per_s(samples: list[Sample], count: Callable[[Sample], int]) -> float:
    return round((count(samples[-1]) - count(samples[0])) / (samples[-1].at_s - samples[0].at_s), 1)


async def _until(runner: Runner, met: Callable[[Sample], bool], within_s: float) -> Sample:
    return await asyncio.to_thread(runner.wait, met, within_s)


def _instant(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat()
