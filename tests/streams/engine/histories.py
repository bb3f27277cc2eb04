"""A small shop's history, on topics of a test's own and as files, and what is said about it on Kafka."""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import NewTopic

from schemas import records
from schemas.framing import RecordDecoder, encode
from schemas.records import Product
from schemas.topics import DEAD_LETTERS, Topic, inputs, outputs
from streams.engine.overrides import partitions_of
from streams.inputs.partition import murmur2_partition
from streams.loading.policy_file import load_policies
from streams.replay.prepare import Options, prepare
from streams.replay.run import replay_all
from streams.sources.source import TOPICS, Event
from tests.brokers import Topics
from tests.streams.replay.conftest import SEED, replayed

PARTITIONS = 4
WITHIN_MS = 250_000
UNREADABLE = b"{"
KINDS = {topic: kind for kind, topic in TOPICS.items()}
Laid = list[tuple[str, bytes, bytes]]
"""Topic, key and value, in order."""


class Shop(msgspec.Struct, frozen=True):
    """A history: what lies on the topics, and what a replay of the same as files says."""

    products: tuple[Product, ...]
    events: list[Event]
    laid: Laid
    too_late: bytes
    said: dict[str, bytes]


def shop(log: Path, folder: Path) -> Shop:
    """Everything that happens in a log with its reactions, disturbed, with two records that are refused."""
    (folder / "first").mkdir(parents=True)
    setup = prepare(
        Options(path=log, shop_seed=SEED, check=False, journal=True, partitions=PARTITIONS),
        load_policies(),
        folder / "first",
    )
    events: list[Event] = []
    for done in replay_all(setup, 1):
        assert done.journal is not None
        steps = [msgspec.json.decode(line) for line in done.journal.read_bytes().splitlines()]
        events += [msgspec.convert(it["event"], KINDS[it["topic"]]) for it in steps if it["event"]]
    laid, too_late = _laid(events)
    history = folder / "history"
    _write(history, laid, setup.products)
    options = Options(path=history, check=False, partitions=PARTITIONS)
    return Shop(setup.products, events, laid, too_late, replayed(options, folder / "files"))


def _laid(events: list[Event]) -> tuple[Laid, bytes]:
    rng = random.Random(SEED)
    repeated = [*events, *(event for event in events if rng.random() < 0.05)]
    repeated.sort(key=lambda event: event.occurred_at + rng.random() * WITHIN_MS)
    laid = [(TOPICS[type(it)], it.customer_id.encode(), msgspec.json.encode(it)) for it in repeated]
    late = next(it for it in events if isinstance(it, records.Usage))
    too_late = msgspec.json.encode(msgspec.structs.replace(late, event_id="late"))
    laid.insert(len(laid) // 2, ("tickets", b"nobody", UNREADABLE))
    return [*laid, ("usage", late.customer_id.encode(), too_late)], too_late


def _write(folder: Path, laid: Laid, products: Iterable[Product]) -> None:
    folder.mkdir()
    files: dict[str, list[bytes]] = defaultdict(list)
    for topic, _, value in laid:
        files[topic].append(value)
    files["catalogue"] = [msgspec.json.encode(product) for product in products]
    for name, values in files.items():
        (folder / f"{name}.jsonl").write_bytes(b"\n".join(values) + b"\n")


def produce(topics: Topics, shop: Shop) -> None:
    """Make the input topics, and lay the history and the catalogue on them."""
    wanted = [_new(topics, topic) for topic in inputs().values()]
    topics._created += [topic.name for topic in wanted]

    async def lay() -> None:
        async with topics.admin() as admin:
            await admin.create_topics(wanted)
        async with AIOKafkaProducer(bootstrap_servers=topics.bootstrap, linger_ms=5) as producer:
            for product in shop.products:
                await producer.send(
                    topics.name("catalogue"), encode(product), product.product_id.encode(), partition=0
                )
            for name, key, value in shop.laid:
                await producer.send(topics.name(name), value, key, partition=_partition(key))
            await producer.flush()

    asyncio.run(lay())


def send(topics: Topics, event: Event, partitions: int = PARTITIONS) -> None:
    """One more event."""

    async def lay() -> None:
        async with AIOKafkaProducer(bootstrap_servers=topics.bootstrap) as producer:
            key = event.customer_id.encode()
            name = topics.name(TOPICS[type(event)])
            await producer.send_and_wait(name, encode(event), key, murmur2_partition(key, partitions))

    asyncio.run(lay())


def _partition(key: bytes) -> int:
    return murmur2_partition(key, PARTITIONS)


def _new(topics: Topics, topic: Topic) -> NewTopic:
    config = {"cleanup.policy": "compact"} if topic.compacted else {"retention.ms": "-1"}
    return NewTopic(
        topics.name(topic.name), PARTITIONS if topic.co_partitioned else 1, 1, topic_configs=config
    )


class Heard:
    """What is on the output topics under a prefix, as far as it is committed."""

    def __init__(self, bootstrap: str, prefix: str) -> None:
        self.prefix = prefix
        self._bootstrap = bootstrap
        self.records: dict[str, list[Any]] = {}

    def listen(self) -> Heard:
        """Read everything that is there now."""
        asyncio.run(self._listen())
        return self

    async def _listen(self) -> None:
        found: dict[str, list[Any]] = defaultdict(list)
        async with AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap, isolation_level="read_committed", group_id=None
        ) as consumer:
            there = await consumer.topics()
            names = [it.full_name(self.prefix) for it in outputs().values()]
            tps = [
                TopicPartition(name, number)
                for name in names
                if name in there
                for number in await partitions_of(consumer, name)
            ]
            if tps:
                await self._read(consumer, tps, found)
        self.records = found

    async def _read(
        self, consumer: AIOKafkaConsumer, tps: list[TopicPartition], found: dict[str, list[Any]]
    ) -> None:
        consumer.assign(tps)
        await consumer.seek_to_beginning()
        ends = await consumer.end_offsets(tps)
        left = {tp for tp in tps if ends[tp]}
        while left:
            for tp, some in (await consumer.getmany(*left, timeout_ms=100)).items():
                found[tp.topic.removeprefix(self.prefix)] += some
            left = {tp for tp in left if await consumer.position(tp) < ends[tp]}

    def lines(self) -> dict[str, bytes]:
        """Records as the files of a replay have them, without dead letters."""
        return {
            name: b"".join(msgspec.json.encode(it) + b"\n" for it in self.decoded(name))
            for name in outputs()
            if name != DEAD_LETTERS
        }

    def decoded(self, name: str, *, marked: bool | None = None) -> list[Any]:
        """The records of a topic by customer: all, or those with the mark of a backfill, or those without."""
        schema = outputs()[name].schema
        assert schema is not None
        decoder: RecordDecoder[Any] = RecordDecoder(getattr(records, schema))
        some = [it for it in self.records.get(name, []) if marked is None or _marked(it) is marked]
        return sorted((decoder.decode(it.value) for it in some), key=_order)

    def letters(self) -> list[tuple[str, bytes]]:
        """Reason and bytes of the dead letters."""
        found = self.records.get(DEAD_LETTERS, [])
        return sorted((dict(it.headers)["reason"].decode(), it.value) for it in found)


def _order(record: Any) -> tuple[bytes, int]:
    return record.customer_id.encode(), record.sequence


def _marked(record: Any) -> bool:
    return dict(record.headers).get("kairos-backfill") == b"true"


@contextmanager
def kairos(topics: Topics, state: Path, *words: str, **environ: str) -> Iterator[subprocess.Popen[bytes]]:
    """A program of this project against these topics; it is gone afterwards."""
    settings: Mapping[str, str] = {
        "KAIROS_KAFKA_BOOTSTRAP_SERVERS": topics.bootstrap,
        "KAIROS_KAFKA_SESSION_TIMEOUT_MS": "1500",
        "KAIROS_KAFKA_HEARTBEAT_INTERVAL_MS": "300",
        "KAIROS_ENGINE_TOPIC_PREFIX": topics.prefix,
        "KAIROS_ENGINE_APPLICATION_ID": topics.name("app"),
        "KAIROS_ENGINE_STANDBY_REPLICAS": "0",
        "KAIROS_ENGINE_LOG_LEVEL": "warning",
        "KAIROS_STATE_DIR": str(state),
        "KAIROS_WEB_PORT": "0",
    }
    command = [sys.executable, "-m", "streams.cli", *words]
    output = state.with_suffix(".log").open("wb")
    process = subprocess.Popen(
        command, env={**os.environ, **settings, **environ}, stdout=output, stderr=subprocess.STDOUT
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        output.close()
