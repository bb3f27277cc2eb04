"""The broker that all contestants share, its topics, and the records that lie on them."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from msgspec import Struct

from streams.embedded.broker import Broker
from streams.embedded.launching import launch
from streams.embedded.lease import leased
from streams.engine.clients import stop

AS_IN_PRODUCTION: Final = ("-XX:TieredStopAtLevel=4", "-Xmx1g")
"""An embedded broker starts fast and stays small; one that is measured against is compiled in full."""
IDENTITY: Final = "a key for made-up customers"
BATCH_BYTES: Final = 256 * 1024
IN_FLIGHT_MAX: Final = 64


class Record(Struct, frozen=True, gc=False):
    """What is to lie on a topic."""

    topic: str
    partition: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None


class Ground(Struct, frozen=True):
    """A broker that serves, and a directory for everything that a run leaves."""

    bootstrap: str
    directory: Path

    def settings(self, application: str, prefix: str, state: str, **others: object) -> dict[str, str]:
        """The environment of one worker."""
        given: Mapping[str, object] = {
            "KAFKA_BOOTSTRAP_SERVERS": self.bootstrap,
            "ENGINE_APPLICATION_ID": application,
            "ENGINE_TOPIC_PREFIX": prefix,
            "ENGINE_IDENTITY_KEY": IDENTITY,
            "ENGINE_LOG_LEVEL": "warning",
            "ENGINE_STANDBY_REPLICAS": 0,
            "STATE_DIR": self.directory / state,
            "WEB_PORT": 0,
            **others,
        }
        return {f"KAIROS_{name}": str(value) for name, value in given.items()}

    def make_topics(self, settings: Mapping[str, str], partitions: int) -> None:
        """All topics of an application, as an operator makes them."""
        command = [sys.executable, "-m", "streams.cli", "topics", "apply", "--yes"]
        command += ["--partitions", str(partitions)]
        done = subprocess.run(
            command, env={**os.environ, **settings}, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"topics were not made: {done.stdout}{done.stderr}")

    async def make(self, *names: str, partitions: int) -> None:
        """Topics that are no part of the contract."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
        await admin.start()
        try:
            await admin.create_topics([NewTopic(name, partitions, 1) for name in names])
        finally:
            await stop(admin)

    def lay(self, records: Iterable[Record]) -> int:
        """Put records on their topics, each partition in the given order; returns how many."""
        return asyncio.run(self._lay(records))

    async def _lay(self, records: Iterable[Record]) -> int:
        producer = AIOKafkaProducer(
            bootstrap_servers=self.bootstrap,
            compression_type="zstd",
            max_batch_size=BATCH_BYTES,
            max_request_size=4 * BATCH_BYTES,
        )
        await producer.start()
        laying = _Laying(producer)
        try:
            for record in records:
                await laying.add(record)
            await laying.finish()
        finally:
            await stop(producer)
        return laying.count


class _Laying:
    """Batches by partition, the last ones still open."""

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self.count = 0
        self._producer = producer
        self._open: dict[TopicPartition, list[Record]] = defaultdict(list)
        self._sizes: dict[TopicPartition, int] = defaultdict(int)
        self._sent: list[asyncio.Future[object]] = []

    async def add(self, record: Record) -> None:
        tp = TopicPartition(record.topic, record.partition)
        self._open[tp].append(record)
        self._sizes[tp] += len(record.key or b"") + len(record.value or b"") + 24
        self.count += 1
        if self._sizes[tp] >= BATCH_BYTES * 3 // 4:
            await self._send(tp)

    async def finish(self) -> None:
        for tp in list(self._open):
            await self._send(tp)
        await asyncio.gather(*self._sent)

    async def _send(self, tp: TopicPartition) -> None:
        batch = self._producer.create_batch()
        for it in self._open.pop(tp):
            if batch.append(timestamp=it.timestamp_ms, key=it.key, value=it.value, headers=[]) is None:
                raise RuntimeError(f"a batch for {tp} is too small for what it was thought to hold")
        self._sizes.pop(tp)
        self._sent.append(await self._producer.send_batch(batch, tp.topic, partition=tp.partition))
        if len(self._sent) >= IN_FLIGHT_MAX:
            await asyncio.gather(*self._sent)
            self._sent.clear()


@contextmanager
def ground(directory: Path) -> Iterator[Ground]:
    """A broker of its own in `directory`, gone afterwards."""
    with leased(Broker(directory / "kafka", launcher=partial(launch, java_options=AS_IN_PRODUCTION))) as held:
        yield Ground(held.bootstrap, directory)
