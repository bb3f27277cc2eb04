"""Sends letters back to their topics, each once, however often and from wherever it is run.

    marker of every letter that is sent -> a compacted topic, in the same transaction as the letters

Group offsets would not do: they say "up to here", and of what lies before that, some letters are mended today
and others next week. There is one transactional id per application, so a second run fences the first, and
reads the markers only when nothing of the first one is open any more. Markers are kept a while longer than
letters, and go by themselves.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError, ProducerFenced

from schemas.topics import DEAD_LETTERS, topics
from streams.dlq.letters import Letter
from streams.dlq.reading import read
from streams.errors import Fatal, Retryable
from streams.inputs.records import InputRecord
from streams.topics.kafka import TopicsClient
from streams.topics.plan import New

HEADER: Final = "kairos-replayed-from"
DAY_MS: Final = 86_400_000
KEPT_LONGER_DAYS: Final = 7
BATCH_MAX: Final = 200
"""Letters of one transaction."""

Again = tuple[Letter, InputRecord]


def markers_topic(application_id: str) -> str:
    """Where it is marked what was sent back."""
    return f"{application_id}-dead-letters-replayed"


def transactional_id(application_id: str) -> str:
    """One for all runs of an application."""
    return f"{application_id}-dlq"


async def make_markers_topic(client: TopicsClient, name: str, letters: str) -> None:
    """Make it, unless it is there, with as many replicas as the letters have. Fatal: it cannot be made."""
    found = (await client.read([name, letters])).topics
    if name in found:
        return
    if letters not in found:
        raise Fatal(f"the topic {letters} does not exist: `kairos topics apply` makes it")
    days = (topics()[DEAD_LETTERS].retention_days or 0) + KEPT_LONGER_DAYS
    configs = {"cleanup.policy": "compact,delete", "retention.ms": str(days * DAY_MS)}
    new = New(partitions=1, replicas=found[letters].replicas, configs=configs)
    for refused in (await client.create({name: new})).values():
        raise Fatal(f"the topic {name}, which says what was sent back, cannot be created: {refused}")


async def marked(consumer: AIOKafkaConsumer, topic: str) -> set[bytes]:
    """The markers of all letters that were sent back."""
    found: set[bytes] = set()
    async for records in read(consumer, topic):
        found.update(it.key for it in records if it.key is not None)
    return found


async def send(producer: AIOKafkaProducer, batch: Sequence[Again], markers: str) -> None:
    """All of a batch, or nothing. Fatal: another run has begun. Retryable: run it again."""
    try:
        await producer.begin_transaction()
        sent: list[Any] = []
        for letter, record in batch:
            sent.append(
                await producer.send(
                    record.topic, record.value, record.key, partition=record.partition,
                    timestamp_ms=record.timestamp_ms, headers=[(HEADER, letter.place)],
                )
            )  # fmt: skip
            target = f"{record.topic}-{record.partition}".encode()
            sent.append(await producer.send(markers, target, letter.marker, partition=0))
        await _all_of(sent)
        await producer.commit_transaction()
    except ProducerFenced as error:
        raise Fatal("another replay of these dead letters has begun, and goes on") from error
    except KafkaError as error:
        raise Retryable(f"the last batch was not sent, or nobody knows: run it again ({error!r})") from error


async def _all_of(sent: list[Any]) -> None:
    """Every one acknowledged: a transaction commits even if one of its batches was refused."""
    for answer in await asyncio.gather(*sent, return_exceptions=True):
        if isinstance(answer, BaseException):
            raise answer
