"""The topics of a run, and reading them to their end as whoever reads committed records does."""

from collections.abc import Iterable, Sequence
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from msgspec import Struct

from schemas.topics import topics
from streams.engine.clients import stop
from tests.chaos.plan import LETTER_BYTES_MAX, RECORD_BYTES_MAX, Plan

JOURNAL_BYTES_MAX: Final = 8_000_000
COMPACTED: Final = {
    "cleanup.policy": "compact",
    "segment.ms": "2000",
    "min.cleanable.dirty.ratio": "0.01",
    "max.compaction.lag.ms": "2000",
    "delete.retention.ms": "86400000",
}
"""A changelog that is compacted all the time, as it is after months."""


class Read(Struct, frozen=True, gc=False):
    """A committed record."""

    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]


async def make_topics(plan: Plan) -> None:
    """All topics of a run."""
    wanted = []
    for topic in topics().values():
        count = plan.partitions if topic.co_partitioned else 1
        config = {"cleanup.policy": "compact"} if topic.compacted and topic.direction == "in" else {}
        config["max.message.bytes"] = str(RECORD_BYTES_MAX if topic.co_partitioned else LETTER_BYTES_MAX)
        config["retention.ms"] = "-1"  # records are dated by the clock of the journey, which is long ago
        wanted.append(NewTopic(topic.full_name(plan.prefix), count, 1, topic_configs=config))
    wanted.append(NewTopic(plan.changelog, plan.partitions, 1, topic_configs=COMPACTED))
    journal = {"message.timestamp.type": "LogAppendTime", "max.message.bytes": str(JOURNAL_BYTES_MAX)}
    wanted.append(NewTopic(plan.journal, plan.partitions, 1, topic_configs=journal))
    admin = AIOKafkaAdminClient(bootstrap_servers=plan.bootstrap)
    await admin.start()
    try:
        answer = await admin.create_topics(wanted)
    finally:
        await stop(admin)
    refused = [error for error in answer.topic_errors if error[1]]
    if refused:
        raise RuntimeError(f"topics were not made: {refused}")


async def consumer_of(bootstrap: str, isolation: str = "read_committed") -> AIOKafkaConsumer:
    """A started consumer in no group."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        isolation_level=isolation,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=8 * RECORD_BYTES_MAX,
        fetch_max_wait_ms=50,
    )
    await consumer.start()
    return consumer


async def read_all(bootstrap: str, wanted: Iterable[TopicPartition]) -> dict[TopicPartition, list[Read]]:
    """Every committed record of these partitions up to their ends of now."""
    found: dict[TopicPartition, list[Read]] = {tp: [] for tp in wanted}
    consumer = await consumer_of(bootstrap)
    try:
        consumer.assign(list(found))
        await consumer.seek_to_beginning(*found)
        ends = await consumer.end_offsets(list(found))
        while [tp for tp in found if await consumer.position(tp) < ends[tp]]:
            for tp, records in (await consumer.getmany(timeout_ms=500)).items():
                found[tp].extend(map(_read, records))
    finally:
        await stop(consumer)
    return found


async def ends_of(bootstrap: str, wanted: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
    """Where these partitions end now."""
    consumer = await consumer_of(bootstrap)
    try:
        consumer.assign(list(wanted))
        return dict(await consumer.end_offsets(list(wanted)))
    finally:
        await stop(consumer)


def _read(record: object) -> Read:
    it = record
    return Read(it.offset, it.timestamp, it.key, it.value, tuple(it.headers))  # type: ignore[attr-defined]
