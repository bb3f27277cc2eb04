"""One run, from the first process to the last: what is started, in which order, and how all of it ends.

Kafka -> topics, catalogue -> what happened before -> workers -> traffic, watching, view
                                              (ended in the reverse order, each within a bound)
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from aiokafka.errors import KafkaError
from msgspec import Struct
from rich.console import Console
from rich.text import Text

from schemas.topics import DEFAULT_PREFIX
from streams.configuration.table import BY_NAME
from streams.embedded.broker import Broker
from streams.embedded.lease import LOCK, leased
from streams.embedded.places import locked
from streams.engine.clock import ScaledClock, wall_ms
from streams.errors import Fatal
from streams.settings import Settings, load_settings
from streams.sources.online_retail import OnlineRetail
from streams.up import kept as keeping
from streams.up.board import Board
from streams.up.kept import Kept
from streams.up.sending import Sending
from streams.up.stage import set_topics, write_catalogue
from streams.up.traffic import Traffic
from streams.up.view import Now, View
from streams.up.watching import Watching
from streams.up.workers import Workers

LOOK_EVERY_S: Final = 1.0
BROKER_ENDS_WITHIN_S: Final = 15.0
TASKS_END_WITHIN_S: Final = 5.0
"""A Kafka client that waits for its broker may not notice at once that nobody waits for it."""
APPLICATION: Final = "kairos"


class Asked(Struct, frozen=True, kw_only=True):
    """What was asked for. `folder` is where everything of the run lies."""

    folder: Path
    workers: int
    seconds: float | None = None
    eligibilities: int | None = None


@contextmanager
def kafka(folder: Path) -> Iterator[str]:
    """The address of the Kafka in `folder`. One that was running before stays, another one ends with this."""
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
    kept: Kept, folder: Path, bootstrap: str, clock: ScaledClock
) -> tuple[Settings, dict[str, str]]:
    """The settings of a run, and the environment that says them to a worker."""
    said = {
        "kafka.bootstrap.servers": bootstrap,
        "engine.topic.prefix": f"{kept.name}." if kept.name else DEFAULT_PREFIX,
        "engine.application.id": kept.name or APPLICATION,
        "engine.partitions": str(kept.partitions),
        "engine.clock": "scaled",
        "engine.clock.start": _time(clock.start_ms),
        "engine.clock.began": _time(clock.began_ms),
        "engine.clock.speed": str(clock.speed),
        "state.dir": str(folder / "state"),
    }
    environ = dict(os.environ) | {BY_NAME[name].variable: value for name, value in said.items()}
    return load_settings(environ), environ


def _time(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds")


async def serve(
    asked: Asked, kept: Kept, path: Path, bootstrap: str, shop: OnlineRetail, console: Console
) -> None:
    """A run on a Kafka that is there, until a signal ends it or it has done what was asked for."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    try:
        await Run(asked, kept, path, bootstrap, shop, console).run(stopped)
    except KafkaError as error:
        raise Fatal(f"Kafka at {bootstrap} does not answer any more: {error!r}") from error


class Run:
    """Everything after Kafka. `path` is where it is written how far it came."""

    def __init__(
        self, asked: Asked, kept: Kept, path: Path, bootstrap: str, shop: OnlineRetail, console: Console
    ) -> None:
        self._asked, self._path, self._shop, self._console = asked, path, shop, console
        self._ends_at = None if asked.seconds is None else time.monotonic() + asked.seconds
        self._clock = keeping.clock_of(kept, wall_ms())
        self._settings, environ = settings_for(kept, asked.folder, bootstrap, self._clock)
        products = {product.product_id: product for product in shop.catalogue}
        self._board = Board(self._clock.start_ms, products)
        self._traffic = Traffic(shop.events(), shop.responder, kept.sent_ms)
        self._sending = Sending(self._settings, self._traffic, self._clock, kept, path)
        self._watching = Watching(self._settings, kept.partitions, self._board, self._sending.hear)
        self._workers = Workers(self._settings, environ, asked.folder, asked.workers)
        self._view = View(console, self._board, products)
        self._now: Now | None = None

    async def run(self, stopped: asyncio.Event) -> None:
        """Until it is stopped, or has done what was asked for."""
        await set_topics(self._settings)
        await self._sending.start()
        try:
            await self._prepare()
            self._workers.start()
            await self._together(stopped)
        finally:
            self._tell("ending: the worker commits what it has and leaves its group")
            await self._workers.stop()
            keeping.write(self._path, keeping.ended(self._sending.kept, self._clock))
            await self._watching.stop()
            await self._sending.stop()
            self._view.end(self._now)
            if kept_apart := self._sending.kept.name:
                self._tell(f"the topics {kept_apart}.* stay on your Kafka, for the next `kairos up`")

    async def _prepare(self) -> None:
        """Say what must be there before a worker looks: what is unread forbids what may be said."""
        await self._watching.start()
        await write_catalogue(
            self._sending.producer, self._settings.engine.topic_prefix, self._shop.catalogue
        )
        sent = await self._sending.once()
        keeping.write(self._path, self._sending.kept)
        self._tell(f"{len(self._shop.catalogue):,} products, {sent:,} events; the worker starts")

    async def _together(self, stopped: asyncio.Event) -> None:
        """All at once, until the first of them ends."""
        work = (
            self._workers.watch(lambda: self._watching.away_s > 0),
            self._sending.run(),
            self._watching.run(),
            self._watching.asking(),
            self._showing(),
            stopped.wait(),
        )
        tasks = [asyncio.create_task(one) for one in work]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for one in done:
                one.result()
        finally:
            for one in tasks:
                one.cancel()
            await asyncio.wait(tasks, timeout=TASKS_END_WITHIN_S)

    async def _showing(self) -> None:
        with self._view:
            while not self._has_done():
                self._now = Now(
                    journey_ms=self._clock.now_ms(),
                    speed=self._clock.speed,
                    inputs=self._watching.inputs,
                    lag=self._watching.lag,
                    away_s=self._watching.away_s,
                    workers=self._workers.running,
                    deaths=self._workers.deaths,
                    over=self._traffic.over,
                )
                self._view.show(self._now)
                await asyncio.sleep(LOOK_EVERY_S)

    def _has_done(self) -> bool:
        """Whether what was asked for is done."""
        wanted = self._asked.eligibilities
        late = self._ends_at is not None and time.monotonic() >= self._ends_at
        return late or (wanted is not None and self._board.new_opened >= wanted)

    def _tell(self, text: str) -> None:
        self._console.print(Text(text, style="dim"))
