"""Sends the traffic as other systems would: each record at its time, where its customer's others lie.

What was sent is written down afterwards. So after a crash some of it comes twice, as from any producer, and
none of it is missing.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from time import monotonic
from typing import Any, Final

from aiokafka import AIOKafkaProducer

from schemas.framing import encode
from schemas.records import Eligibility
from streams.engine.clock import ScaledClock
from streams.inputs.partition import murmur2_partition
from streams.replay.driver import TOPICS
from streams.sources.source import Event
from streams.up import kept as keeping
from streams.up.kept import Kept
from streams.up.traffic import Traffic

SEND_EVERY_S: Final = 0.1
KEEP_EVERY_S: Final = 1.0
SENDS_MAX: Final = 2_000
"""Records on their way at a time."""


class Sending:
    """The traffic of one run; `path` is where it is written how far it came."""

    def __init__(self, traffic: Traffic, clock: ScaledClock, kept: Kept, path: Path, prefix: str) -> None:
        self.kept = kept
        self._traffic = traffic
        self._clock = clock
        self._path = path
        self._prefix = prefix
        self._heard_before = kept.heard
        self._heard = dict(kept.heard)

    def hear(self, eligibility: Eligibility, partition: int, offset: int) -> None:
        """Somebody will react to it."""
        self._traffic.react(eligibility, heard=offset < self._heard_before.get(partition, 0))
        self._heard[partition] = max(self._heard.get(partition, 0), offset + 1)

    async def run(self, producer: AIOKafkaProducer) -> None:
        """Send what happens, for ever."""
        kept_at = 0.0
        while True:
            await self.once(producer)
            if monotonic() - kept_at >= KEEP_EVERY_S:
                kept_at = monotonic()
                keeping.write(self._path, self.kept)
            await asyncio.sleep(SEND_EVERY_S)

    async def once(self, producer: AIOKafkaProducer) -> int:
        """Send what has happened by now; returns how many records that were."""
        now_ms, heard = self._clock.now_ms(), dict(self._heard)
        events = self._traffic.due(now_ms)
        for first in range(0, len(events), SENDS_MAX):
            sent = [await self._send(producer, event) for event in events[first : first + SENDS_MAX]]
            await asyncio.gather(*sent)
        self.kept = keeping.running(self.kept, self._clock, now_ms, heard)
        return len(events)

    async def _send(self, producer: AIOKafkaProducer, event: Event) -> Any:
        key = event.customer_id.encode()
        return await producer.send(
            self._prefix + TOPICS[type(event)],
            encode(event),
            key,
            partition=murmur2_partition(key, self.kept.partitions),
            timestamp_ms=event.occurred_at,
        )
