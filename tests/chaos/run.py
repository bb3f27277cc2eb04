"""One run: broker, topics, load and workers, faults until the time is over, and then the judgement."""

import asyncio
import json
import logging
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Final

from msgspec import Struct

from streams.embedded.broker import Broker
from streams.engine.clock import wall_ms
from streams.simulation.population import START_MS
from tests.chaos.faults import FAULTS
from tests.chaos.kafka import make_topics
from tests.chaos.load import send_catalogue
from tests.chaos.plain import Found, run_plain
from tests.chaos.plan import DAY_MS, Plan
from tests.chaos.scene import Scene, Span
from tests.chaos.verdict import Ending, Verdict, judge_partition
from tests.chaos.workers import EXPECTED, Worker

log = logging.getLogger(__name__)

CAUGHT_UP_WITHIN_S: Final = 300.0
ALL_WORK_WITHIN_S: Final = 60.0
BEGINS_WITHIN_S: Final = 180.0
CALM_S: Final = 3.0
"""At the end: looks that came due during the last fault are taken meanwhile."""
BETWEEN_S: Final = (0.5, 3.0)
"""Pauses between two faults."""


class Wanted(Struct, frozen=True, kw_only=True):
    """What was asked for on the command line."""

    directory: Path
    seconds: float
    seed: int
    partitions: int = 4
    workers: int = 2
    events_per_s: float = 200.0
    days: float = 120.0
    faults: tuple[str, ...] = tuple(FAULTS)
    faults_min: int = 1
    """So many, however long that takes on a busy machine."""
    judges: int = 2


class Result(Struct, kw_only=True):
    """Everything that a run showed."""

    plan: Plan
    faults: dict[str, int]
    skipped: dict[str, int]
    exits: dict[str, int]
    load: dict[str, int]
    rebalances: int
    spans: list[Span]
    verdicts: list[Verdict]
    problems: list[str]


def run(wanted: Wanted, broker: Broker | None = None) -> Result:
    """Run it on a broker of its own, or on this one if no fault is to befall it."""
    with broker_in(wanted.directory, broker) as at_work:
        return asyncio.run(_run(wanted, at_work))


def plan_of(wanted: Wanted, broker: Broker) -> Plan:
    """The plan of what was asked for. It begins in a moment."""
    return Plan(
        directory=str(wanted.directory),
        bootstrap=broker.bootstrap,
        name=f"chaos-{wanted.seed}-{wall_ms()}",
        seed=wanted.seed,
        seconds=wanted.seconds,
        partitions=wanted.partitions,
        workers=wanted.workers,
        events_per_s=wanted.events_per_s,
        start_ms=START_MS,
        began_ms=wall_ms() + 3_000,
        speed=float(round(wanted.days * DAY_MS / 1000 / wanted.seconds)),
    )


def run_against_plain(wanted: Wanted, broker: Broker | None = None) -> Found:
    """The same load and kills of workers against an ordinary agent."""
    with broker_in(wanted.directory, broker) as at_work:
        return asyncio.run(run_plain(plan_of(wanted, at_work)))


@contextmanager
def broker_in(directory: Path, given: Broker | None) -> Iterator[Broker]:
    """One that ends with the run, unless it is run on another."""
    directory.mkdir(parents=True, exist_ok=True)
    if given is not None:
        yield given
        return
    own = Broker(directory / "kafka")
    own.start()
    try:
        yield own
    finally:
        own.stop()


async def _run(wanted: Wanted, broker: Broker) -> Result:
    plan = plan_of(wanted, broker)
    await make_topics(plan)
    await send_catalogue(plan)
    workers = [Worker(plan, number) for number in range(plan.workers)]
    extra = [Worker(plan, number) for number in range(plan.workers, plan.workers + 2)]
    scene = Scene(plan, broker, workers, extra)
    problems = scene.problems
    supervising = asyncio.create_task(scene.supervise())
    watching = asyncio.create_task(scene.watch.run())
    load = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.chaos.load", str(plan.write())), stdout=asyncio.subprocess.PIPE
    )
    try:
        await scene.heal()
        await _faults(scene, wanted)
        await scene.heal()
        said, _ = await load.communicate()
        left = await scene.watch.all_taken(CAUGHT_UP_WITHIN_S)
        if left:
            problems.append(f"not taken within {CAUGHT_UP_WITHIN_S} s: {left}")
        if not await scene.all_work(ALL_WORK_WITHIN_S):
            problems.append(f"not all partitions were worked on {ALL_WORK_WITHIN_S} s after all was taken")
        await asyncio.sleep(CALM_S)
        ended_ms = plan.clock.now_ms()
        await asyncio.gather(*(worker.stop() for worker in scene.all_workers))
    finally:
        supervising.cancel()
        if load.returncode is None:
            load.kill()
        await asyncio.gather(*(worker.kill() for worker in scene.all_workers))
        scene.watch.end()
        await watching
    verdicts = await _judge(plan, Ending(ended_ms, tuple(scene.backlogs)), wanted.judges)
    exits = sum((worker.exits for worker in scene.all_workers), Counter[str]())
    problems += [f"{n} times a worker {how}" for how, n in exits.items() if how not in EXPECTED]
    return Result(
        plan=plan,
        faults=dict(scene.faults),
        skipped=dict(scene.skipped),
        exits=dict(exits),
        rebalances=scene.rebalances(),
        load=json.loads(said or b"{}"),
        spans=scene.spans,
        verdicts=verdicts,
        problems=problems,
    )


async def _faults(scene: Scene, wanted: Wanted) -> None:
    """One fault after the other, every kind once before any comes again."""
    ends_at = monotonic() + (scene.plan.began_ms - wall_ms()) / 1000 + wanted.seconds
    if not await scene.moves_on(BEGINS_WITHIN_S):
        raise RuntimeError(f"no worker began to work within {BEGINS_WITHIN_S} s")
    deck: list[str] = []
    while len(scene.spans) < wanted.faults_min or monotonic() < ends_at:
        if not deck:
            deck = scene.chance.sample(wanted.faults, len(wanted.faults))
        name = deck.pop()
        log.info("%s", name)
        from_ms = wall_ms()
        came_to_pass = await FAULTS[name](scene)
        scene.spans.append(Span(name, from_ms, wall_ms()))
        (scene.faults if came_to_pass else scene.skipped)[name] += 1
        await scene.heal()
        await asyncio.sleep(min(scene.chance.uniform(*BETWEEN_S), max(0.0, ends_at - monotonic())))


async def _judge(plan: Plan, ending: Ending, processes: int) -> list[Verdict]:
    loop = asyncio.get_running_loop()
    with ProcessPoolExecutor(processes) as pool:
        asked = [
            loop.run_in_executor(pool, judge_partition, plan.path, p, ending) for p in range(plan.partitions)
        ]
        return list(await asyncio.gather(*asked))
