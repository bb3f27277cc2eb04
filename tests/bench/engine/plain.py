"""`python -m tests.bench.engine.plain JOB PLAN SAMPLES`: the same jobs as ordinary Faust agents with tables.

    count      as Faust's documentation has it: JSON topics, a table in RocksDB, a send per answer
    tuned      the same with every setting that helped: raw bytes, snappy, larger buffers, seldom commits
    journey    the core of the journey, its state in the table; what is due is looked at before each event of
               its partition, because a table is written only within an event

All are at least once, which is Faust's default and its fastest; `count` and `tuned` have no wake-ups.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import faust
import msgspec
from faust.transport.producer import ProducerBuffer
from msgspec import Struct

from schemas.framing import encode
from schemas.topics import DEFAULT_PREFIX
from state.keys import Wakeup
from state.layouts import Codecs
from state.memory import MemoryStore
from state.overlay import Overlay
from state.store import Batch
from streams.inputs.decode import InputDecoder
from streams.inputs.records import InputRecord, Rejection, Removal
from streams.journey.advance import Journey, Work
from streams.journey.step import At
from tests.bench.core import world
from tests.bench.engine import counting
from tests.bench.engine.samples import Sample, Sampler

ROCKS: Final = {"driver": "rocksdict"}
TUNED: Final[dict[str, Any]] = {
    "producer_compression_type": "snappy",
    "producer_linger": 0.05,
    "producer_max_batch_size": 512 * 1024,
    "producer_acks": 1,
    "broker_commit_every": 100_000,
    "broker_commit_interval": 10.0,
    "broker_max_poll_records": 10_000,
    "stream_buffer_maxsize": 65_536,
    "stream_wait_empty": False,
    "stream_publish_on_commit": False,
    "table_key_index_size": 1_000_000,
}


class Plan(Struct, frozen=True):
    """What an agent is told."""

    bootstrap: str
    name: str
    prefix: str
    partitions: int
    directory: str
    inputs: tuple[str, ...]


class Counts(Struct):
    """What it did so far."""

    events: int = 0
    looks: int = 0
    outputs: int = 0


SENDS_WAITING_MAX: Final = 10_000
"""Of 100 the buffer is full all the time, and says so."""


def app_of(plan: Plan, **others: Any) -> faust.App:
    """An application with a table in RocksDB."""
    return faust.App(
        plan.name,
        broker=f"kafka://{plan.bootstrap}",
        store="rocksdb://",
        datadir=f"{plan.directory}/{plan.name}",
        topic_partitions=plan.partitions,
        topic_disable_leader=True,
        web_enabled=False,
        table_standby_replicas=0,
        **others,
    )


def count(plan: Plan, done: Counts) -> faust.App:
    """As the documentation has it."""
    app = app_of(plan)
    events = app.topic(*plan.inputs, key_serializer="raw", value_serializer="json")
    answers = app.topic(plan.prefix + counting.OUTPUT, key_serializer="raw", value_serializer="json")
    table: Any = app.Table("counts", default=int, partitions=plan.partitions, options=dict(ROCKS))

    async def agent(stream: Any) -> None:
        async for event in stream:
            customer_id = event["customer_id"]
            table[customer_id] += 1
            seen = table[customer_id]
            done.events += 1
            if seen % counting.EVERY == 0:
                value = {"customer_id": customer_id, "count": seen, "why": "third"}
                await answers.send(key=customer_id.encode(), value=value)
                done.outputs += 1

    app.agent(events, name="count")(agent)
    return app


def tuned(plan: Plan, done: Counts) -> faust.App:
    """With what helps: the engine's JSON codec, raw bytes, one read of the table, no send awaited."""
    app = app_of(plan, **TUNED)
    ProducerBuffer.max_messages = SENDS_WAITING_MAX
    events = app.topic(*plan.inputs, key_serializer="raw", value_serializer="raw")
    answers = app.topic(plan.prefix + counting.OUTPUT, key_serializer="raw", value_serializer="raw")
    table: Any = app.Table(
        "counts", partitions=plan.partitions, key_type=bytes, value_type=bytes, options=dict(ROCKS)
    )

    async def agent(stream: Any) -> None:
        async for value in stream:
            event = counting.decode_event(value)
            key = event.customer_id.encode()
            before = table.get(key)
            seen = 1 + (0 if before is None else int.from_bytes(before, "big"))
            table[key] = seen.to_bytes(8, "big")
            done.events += 1
            if seen % counting.EVERY == 0:
                answer = counting.Answer(event.customer_id, seen, "third")
                answers.send_soon(key=key, value=counting.encode(answer))
                done.outputs += 1

    app.agent(events, name="count")(agent)
    return app


class TableStore(MemoryStore):
    """The state of one partition in a Faust table; order and wake-ups, which a table lacks, in memory."""

    def __init__(self, table: Any) -> None:
        super().__init__()
        self._table = table

    def get(self, key: bytes) -> bytes | None:
        """As a Store."""
        found: bytes | None = self._table.get(key)
        return found

    def get_many(self, wanted: Sequence[bytes]) -> list[bytes | None]:
        """As a Store."""
        return [self._table.get(key) for key in wanted]

    def write(self, batch: Batch) -> None:
        """As a Store."""
        for key, value in batch.values.items():
            if value is None:
                self._table.pop(key, None)
            else:
                self._table[key] = value
        super().write(batch)


class Partition:
    """The core over the table, step by step: what is due before an event, and the event."""

    def __init__(self, table: Any, done: Counts) -> None:
        self._done = done
        self._store = TableStore(table)
        self._overlay = Overlay(self._store, Codecs())
        self._journey = Journey(world())
        self._work = Work(self._overlay)
        self._batch = Batch()

    def take(self, event: Any, now_ms: int) -> list[tuple[str, Any]]:
        """What is said."""
        said = []
        due_ms = self._store.next_due()
        while due_ms is not None and due_ms < now_ms:
            for wakeup in self._store.due(due_ms):
                said += self._look(wakeup, due_ms)
            due_ms = self._store.next_due()
        self._journey.on_event(self._work, event, At(now_ms=now_ms))
        self._done.events += 1
        return said + self._said()

    def _look(self, wakeup: Wakeup, now_ms: int) -> list[tuple[str, Any]]:
        if self._overlay.is_due(wakeup):
            self._journey.on_wake_up(self._work, wakeup.customer_id, wakeup.target, At(now_ms=now_ms))
            self._done.looks += 1
        return self._said()

    def _said(self) -> list[tuple[str, Any]]:
        said = list(self._work.outputs)
        self._work.outputs.clear()
        self._overlay.commit_to(self._batch)
        self._store.write(self._batch)
        self._batch.clear()
        self._overlay.drop()
        return said


def journey(plan: Plan, done: Counts) -> faust.App:
    """The core in an agent, with the settings of `tuned`."""
    app = app_of(plan, **TUNED)
    ProducerBuffer.max_messages = SENDS_WAITING_MAX
    inputs = app.topic(*plan.inputs, key_serializer="raw", value_serializer="raw")
    table: Any = app.Table(
        "state", partitions=plan.partitions, key_type=bytes, value_type=bytes, options=dict(ROCKS)
    )
    outputs: dict[str, Any] = {}
    decoder = InputDecoder(prefix=plan.prefix, partitions=plan.partitions)
    partitions: dict[int, Partition] = {}

    def output(name: str) -> Any:
        full = plan.prefix + name.removeprefix(DEFAULT_PREFIX)
        if full not in outputs:
            outputs[full] = app.topic(full, key_serializer="raw", value_serializer="raw")
        return outputs[full]

    async def agent(stream: Any) -> None:
        async for event in stream.events():
            it = event.message
            now_ms = int(it.timestamp * 1000)
            record = InputRecord(it.topic, it.partition, it.offset, now_ms, it.key, it.value)
            decoded = decoder.decode(record)
            if isinstance(decoded, Rejection | Removal):
                raise TypeError(f"{record.topic} {record.offset}: {decoded}")
            if it.partition not in partitions:
                partitions[it.partition] = Partition(table, done)
            for name, said in partitions[it.partition].take(decoded, now_ms):
                output(name).send_soon(key=said.customer_id.encode(), value=encode(said))
                done.outputs += 1

    app.agent(inputs, name="journey")(agent)
    return app


JOBS: Final = {"count": count, "tuned": tuned, "journey": journey}


def main(job: str, plan_path: Path, samples: Path) -> None:
    """Run it until a signal ends it."""
    plan = msgspec.json.decode(plan_path.read_bytes(), type=Plan)
    done = Counts()

    def fill(sample: Sample) -> None:
        sample.events, sample.looks, sample.outputs = done.events, done.looks, done.outputs

    sampler = Sampler(samples, fill)
    app = JOBS[job](plan, done)
    sampler.start()
    sys.argv[1:] = []
    faust.Worker(app, loglevel="warning", quiet=True).execute_from_commandline()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
