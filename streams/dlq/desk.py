"""Where the dead letters of one application are looked through, judged as of now, and sent back.

"Now" is that of the application's clock: letters carry its time, and what is sent back is dated by it, since
a record is refused that speaks of a time later than its own.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any, Final

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from msgspec import Struct

from schemas.topics import DEAD_LETTERS, inputs, journey_inputs
from streams.client_options import client_options, fetching_options, producer_options
from streams.dlq import replaying
from streams.dlq.letters import NO_LETTER, Count, Judge, Letter, Wanted, counted, letter_of
from streams.dlq.reading import one, read
from streams.engine.clients import Clients, stop
from streams.engine.clock import clock_of
from streams.engine.failpoints import VARIABLE, Failpoints
from streams.engine.overrides import partitions_of
from streams.errors import Fatal
from streams.inputs.decode import InputDecoder
from streams.inputs.partition import PARTITIONERS
from streams.inputs.records import InputRecord, Rejection
from streams.registry.cache import SchemaCache
from streams.registry.client import RegistryClient
from streams.settings import Settings
from streams.topics.kafka import TopicsClient

MARKED: Final = "sent back already"
ACCEPTED: Final = "would be accepted"


class Judged(Struct, frozen=True):
    """A letter, the record that it would be if it were sent now, and why that would be refused."""

    letter: Letter
    again: InputRecord | None
    refused: Rejection | None

    @property
    def now(self) -> str:
        """What would become of it, in words."""
        if self.again is None:
            return "has no topic to go back to"
        if self.refused is None:
            return ACCEPTED
        field = f" at {self.refused.field}" if self.refused.field else ""
        return f"would be refused: {self.refused.reason.value}{field}"


class Outcome(Struct):
    """What was sent back, or would be, and what was found, by topic and word."""

    sent: int = 0
    found: Counter[tuple[str, str]] = Counter()


class Desk:
    """All of it for one application. Fatal, Retryable: Kafka does not answer, or refuses."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._prefix = settings.engine.topic_prefix
        self._topic = self._prefix + DEAD_LETTERS
        self._clock = clock_of(settings)
        registry = settings.registry
        self._schemas = None if registry.url is None else SchemaCache(RegistryClient(registry), None)
        self._failpoints = Failpoints.of(os.environ.get(VARIABLE, ""))
        self._clients = Clients(
            client_options(settings), consumer=fetching_options(settings), producer=producer_options(settings)
        )

    async def counts(self, wanted: Wanted) -> list[Count]:
        """How many there are of which."""
        async with self._consumer() as consumer:
            return counted([it async for it in self._letters(consumer, wanted)])

    async def one(self, place: list[str]) -> Judged:
        """The letter at a place of the dead letters, or that of a record at its place."""
        async with self._consumer() as consumer:
            letter = await self._one(consumer, place)
            async with closing(self._schemas):
                return await self._judged(await self._judge(consumer), letter)

    async def replay(self, wanted: Wanted, *, yes: bool, force: bool, rate: int) -> Outcome:
        """Send back what would be accepted, or find out what would be sent."""
        outcome = Outcome(found=Counter())
        producer = await self._producer() if yes else None
        try:
            batch: list[replaying.Again] = []
            async with self._consumer() as consumer, closing(self._schemas):
                async for letter, record in self._to_send(consumer, wanted, outcome, force=force):
                    outcome.sent += 1
                    batch.append((letter, record))
                    if len(batch) >= min(rate, replaying.BATCH_MAX):
                        await self._send(producer, batch, rate)
                        batch = []
            await self._send(producer, batch, rate)
        finally:
            if producer is not None:
                await stop(producer)
        return outcome

    async def _to_send(
        self, consumer: AIOKafkaConsumer, wanted: Wanted, outcome: Outcome, *, force: bool
    ) -> AsyncIterator[replaying.Again]:
        """The letters that are to go, of all that are counted."""
        async with self._consumer() as other:
            judge = await self._judge(other)
            markers = self._settings.replayed_topic
            marked = await replaying.marked(other, markers) if await partitions_of(other, markers) else set()
        async for letter in self._letters(consumer, wanted):
            judged = await self._judged(judge, letter)
            if judged.again is None:
                outcome.found["-", NO_LETTER] += 1
            elif letter.marker in marked:
                outcome.found[judged.again.topic, MARKED] += 1
            else:
                outcome.found[judged.again.topic, judged.now] += 1
                if judged.refused is None or force:
                    yield letter, judged.again

    async def _send(self, producer: Any, batch: list[replaying.Again], rate: int) -> None:
        """Send a batch, and wait until as many may be sent again."""
        if producer is None or not batch:
            return
        begun = monotonic()
        await replaying.send(producer, batch, self._settings.replayed_topic, self._failpoints)
        await asyncio.sleep(max(0.0, len(batch) / rate - (monotonic() - begun)))

    async def _producer(self) -> Any:
        """A producer that fences every other run, with the topic of markers there."""
        async with TopicsClient(client_options(self._settings)) as client:
            await replaying.make_markers_topic(client, self._settings, self._topic)
        try:
            return await self._clients.producer(replaying.transactional_id(self._settings))
        except KafkaError as error:
            raise self._unreachable(error) from error

    @asynccontextmanager
    async def _consumer(self) -> AsyncIterator[AIOKafkaConsumer]:
        try:
            consumer = await self._clients.consumer([])
        except (KafkaError, OSError) as error:
            raise self._unreachable(error) from error
        try:
            yield consumer
        except KafkaError as error:
            raise Fatal(f"the dead letters cannot be read: {error!r}") from error
        finally:
            await stop(consumer)

    def _unreachable(self, error: Exception) -> Fatal:
        servers = ", ".join(self._settings.kafka.bootstrap_servers)
        return Fatal(f"Kafka at {servers} cannot be used: {error!r}; see kafka.* in `kairos config`")

    async def _letters(self, consumer: AIOKafkaConsumer, wanted: Wanted) -> AsyncIterator[Letter]:
        async for records in read(consumer, self._topic, wanted.since_ms):
            for record in records:
                letter = letter_of(record)
                if wanted.holds(letter):
                    yield letter

    async def _one(self, consumer: AIOKafkaConsumer, place: list[str]) -> Letter:
        *topic, partition, offset = place if len(place) in (2, 3) else ["", "", "", ""]
        if not (partition.isdecimal() and offset.isdecimal()):
            raise Fatal("write PARTITION OFFSET of a dead letter, or TOPIC PARTITION OFFSET of the record")
        if not topic:
            record = await one(consumer, self._topic, int(partition), int(offset))
            if record is None:
                raise Fatal(f"{self._topic} holds nothing at partition {partition}, offset {offset}")
            return letter_of(record)
        name = full_name(topic[0], self._prefix)
        async for letter in self._letters(consumer, Wanted(topic=name)):
            said = letter.account
            if said and (said.partition, said.offset) == (int(partition), int(offset)):
                return letter
        raise Fatal(f"no dead letter tells of {name}, partition {partition}, offset {offset}")

    async def _judged(self, judge: Judge, letter: Letter) -> Judged:
        again = judge.again(letter, self._clock.now_ms())
        if again is not None and self._schemas is not None:
            await self._schemas.sure(again.value)
        return Judged(letter, again, None if again is None else judge.refused(again))

    async def _judge(self, consumer: AIOKafkaConsumer) -> Judge:
        every = frozenset(it.full_name(self._prefix) for it in inputs().values())
        co_partitioned = frozenset(
            it.full_name(self._prefix) for it in inputs().values() if it.co_partitioned
        )
        name = journey_inputs()[0].full_name(self._prefix)
        partitions = len(await partitions_of(consumer, name))
        if not partitions:
            raise Fatal(f"the topic {name} does not exist: `kairos topics apply` makes it")
        partitioner = PARTITIONERS[self._settings.engine.partitioner]
        decoder = InputDecoder(
            prefix=self._prefix, source=self._schemas, partitions=partitions, partitioner=partitioner
        )
        return Judge(decoder, every, co_partitioned, partitioner, partitions)


@asynccontextmanager
async def closing(schemas: SchemaCache | None) -> AsyncIterator[None]:
    """Close what was asked, if there is any."""
    try:
        yield
    finally:
        if schemas is not None:
            await schemas.close()


def full_name(topic: str, prefix: str) -> str:
    """The topic of a short name; any other name stays."""
    return prefix + topic if topic in inputs() else topic
