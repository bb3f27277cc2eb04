"""Reads a topic from its beginning, or a time, to the end that it had when reading began."""

from __future__ import annotations

from collections.abc import AsyncIterator
from time import monotonic
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.engine.overrides import partitions_of
from streams.errors import Fatal, Retryable

WAIT_MS: Final = 500
STUCK_AFTER_S: Final = 30.0
RECORDS_MAX: Final = 500


async def read(
    consumer: AIOKafkaConsumer, topic: str, since_ms: int | None = None
) -> AsyncIterator[list[Any]]:
    """Committed records, some at a time. Fatal: no such topic. Retryable: its end is not reached."""
    numbers = await partitions_of(consumer, topic)
    if not numbers:
        raise Fatal(f"the topic {topic} does not exist: `kairos topics apply` makes it")
    partitions = [TopicPartition(topic, number) for number in numbers]
    consumer.assign(partitions)
    first = await consumer.beginning_offsets(partitions)
    ends = await consumer.end_offsets(partitions)
    if since_ms is not None:
        for tp, found in (await consumer.offsets_for_times(dict.fromkeys(partitions, since_ms))).items():
            first[tp] = ends[tp] if found is None else found.offset
    for tp, offset in first.items():
        consumer.seek(tp, offset)
    moved_at, positions = monotonic(), first
    while left := [tp for tp in partitions if positions[tp] < ends[tp]]:
        found = await consumer.getmany(*left, timeout_ms=WAIT_MS, max_records=RECORDS_MAX)
        records = [it for tp, some in found.items() for it in some if it.offset < ends[tp]]
        if records:
            yield records
        now = {tp: await consumer.position(tp) for tp in partitions}
        if now != positions:
            moved_at, positions = monotonic(), now
        elif monotonic() - moved_at > STUCK_AFTER_S:
            raise Retryable(f"{topic} cannot be read to its end: a transaction may be open on it")


async def one(consumer: AIOKafkaConsumer, topic: str, partition: int, offset: int) -> Any:
    """The record at one place, None when there is none."""
    if partition not in await partitions_of(consumer, topic):
        return None
    tp = TopicPartition(topic, partition)
    consumer.assign([tp])
    first = (await consumer.beginning_offsets([tp]))[tp]
    end = (await consumer.end_offsets([tp]))[tp]
    if not first <= offset < end:
        return None
    consumer.seek(tp, offset)
    found = await consumer.getmany(tp, timeout_ms=WAIT_MS * 10, max_records=1)
    return next((it for it in found.get(tp, ()) if it.offset == offset), None)
