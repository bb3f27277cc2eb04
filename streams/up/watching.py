"""Reads what the workers say, as any subscriber would: committed records only, from the beginning.

It waits for a Kafka that does not answer, and knows since when.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from time import monotonic
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from schemas.framing import RecordDecoder, SchemaSource
from schemas.records import Decision, Eligibility, FrictionChange, StageChange
from schemas.topics import (
    DEAD_LETTERS,
    DECISIONS,
    ELIGIBILITY,
    FRICTION,
    HOLDOUT,
    STAGES,
    journey_inputs,
    outputs,
)
from streams.client_options import client_options
from streams.engine.clients import stop
from streams.settings import Settings
from streams.up.board import Board

FETCH_MS: Final = 200
RECORDS_MAX: Final = 2_000
ASK_EVERY_S: Final = 1.0
AWAY_AFTER_S: Final = 5.0
"""A broker that is busy may take a moment to answer."""
KINDS: Final[Mapping[str, Any]] = {
    ELIGIBILITY: Eligibility,
    HOLDOUT: Eligibility,
    FRICTION: FrictionChange,
    STAGES: StageChange,
    DECISIONS: Decision,
}

Heard = Callable[[Eligibility, int, int], None]
"""An eligibility, its partition and its offset."""


class Watching:
    """One consumer of all output topics, which fills a board. To be made within a running loop."""

    def __init__(
        self,
        settings: Settings,
        partitions: int,
        board: Board,
        heard: Heard,
        source: SchemaSource | None = None,
    ) -> None:
        prefix = settings.engine.topic_prefix
        self.inputs = self.lag = 0
        """How many records the inputs hold, and how many of them the group has not taken; see `asking`."""
        self._answered_at = monotonic()
        self._board = board
        self._heard = heard
        self._names = {topic.full_name(prefix): topic.name for topic in outputs().values()}
        self._outputs = [
            TopicPartition(topic.full_name(prefix), number)
            for topic in outputs().values()
            for number in range(partitions if topic.co_partitioned else 1)
        ]
        self._asked = [
            TopicPartition(topic.full_name(prefix), number)
            for topic in journey_inputs()
            for number in range(partitions)
        ]
        self._group = settings.engine.application_id
        self._decoders = {name: RecordDecoder(kind, source=source) for name, kind in KINDS.items()}
        options = client_options(settings)
        self._consumer = AIOKafkaConsumer(
            **options, group_id=None, enable_auto_commit=False, isolation_level="read_committed"
        )
        self._admin = AIOKafkaAdminClient(**options)

    async def start(self) -> None:
        """Connect, and go to the beginning of what is read.

        The inputs are assigned too, though nothing of them is fetched: of a topic that is not, a client only
        learns when it is asked for it, one after the other and half a second each.
        """
        await self._consumer.start()
        await self._admin.start()
        self._consumer.assign([*self._outputs, *self._asked])
        self._consumer.pause(*self._asked)
        await self._consumer.seek_to_beginning(*self._outputs)

    async def stop(self) -> None:
        """Let go of the clients, within a bound."""
        await asyncio.gather(stop(self._consumer), stop(self._admin))

    @property
    def away_s(self) -> float:
        """How long Kafka has not answered; 0 while it does."""
        silent_s = monotonic() - self._answered_at
        return silent_s if silent_s >= AWAY_AFTER_S else 0.0

    async def run(self) -> None:
        """Take what comes, for ever."""
        while True:
            try:
                found = await self._consumer.getmany(timeout_ms=FETCH_MS, max_records=RECORDS_MAX)
            except KafkaError:
                await asyncio.sleep(ASK_EVERY_S)
                continue
            for tp, records in found.items():
                for record in records:
                    self._take(self._names[tp.topic], record)

    async def held(self) -> int:
        """How many records the inputs hold. KafkaError: nobody answers."""
        return sum((await self._consumer.end_offsets(self._asked)).values())

    async def asking(self) -> None:
        """Ask how far the inputs and the group are, for ever."""
        while True:
            with suppress(KafkaError, OSError):
                await self._ask()
            await asyncio.sleep(ASK_EVERY_S)

    async def _ask(self) -> None:
        ends = await self._consumer.end_offsets(self._asked)
        taken = await self._admin.list_consumer_group_offsets(self._group)
        self.lag = sum(max(0, end - _offset(taken.get(tp))) for tp, end in ends.items())
        self.inputs = sum(ends.values())
        self._answered_at = monotonic()

    def _take(self, name: str, record: Any) -> None:
        self._board.heard(record.timestamp)
        if name == DEAD_LETTERS:
            self._board.dead_letters += 1
        elif name in self._decoders and record.value is not None:
            said = self._decoders[name].decode(record.value)
            self._board.said(said, held_out=name == HOLDOUT)
            if name == ELIGIBILITY:
                self._heard(said, record.partition, record.offset)


def _offset(found: Any) -> int:
    """What a group has taken; the broker says -1 where it has taken nothing."""
    return 0 if found is None else max(0, int(found.offset))
