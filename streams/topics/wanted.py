"""Pure. Which topics there should be, and how they should be set up.

Topics that are compacted by customer are set so that an erasure has a bound. A value that was replaced by a
tombstone is gone once its segment is closed and cleaned, about `max.compaction.lag.ms` later; the tombstone,
whose key is the customer, about `delete.retention.ms` after that. Kafka's defaults know no such bound.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Final

from msgspec import Struct

from schemas.model import RECORD_BYTES_MAX
from schemas.topics import DEAD_LETTERS, Topic, topics
from streams.settings import Settings

DAY_MS: Final = 86_400_000
KAFKA_BATCH_BYTES: Final = 1_048_588
"""Kafka's own `max.message.bytes`: the largest record of the contract, and a little for its key."""
HEADERS_BYTES: Final = 64 * 1024
"""A dead letter has so much more room than the record that it holds."""
CUSTOMER: Final = "customer_id"

ERASABLE: Final[Mapping[str, str]] = {
    "max.compaction.lag.ms": str(DAY_MS),
    "segment.ms": str(DAY_MS // 4),
    "min.cleanable.dirty.ratio": "0.1",
    "delete.retention.ms": str(2 * DAY_MS),
}
"""Of topics that are compacted by customer. A state on disk that is older than half of `delete.retention.ms`
may have missed a tombstone, so it is rebuilt: a longer time would rebuild less and keep names longer."""


class Role(StrEnum):
    """What a topic is to Kairos."""

    INPUT = "input"
    GLOBAL = "global"
    OUTPUT = "output"
    DEAD_LETTERS = "dead letters"
    CHANGELOG = "changelog"
    REPLAYED = "letters sent back"


RIGHTS: Final[Mapping[Role, tuple[str, ...]]] = {
    Role.INPUT: ("READ",),
    Role.GLOBAL: ("READ",),
    Role.OUTPUT: ("WRITE",),
    Role.DEAD_LETTERS: ("WRITE",),
    Role.CHANGELOG: ("READ", "WRITE"),
    Role.REPLAYED: (),
}
"""What a worker must be allowed to do. Each of them implies DESCRIBE."""
REPLAYED_KEPT_DAYS: Final = 7
"""What was sent back is known so much longer than the letter is kept."""


class Wanted(Struct, frozen=True, kw_only=True):
    """A topic as it should be, its entries by Kafka's names.

    `partitions` is the registry's count for a new one. `topic` is None for what is no part of the contract.
    """

    name: str
    role: Role
    co_partitioned: bool
    partitions: int
    configs: Mapping[str, str]
    topic: Topic | None = None


def wanted_topics(settings: Settings, output_prefix: str | None = None) -> tuple[Wanted, ...]:
    """All topics of an application, in the order of the registry, and then those that are its own affair.

    `output_prefix` stands before the names of outputs, where it is not that of the settings.
    """
    prefix = settings.engine.topic_prefix
    said_under = prefix if output_prefix is None else output_prefix
    own = (_changelog(settings.changelog_topic), replayed_topic(settings))
    return (*_of_registry(prefix, said_under), *own)


def worker_topics(settings: Settings, output_prefix: str | None = None) -> tuple[Wanted, ...]:
    """Those of them that a worker uses."""
    return tuple(topic for topic in wanted_topics(settings, output_prefix) if RIGHTS[topic.role])


def replayed_topic(settings: Settings) -> Wanted:
    """Where it is marked which dead letters were sent back: each once, so nothing is to be compacted."""
    days = (topics()[DEAD_LETTERS].retention_days or 0) + REPLAYED_KEPT_DAYS
    return Wanted(
        name=settings.replayed_topic,
        role=Role.REPLAYED,
        co_partitioned=False,
        partitions=1,
        configs={"cleanup.policy": "delete", "retention.ms": str(days * DAY_MS)},
    )


def _of_registry(prefix: str, output_prefix: str) -> Iterator[Wanted]:
    for topic in topics().values():
        yield Wanted(
            name=topic.full_name(prefix if topic.direction == "in" else output_prefix),
            role=_role(topic),
            co_partitioned=topic.co_partitioned,
            partitions=topic.partitions,
            configs=_configs(topic),
            topic=topic,
        )


def _role(topic: Topic) -> Role:
    if topic.name == DEAD_LETTERS:
        return Role.DEAD_LETTERS
    if topic.direction == "out":
        return Role.OUTPUT
    return Role.INPUT if topic.co_partitioned else Role.GLOBAL


def _configs(topic: Topic) -> dict[str, str]:
    configs = {"max.message.bytes": str(max(topic.max_record_bytes, KAFKA_BATCH_BYTES))}
    if topic.retention_days is not None:
        return {
            "cleanup.policy": "delete",
            "retention.ms": str(topic.retention_days * DAY_MS),
            **configs,
        }
    return {"cleanup.policy": "compact", **configs, **(ERASABLE if topic.key == CUSTOMER else {})}


def _changelog(name: str) -> Wanted:
    partitions = next(it.partitions for it in topics().values() if it.co_partitioned)
    return Wanted(
        name=name,
        role=Role.CHANGELOG,
        co_partitioned=True,
        partitions=partitions,
        configs={
            "cleanup.policy": "compact",
            "max.message.bytes": str(max(RECORD_BYTES_MAX, KAFKA_BATCH_BYTES)),
            **ERASABLE,
        },
    )
