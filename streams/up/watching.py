"""Reads what the workers say, as any subscriber would: committed records only, from the beginning."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from schemas.framing import RecordDecoder
from schemas.records import Eligibility, FrictionChange
from schemas.topics import ELIGIBILITY, FRICTION, journey_inputs, outputs
from streams.client_options import client_options
from streams.settings import Settings
from streams.up.board import Board

FETCH_MS: Final = 200
RECORDS_MAX: Final = 2_000

Heard = Callable[[Eligibility, int, int], None]
"""An eligibility, its partition and its offset."""


class Watching:
    """One consumer of all output topics, which fills a board."""

    def __init__(self, settings: Settings, partitions: int, board: Board, heard: Heard) -> None:
        prefix = settings.engine.topic_prefix
        self._board = board
        self._heard = heard
        self._names = {topic.full_name(prefix): topic.name for topic in outputs().values()}
        self._outputs = [
            TopicPartition(topic.full_name(prefix), number)
            for topic in outputs().values()
            for number in range(partitions if topic.co_partitioned else 1)
        ]
        self._inputs = [
            TopicPartition(topic.full_name(prefix), number)
            for topic in journey_inputs()
            for number in range(partitions)
        ]
        self._group = settings.engine.application_id
        self._eligibility: RecordDecoder[Eligibility] = RecordDecoder(Eligibility)
        self._friction: RecordDecoder[FrictionChange] = RecordDecoder(FrictionChange)
        options = client_options(settings)
        self._consumer = AIOKafkaConsumer(
            **options, group_id=None, enable_auto_commit=False, isolation_level="read_committed"
        )
        self._admin = AIOKafkaAdminClient(**options)

    async def start(self) -> None:
        """Connect, and go to the beginning."""
        await self._consumer.start()
        await self._admin.start()
        self._consumer.assign(self._outputs)
        await self._consumer.seek_to_beginning()

    async def stop(self) -> None:
        """Let go of the clients."""
        await self._consumer.stop()
        await self._admin.close()

    async def read(self) -> None:
        """Take what is there, and wait a moment when nothing is."""
        found = await self._consumer.getmany(timeout_ms=FETCH_MS, max_records=RECORDS_MAX)
        for tp, records in found.items():
            name = self._names[tp.topic]
            for record in records:
                self._board.said(name)
                if record.value is None:
                    continue
                if name == ELIGIBILITY:
                    eligibility = self._eligibility.decode(record.value)
                    self._board.eligibility(eligibility)
                    self._heard(eligibility, tp.partition, record.offset)
                elif name == FRICTION:
                    self._board.friction(self._friction.decode(record.value))

    async def inputs(self) -> tuple[int, int]:
        """How many records the inputs hold, and how many of them the group has not taken yet."""
        ends = await self._consumer.end_offsets(self._inputs)
        taken = await self._admin.list_consumer_group_offsets(self._group)
        lag = sum(max(0, end - _offset(taken.get(tp))) for tp, end in ends.items())
        return sum(ends.values()), lag


def _offset(found: object) -> int:
    return max(0, getattr(found, "offset", 0))
