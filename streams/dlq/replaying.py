"""Sends letters back to their topics, each once, however often and from wherever it is run.

    marker of every letter that is sent -> a topic of markers, in the same transaction as the letters

Group offsets would not do: they say "up to here", and of what lies before that, some letters are mended today
and others next week. There is one transactional id per application, so a second run fences the first, and
reads the markers only when nothing of the first one is open any more. Markers are kept a while longer than
letters, and go by themselves.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import IllegalOperation, KafkaError, ProducerFenced

from streams.dlq.letters import Letter
from streams.dlq.reading import read
from streams.engine.clients import acknowledged
from streams.engine.failpoints import Failpoints
from streams.errors import Fatal, Retryable
from streams.inputs import tracing
from streams.inputs.records import InputRecord
from streams.settings import Settings
from streams.topics.applying import carry_out, look_after, look_before
from streams.topics.kafka import TopicsClient
from streams.topics.plan import Asked
from streams.topics.wanted import replayed_topic

HEADER: Final = "kairos-replayed-from"
BATCH_MAX: Final = 200
"""Letters of one transaction."""
ABORTS_WITHIN_S: Final = 5.0

Again = tuple[Letter, InputRecord]


def transactional_id(settings: Settings) -> str:
    """One for all runs of an application."""
    return f"{settings.transactional_ids}dlq"


async def make_markers_topic(client: TopicsClient, settings: Settings, letters: str) -> None:
    """Make it, unless it is there. Fatal: there are no dead letters. NotAllowed: it may not be made."""
    wanted = replayed_topic(settings)
    found = (await client.read([wanted.name, letters])).topics
    if letters not in found:
        raise Fatal(f"the topic {letters} does not exist: `kairos topics apply` makes it")
    if wanted.name not in found:
        asked = Asked(replicas=found[letters].replicas)
        await carry_out(client, await look_before(client, [wanted], asked))
        await look_after(client, [wanted], asked)


async def marked(consumer: AIOKafkaConsumer, topic: str) -> set[bytes]:
    """The markers of all letters that were sent back."""
    found: set[bytes] = set()
    async for records in read(consumer, topic):
        found.update(it.key for it in records if it.key is not None)
    return found


async def send(
    producer: AIOKafkaProducer, batch: Sequence[Again], markers: str, failpoints: Failpoints
) -> None:
    """All of a batch, or nothing. Fatal: another run has begun. Retryable: run it again.

    What fails is ended here: an open transaction holds up whoever reads the topics that it wrote to.
    """
    try:
        await producer.begin_transaction()
        failpoints.reach("after_begin")
        await acknowledged(await _written(producer, batch, markers))
        failpoints.reach("before_commit")
        await producer.commit_transaction()
        failpoints.reach("after_commit")
    except ProducerFenced as error:
        raise Fatal("another replay of these dead letters has begun, and goes on") from error
    except KafkaError as error:
        await _abort(producer)
        raise Retryable(f"the last batch was not sent, or nobody knows: run it again ({error!r})") from error
    except BaseException:
        await _abort(producer)
        raise


async def _written(producer: AIOKafkaProducer, batch: Sequence[Again], markers: str) -> list[Any]:
    """The answers to come. What refuses one record ends the transaction, and the refused one knows why."""
    sent: list[Any] = []
    try:
        for letter, record in batch:
            headers = [(HEADER, letter.place)]
            if trace := tracing.traceparent(letter.headers):
                headers.append((tracing.HEADER, trace.encode()))
            sent.append(
                await producer.send(
                    record.topic, record.value, record.key, partition=record.partition,
                    timestamp_ms=record.timestamp_ms, headers=headers,
                )
            )  # fmt: skip
            target = f"{record.topic}-{record.partition}".encode()
            sent.append(await producer.send(markers, target, letter.marker, partition=0))
    except IllegalOperation:
        await acknowledged(sent)
        raise
    return sent


async def _abort(producer: AIOKafkaProducer) -> None:
    """As far as that is possible; the broker does it by itself after a time."""
    with suppress(KafkaError, TimeoutError):
        await asyncio.wait_for(producer.abort_transaction(), ABORTS_WITHIN_S)
