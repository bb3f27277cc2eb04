"""A worker that ends, or whose step fails, at a named place of its way through a partition."""

import asyncio
from typing import Final

from streams.engine.failpoints import PLACES
from tests.chaos.scene import Scene, until
from tests.chaos.workers import Worker

REACHED_WITHIN_S: Final = 90.0
OPENING: Final = ("after_restore", "after_fence", "after_tail")
"""Places that are passed once for each opening of a partition."""
ON_PURPOSE: Final = "failed on purpose"
FAILURES: Final = 6


async def crash_at(place: str, scene: Scene) -> bool:
    """A worker ends at a named place. A cold one comes past those of a restore as well."""
    worker: Worker = scene.chance.choice(scene.workers)
    await worker.kill()
    times = 1 if place in OPENING else 1 + scene.chance.randrange(9)
    await worker.start(f"{place}=crash@{times}")
    reached = await worker.ended(REACHED_WITHIN_S)
    await worker.kill()
    return reached


async def fail_on_the_way(scene: Scene) -> bool:
    """Steps fail at several places, and the partition is opened anew each time, alone."""
    worker = scene.chance.choice(scene.workers)
    await worker.stop()
    return await _fails(scene, worker)


async def fail_while_others_come_and_go(scene: Scene) -> bool:
    """A partition is opened anew, alone, while its group rebalances."""
    worker = scene.chance.choice(scene.workers)
    await worker.stop()
    coming = asyncio.create_task(_come_and_go(scene))
    try:
        return await _fails(scene, worker)
    finally:
        await coming


async def _fails(scene: Scene, worker: Worker) -> bool:
    """Start it with places that fail; whether at least half of them did."""
    before = worker.said(ON_PURPOSE)
    places = scene.chance.sample(PLACES, FAILURES)
    armed = [
        f"{place}=fail@{1 if place in OPENING else 1 + 5 * number}" for number, place in enumerate(places)
    ]
    await worker.start(",".join(armed))
    return await until(lambda: worker.said(ON_PURPOSE) - before >= FAILURES // 2, REACHED_WITHIN_S)


async def _come_and_go(scene: Scene) -> None:
    for worker in (*scene.extra, *scene.extra):
        await worker.start()
        await asyncio.sleep(scene.chance.uniform(2.5, 4.0))
        await (worker.kill() if scene.chance.random() < 0.5 else worker.stop())
