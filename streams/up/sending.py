"""Sends the traffic as other systems would: each record at its time, where its customer's others lie.

What was sent is written down afterwards. So after a crash, or when Kafka was away, some of it comes twice, as
from any producer, and none of it is missing.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from time import monotonic
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from schemas.framing import encode
from schemas.records import Eligibility
from streams.client_options import client_options
from streams.engine.clients import acknowledged, stop
from streams.engine.clock import ScaledClock
from streams.inputs.partition import murmur2_partition
from streams.settings import Settings
from streams.sources.source import TOPICS, Event
from streams.up import kept as keeping
from streams.up.kept import Kept
from streams.up.traffic import Traffic

SEND_EVERY_S: Final = 0.1
KEEP_EVERY_S: Final = 1.0
SENDS_MAX: Final = 2_000
"""Records on their way at a time."""
AGAIN_AFTER_S: Final = 1.0
"""A pause before Kafka is asked again that did not answer."""


class Sending:
    """The traffic of one run; `path` is where it is written how far it came. To be made within a loop."""

    def __init__(
        self, settings: Settings, traffic: Traffic, clock: ScaledClock, kept: Kept, path: Path
    ) -> None:
        self.kept = kept
        self._settings = settings
        self.producer = self._new()
        self._traffic = traffic
        self._clock = clock
        self._path = path
        self._prefix = settings.engine.topic_prefix
        self._waiting: list[Event] = []
        self._heard_before = kept.heard
        self._heard = dict(kept.heard)

    def hear(self, eligibility: Eligibility, partition: int, offset: int) -> None:
        """Somebody will react to it."""
        self._traffic.react(eligibility, heard=offset < self._heard_before.get(partition, 0))
        self._heard[partition] = max(self._heard.get(partition, 0), offset + 1)

    async def start(self) -> None:
        """Connect. KafkaError: nobody answers."""
        await self.producer.start()

    async def stop(self) -> None:
        """Let go of the client, within a bound."""
        await stop(self.producer)

    async def run(self) -> None:
        """Send what happens, for ever; what Kafka does not take is sent when it answers again."""
        kept_at = 0.0
        while True:
            try:
                await self.once()
            except KafkaError:
                await self._connect_again()
            if monotonic() - kept_at >= KEEP_EVERY_S:
                kept_at = monotonic()
                keeping.write(self._path, self.kept)
            await asyncio.sleep(SEND_EVERY_S)

    async def once(self) -> int:
        """Send what has happened by now; returns how many records that were. KafkaError: some are left."""
        now_ms, heard = self._clock.now_ms(), dict(self._heard)
        self._waiting += self._traffic.due(now_ms)
        count = len(self._waiting)
        while some := self._waiting[:SENDS_MAX]:
            await acknowledged([await self._send(event) for event in some])
            del self._waiting[: len(some)]
        self.kept = keeping.running(self.kept, self._clock, now_ms, heard)
        return count

    async def _connect_again(self) -> None:
        """With another client, since nobody knows what becomes of what the old one still has in hand."""
        while True:
            await asyncio.sleep(AGAIN_AFTER_S)
            await self.stop()
            self.producer = self._new()
            try:
                await self.start()
            except KafkaError:
                continue
            return

    def _new(self) -> AIOKafkaProducer:
        options = client_options(self._settings)
        return AIOKafkaProducer(**options, linger_ms=5, enable_idempotence=True, compression_type="zstd")

    async def _send(self, event: Event) -> Any:
        key = event.customer_id.encode()
        return await self.producer.send(
            self._prefix + TOPICS[type(event)],
            encode(event),
            key,
            partition=murmur2_partition(key, self.kept.partitions),
            timestamp_ms=event.occurred_at,
        )
