"""One run, from the first process to the last: what is started, in which order, and how all of it ends.

Kafka -> topics, catalogue -> workers, traffic, watching -> view
                                (ended in the reverse order)
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from msgspec import Struct

from schemas.framing import encode
from schemas.records import Eligibility
from schemas.topics import DEFAULT_PREFIX
from streams.client_options import client_options
from streams.configuration.table import BY_NAME
from streams.embedded.broker import Broker
from streams.embedded.lease import LOCK, leased
from streams.embedded.places import locked
from streams.engine.clock import ScaledClock, wall_ms
from streams.inputs.partition import murmur2_partition
from streams.processes import environment
from streams.replay.driver import TOPICS
from streams.settings import Settings, load_settings
from streams.sources.online_retail import OnlineRetail, online_retail
from streams.sources.slice import SLICE
from streams.up import kept as keeping
from streams.up.board import Board
from streams.up.kept import Kept
from streams.up.stage import set_topics, write_catalogue
from streams.up.traffic import Traffic
from streams.up.view import Now, View
from streams.up.watching import Watching
from streams.up.workers import Workers

SEND_EVERY_S: Final = 0.1
KEEP_EVERY_S: Final = 1.0
LOOK_EVERY_S: Final = 1.0
BROKER_ENDS_WITHIN_S: Final = 15.0
SENDS_MAX: Final = 2_000
"""Records on their way at a time."""


class Asked(Struct, frozen=True, kw_only=True):
    """What was asked for."""

    folder: Path
    bootstrap: str | None
    workers: int
    seconds: float | None
    eligibilities: int | None


@contextmanager
def kafka(folder: Path) -> Iterator[str]:
    """The address of the Kafka of this run. One that was running before stays, another one ends here."""
    broker = Broker(folder)
    with locked(folder / LOCK, BROKER_ENDS_WITHIN_S):
        stays = broker.exists
    try:
        with leased(broker):
            yield broker.bootstrap
    finally:
        until = time.monotonic() + BROKER_ENDS_WITHIN_S
        while not stays and broker.exists and time.monotonic() < until:
            time.sleep(0.05)


def settings_for(
    kept: Kept, asked: Asked, bootstrap: str, clock: ScaledClock
) -> tuple[Settings, dict[str, str]]:
    """The settings of this run, and the environment that says them to a worker."""
    name = kept.name
    said = {
        "kafka.bootstrap.servers": bootstrap,
        "engine.topic.prefix": f"{name}." if name else DEFAULT_PREFIX,
        "engine.application.id": name or "kairos",
        "engine.partitions": str(kept.partitions),
        "engine.processes": "1",
        "engine.clock": "scaled",
        "engine.clock.start": _time(clock.start_ms),
        "engine.clock.began": _time(clock.began_ms),
        "engine.clock.speed": str(clock.speed),
        "state.dir": str(asked.folder / "state"),
    }
    environ = environment() | {BY_NAME[name].variable: value for name, value in said.items()}
    return load_settings(environ), environ


def _time(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds")


async def serve(asked: Asked, kept: Kept, path: Path, bootstrap: str) -> None:
    """A run on a Kafka that is there, until it is ended."""
    await Run(asked, kept, path, bootstrap).run()


class Run:
    """Everything after Kafka. `path` is where it is written how far it came."""

    def __init__(self, asked: Asked, kept: Kept, path: Path, bootstrap: str) -> None:
        self.clock = keeping.clock_of(kept, wall_ms())
        self.settings, environ = settings_for(kept, asked, bootstrap, self.clock)
        self.board = Board()
        self._asked = asked
        self._kept = kept
        self._path = path
        self._workers = Workers(self.settings, environ, asked.folder, asked.workers)
        self._shop: OnlineRetail = online_retail(SLICE, kept.seed)
        self._traffic = Traffic(self._shop.events(), self._shop.responder, kept.sent_ms)
        self._heard_before = kept.heard
        self._heard = dict(kept.heard)
        self._watching = Watching(self.settings, kept.partitions, self.board, self._hear)
        self._view = View(
            self.board, {it.product_id: it.name or it.product_id for it in self._shop.catalogue}
        )
        self._stop = asyncio.Event()
        self._ends_at = None if asked.seconds is None else time.monotonic() + asked.seconds
        self._begun = time.monotonic()

    async def run(self) -> None:
        """Until it is told to stop, or has done what was asked for."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stop.set)
        producer = AIOKafkaProducer(
            **client_options(self.settings), linger_ms=5, enable_idempotence=True, compression_type="lz4"
        )
        await set_topics(self.settings)
        await producer.start()
        try:
            await self._prepare(producer)
            self._workers.start()
            await self._together(producer)
        finally:
            await self._workers.stop()
            await self._watching.stop()
            await producer.stop()
            keeping.write(self._path, keeping.ended(self._kept, self.clock))

    async def _prepare(self, producer: AIOKafkaProducer) -> None:
        """Say what must be there before a worker looks."""
        await write_catalogue(producer, self.settings.engine.topic_prefix, self._shop.catalogue)
        await self._watching.start()
        await self._send(producer)

    async def _together(self, producer: AIOKafkaProducer) -> None:
        work = (
            self._workers.watch(),
            self._sending(producer),
            self._reading(),
            self._showing(),
            self._stop.wait(),
        )
        tasks = [asyncio.create_task(one) for one in work]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for one in done:
                one.result()
        finally:
            for one in tasks:
                one.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _sending(self, producer: AIOKafkaProducer) -> None:
        kept_at = 0.0
        while True:
            await self._send(producer)
            if time.monotonic() - kept_at >= KEEP_EVERY_S:
                kept_at = time.monotonic()
                keeping.write(self._path, self._kept)
            await asyncio.sleep(SEND_EVERY_S)

    async def _send(self, producer: AIOKafkaProducer) -> None:
        """Send what has happened by now."""
        now_ms, heard = self.clock.now_ms(), dict(self._heard)
        events = self._traffic.due(now_ms)
        prefix, partitions = self.settings.engine.topic_prefix, self._kept.partitions
        for first in range(0, len(events), SENDS_MAX):
            sent: list[Any] = []
            for event in events[first : first + SENDS_MAX]:
                key = event.customer_id.encode()
                sent.append(
                    await producer.send(
                        prefix + TOPICS[type(event)],
                        encode(event),
                        key,
                        partition=murmur2_partition(key, partitions),
                        timestamp_ms=event.occurred_at,
                    )
                )
            await asyncio.gather(*sent)
        self._kept = keeping.running(self._kept, self.clock, now_ms, heard)

    def _hear(self, eligibility: Eligibility, partition: int, offset: int) -> None:
        self._traffic.react(eligibility, heard=offset < self._heard_before.get(partition, 0))
        self._heard[partition] = max(self._heard.get(partition, 0), offset + 1)

    async def _reading(self) -> None:
        while True:
            await self._watching.read()

    async def _showing(self) -> None:
        asked = self._asked
        with self._view:
            while True:
                inputs, lag = await self._watching.inputs()
                self._view.show(
                    Now(
                        journey_ms=self.clock.now_ms(),
                        speed=self.clock.speed,
                        inputs=inputs,
                        lag=lag,
                        workers=self._workers.running,
                        over=self._traffic.over,
                    )
                )
                if self._ends_at is not None and time.monotonic() >= self._ends_at:
                    return
                if asked.eligibilities is not None and self.board.opened.total() >= asked.eligibilities:
                    return
                await asyncio.sleep(LOOK_EVERY_S)
