"""The same shop for workers that somebody else runs, on any Kafka: `kairos traffic`.

    begin: how far the last run came -> a clock, as a file of settings; catalogue; what happened before
    run:   the shop's events and the reactions to what is said, each when that clock says so

Whoever works on this traffic must be given the same clock. So it is a file of settings like any other, with
which the workers, and `run` itself, are started. It is kept until the next beginning: a process that is
started again in between finds the clock that all others have.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from schemas.framing import KnownSchemas, SchemaSource
from streams.engine.clock import ScaledClock, wall_ms
from streams.errors import Fatal
from streams.registry.client import RegistryClient
from streams.registry.subjects import output_ids, subjects
from streams.settings import Settings
from streams.sources.online_retail import OnlineRetail
from streams.topics.start import check_inputs
from streams.topics.wanted import Role
from streams.up import kept as keeping
from streams.up.board import Board
from streams.up.kept import Kept
from streams.up.sending import Sending
from streams.up.stage import keep_for_ever, write_catalogue
from streams.up.traffic import Traffic
from streams.up.watching import Watching

CLOCK: Final = "clock.toml"
TELL_EVERY_S: Final = 30.0
TOPICS: Final = (Role.INPUT, Role.GLOBAL, Role.OUTPUT)

Tell = Callable[[str], None]


def clock_file(clock: ScaledClock) -> str:
    """A clock as settings."""
    return (
        "# Written by `kairos traffic begin`. All that works on this traffic is started with it.\n"
        "[engine]\n"
        'clock = "scaled"\n'
        f'"clock.start" = {_instant(clock.start_ms)}\n'
        f'"clock.began" = {_instant(clock.began_ms)}\n'
        f'"clock.speed" = {clock.speed}\n'
    )


def clock_of(settings: Settings) -> ScaledClock:
    """The clock of these settings. Fatal: it is none that several processes can share."""
    engine = settings.engine
    if engine.clock_start is None or engine.clock_began is None:
        raise Fatal(f"the settings hold no clock: give --file with the {CLOCK} of `kairos traffic begin`")
    start_ms, began_ms = (int(at.timestamp() * 1000) for at in (engine.clock_start, engine.clock_began))
    return ScaledClock(start_ms, began_ms, engine.clock_speed)


async def begin(settings: Settings, folder: Path, kept: Kept, shop: OnlineRetail, tell: Tell) -> None:
    """Say what must be there before a worker looks, and write the clock. Fatal: the topics are not there."""
    count = await check_inputs(settings, TOPICS)
    if kept.partitions not in {0, count}:
        raise Fatal(f"{folder} went on with {kept.partitions} partitions, and the topics have {count}")
    if not kept.partitions and (there := await _records(settings, count)):
        raise Fatal(f"the inputs hold {there:,} records already, and made-up ones do not belong among them")
    kept = msgspec.structs.replace(kept, partitions=count)
    await keep_for_ever(settings)
    clock = keeping.clock_of(kept, wall_ms())
    sending = Sending(settings, _traffic(shop, kept), clock, kept, folder / keeping.NAME)
    await sending.start()
    try:
        await write_catalogue(sending.producer, settings.engine.topic_prefix, shop.catalogue)
        sent = await sending.once()
    finally:
        await sending.stop()
    keeping.write(folder / keeping.NAME, sending.kept)
    (folder / CLOCK).write_text(clock_file(clock), encoding="utf-8")
    tell(f"{len(shop.catalogue):,} products, {sent:,} events; the clock is in {folder / CLOCK}")


async def run(
    settings: Settings, folder: Path, kept: Kept, shop: OnlineRetail, tell: Tell, stopped: asyncio.Event
) -> None:
    """Send until it is stopped. Fatal: there is no clock in the settings."""
    clock = clock_of(settings)
    products = {product.product_id: product for product in shop.catalogue}
    board, traffic = Board(clock.now_ms(), products), _traffic(shop, kept)
    sending = Sending(settings, traffic, clock, kept, folder / keeping.NAME)
    watching = Watching(settings, kept.partitions, board, sending.hear, await _schemas(settings))
    await sending.start()
    await watching.start()
    work = (sending.run(), watching.run(), _telling(traffic, clock, board, tell), stopped.wait())
    tasks = [asyncio.create_task(one) for one in work]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for one in done:
            one.result()
    finally:
        for one in tasks:
            one.cancel()
        await asyncio.wait(tasks)
        keeping.write(folder / keeping.NAME, keeping.ended(sending.kept, clock))
        await watching.stop()
        await sending.stop()


async def _telling(traffic: Traffic, clock: ScaledClock, board: Board, tell: Tell) -> None:
    while True:
        await asyncio.sleep(TELL_EVERY_S)
        over = "; the history is over" if traffic.over else ""
        at, opened = _instant(clock.now_ms()), board.new_opened
        tell(f"{at}: {opened:,} permissions opened, {len(board.open):,} open now{over}")


async def _schemas(settings: Settings) -> SchemaSource | None:
    """What the ids stand for with which workers of these settings write."""
    if settings.engine.wire_format != "confluent":
        return None
    async with RegistryClient(settings.registry) as client:
        ids = await output_ids(client, settings.engine.topic_prefix)
    own = {it.topic: it.schema for it in subjects(settings.engine.topic_prefix)}
    return KnownSchemas({schema_id: own[topic] for topic, schema_id in ids.items()})


async def _records(settings: Settings, partitions: int) -> int:
    """How many records the inputs hold."""
    watching = Watching(settings, partitions, Board(0, {}), lambda *_: None)
    await watching.start()
    try:
        return await watching.held()
    finally:
        await watching.stop()


def _traffic(shop: OnlineRetail, kept: Kept) -> Traffic:
    return Traffic(shop.events(), shop.responder, kept.sent_ms)


def _instant(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
