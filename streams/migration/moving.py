"""Moves an application to another one with more partitions; see the package.

    nobody works, all is decided, the new one is empty -> records -> topics -> positions

The positions come last. Until they are there, a new worker refuses to start on what is there, and all of it
may be done again: it writes the same once more.
"""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from msgspec import Struct

from schemas.topics import CATALOGUE, CONTROL, CUSTOMERS, journey_inputs
from state import keys
from state.rocks import RocksStore
from state.rocks_options import RocksResources
from state.store import Store, scan_all
from streams.client_options import client_options, producer_options
from streams.engine import position as positions
from streams.engine import restore
from streams.engine.clients import REQUEST_BYTES_MAX, Clients, stop
from streams.engine.overrides import group_now
from streams.engine.peers import positions_of_all
from streams.engine.position import Position
from streams.errors import Fatal
from streams.inputs.partition import PARTITIONERS
from streams.migration.places import Growth, begun, is_customer
from streams.settings import Settings
from streams.topics.start import check_inputs

SENDS_MAX: Final = 2_000
"""Records on their way at a time."""
READ_MS: Final = 200
FOLDER: Final = "migration"

Tell = Callable[[str], None]


class Moved(Struct, frozen=True):
    """What was moved."""

    before: int
    after: int
    customers: int
    records: int
    copied: Mapping[str, int]


class Move:
    """From the application of these settings to another one, of which `new` says names and prefix."""

    def __init__(self, old: Settings, new: Settings, tell: Tell) -> None:
        if new.engine.application_id == old.engine.application_id:
            raise Fatal("growth needs a new application id: a worker of the old one would go on with it")
        if new.engine.topic_prefix == old.engine.topic_prefix:
            raise Fatal("growth needs a new topic prefix: the old topics keep their partition count")
        self._old, self._new, self._tell = old, new, tell
        self._clients = Clients(client_options(old), producer=producer_options(old))
        self._ended: dict[int, Position] = {}

    async def check(self) -> Growth:
        """How it grows. Fatal, NotReady: it cannot be moved as it is, and why."""
        before = await check_inputs(self._old)
        after = await check_inputs(self._new)
        if after <= before:
            raise Fatal(f"the new topics have {after} partitions, the old ones {before}: growth means more")
        await self._nobody_works()
        self._ended = await positions_of_all(self._clients, self._old.changelog_topic, before)
        await self._all_decided(before)
        if await positions_of_all(self._clients, self._new.changelog_topic, after):
            raise Fatal(f"{self._new.engine.application_id} has begun already: name another application id")
        return Growth(before, after, PARTITIONERS[self._old.engine.partitioner])

    async def carry_out(self, growth: Growth) -> Moved:
        """Do it, after `check`."""
        await self._fence(growth.before)
        customers, wakeups, records = Counter[int](), Counter[int](), 0
        producer = AIOKafkaProducer(
            **client_options(self._new),
            enable_idempotence=True,
            compression_type="zstd",
            linger_ms=5,
            max_request_size=REQUEST_BYTES_MAX,
        )
        await producer.start()
        try:
            for number in range(growth.before):
                store = await self._restored(number)
                try:
                    records += await _send(producer, self._records(growth, store, number, customers))
                    wakeups.update(growth.of_wakeup(key) for key, _ in scan_all(store, keys.WAKEUPS))
                finally:
                    store.close()
                self._tell(f"partition {number}: {records:,} records so far")
            copied = {name: await self._copy(producer, name, 1, None) for name in (CATALOGUE, CONTROL)}
            copied[CUSTOMERS] = await self._copy(producer, CUSTOMERS, growth.before, growth)
            await self._begin(producer, growth, customers, wakeups)
        finally:
            await stop(producer)
            shutil.rmtree(self._folder, ignore_errors=True)
        return Moved(growth.before, growth.after, customers.total(), records, copied)

    # --- what must be so

    async def _nobody_works(self) -> None:
        """Fatal: somebody is a member of the group, old or new."""
        admin = await self._clients.admin()
        try:
            for settings in (self._old, self._new):
                group = settings.engine.application_id
                _, members = await group_now(admin, group)
                if members:
                    raise Fatal(f"{members} workers of {group} are at work: stop them first")
        finally:
            await stop(admin)

    async def _all_decided(self, before: int) -> None:
        """Fatal: the inputs hold what was not decided, or something goes on that cannot be moved."""
        prefix = self._old.engine.topic_prefix
        topics = [topic.full_name(prefix) for topic in journey_inputs()]
        tps = [TopicPartition(topic, number) for topic in topics for number in range(before)]
        consumer = await self._clients.consumer(tps)
        try:
            first, end = await consumer.beginning_offsets(tps), await consumer.end_offsets(tps)
        finally:
            await stop(consumer)
        left = 0
        for tp in tps:
            position = self._ended.get(tp.partition, Position())
            left += max(0, end[tp] - max(position.inputs.get(tp.topic, 0), first[tp]))
            if position.held:
                raise Fatal("a mass incident holds moves back: wait until it is over")
            if position.replayed is not None:
                raise Fatal("a replay or backfill has not gone live yet: let it end first")
        if left:
            raise Fatal(
                f"{left:,} records of the inputs are not decided yet: let producers write to the new topics, "
                "and the old workers take what is left, before they are stopped"
            )

    async def _fence(self, before: int) -> None:
        """Whoever still thinks that it has a partition of the old application can write no more."""
        for number in range(before):
            await stop(await self._clients.producer(self._old.transactional_id(number)))

    # --- what is moved

    @property
    def _folder(self) -> Path:
        return self._old.state.dir / FOLDER

    async def _restored(self, number: int) -> RocksStore:
        """The state of a partition as its changelog has it."""
        changelog = TopicPartition(self._old.changelog_topic, number)
        shutil.rmtree(self._folder, ignore_errors=True)
        memory = self._old.state.memory_bytes
        resources = RocksResources(memory, memory * 3 // 8)
        store = restore.open_store(self._folder / f"partition-{number}", resources)
        consumer = await self._clients.consumer([changelog])
        at_once = self._old.state.restore_batch_records
        try:
            end = (await consumer.end_offsets([changelog]))[changelog]
            await consumer.seek_to_beginning(changelog)
            await restore.follow(consumer, changelog, store, lambda at: at >= end, at_once, lambda *_: None)
        finally:
            await stop(consumer)
        return store

    def _records(
        self, growth: Growth, store: Store, number: int, customers: Counter[int]
    ) -> Iterator[dict[str, Any]]:
        topic = self._new.changelog_topic
        for key, value in scan_all(store, keys.RECORDS):
            there = growth.of_record(key)
            customers[there] += is_customer(key)
            yield {"topic": topic, "key": key, "value": value, "partition": there}
        for key, value in scan_all(store, keys.FORGOTTEN):
            for there in growth.of_forgotten(number):
                yield {"topic": topic, "key": key, "value": value, "partition": there}

    async def _copy(
        self, producer: AIOKafkaProducer, name: str, partitions: int, growth: Growth | None
    ) -> int:
        """All records of a topic; where they lie follows from their customer when it `growth`s."""
        old, new = (f"{it.engine.topic_prefix}{name}" for it in (self._old, self._new))
        consumer = await self._clients.consumer([TopicPartition(old, it) for it in range(partitions)])
        sent = 0
        try:
            async for some in _to_their_ends(consumer):
                sent += await _send(
                    producer,
                    (
                        {
                            "topic": new,
                            "key": it.key,
                            "value": it.value,
                            "partition": 0 if growth is None else growth.of_customer(it.key),
                            "timestamp_ms": it.timestamp,
                            "headers": list(it.headers),
                        }
                        for it in some
                    ),
                )
        finally:
            await stop(consumer)
        return sent

    async def _begin(
        self, producer: AIOKafkaProducer, growth: Growth, customers: Counter[int], wakeups: Counter[int]
    ) -> None:
        """The positions of all new partitions: from now on the new application may be started."""
        prefix = self._new.engine.topic_prefix
        topics = [topic.full_name(prefix) for topic in journey_inputs()]
        tps = [TopicPartition(topic, number) for topic in topics for number in range(growth.after)]
        consumer = await self._clients.consumer(tps)
        try:
            first = await consumer.beginning_offsets(tps)
        finally:
            await stop(consumer)
        for number in range(growth.after):
            inputs = {topic: first[TopicPartition(topic, number)] for topic in topics}
            position = begun(self._ended.values(), customers[number], wakeups[number], inputs)
            await producer.send_and_wait(
                self._new.changelog_topic,
                key=positions.KEY,
                value=positions.encode(position),
                partition=number,
            )


async def _to_their_ends(consumer: AIOKafkaConsumer) -> AsyncIterator[list[Any]]:
    """The records of what is assigned, up to the ends of now."""
    tps = list(consumer.assignment())
    ends = await consumer.end_offsets(tps)
    await consumer.seek_to_beginning(*tps)
    left = set(tps)
    while left:
        found = await consumer.getmany(*left, timeout_ms=READ_MS, max_records=SENDS_MAX)
        for records in found.values():
            yield records
        left = {tp for tp in left if await consumer.position(tp) < ends[tp]}


async def _send(producer: AIOKafkaProducer, records: Iterator[dict[str, Any]]) -> int:
    """Send them, a bounded number at a time, until the broker has every one. Returns how many."""
    sent, waiting = 0, list[Any]()
    for record in records:
        waiting.append(await producer.send(**record))
        if len(waiting) >= SENDS_MAX:
            await asyncio.gather(*waiting)
            sent += len(waiting)
            waiting.clear()
    await asyncio.gather(*waiting)
    return sent + len(waiting)
