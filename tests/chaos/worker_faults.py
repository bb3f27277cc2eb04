"""What befalls workers: ended, frozen, restarted, more and fewer of them, and none for a while."""

import asyncio
from typing import Final

from tests.chaos.scene import Scene

READY_WITHIN_S: Final = 60.0
OUTAGE_S: Final = (5.0, 10.0)
"""Of wall time, in which weeks of the journey pass: many times as long as what counts as current."""


async def kill_worker(scene: Scene) -> bool:
    """A worker is gone from one moment to the next, and comes back."""
    worker = scene.chance.choice(scene.workers)
    await worker.kill()
    await asyncio.sleep(scene.chance.choice((0.0, 0.5, 3.0)))
    await worker.start()
    return True


async def restart_worker(scene: Scene) -> bool:
    """A worker is stopped and started in good order."""
    worker = scene.chance.choice(scene.workers)
    await worker.stop()
    await worker.start()
    return True


async def roll(scene: Scene) -> bool:
    """All workers are restarted in good order, one after the other, as an upgrade does it."""
    if not await scene.all_work(READY_WITHIN_S):
        return False
    for worker in scene.workers:
        await worker.stop()
        await worker.start()
        if not await scene.all_work(READY_WITHIN_S):
            return False
    return True


async def freeze_worker(scene: Scene) -> bool:
    """A worker stands still for longer than its session, and goes on as if nothing had been."""
    worker = scene.chance.choice(scene.workers)
    worker.freeze()
    await asyncio.sleep(scene.plan.session_timeout_ms / 1000 + scene.chance.uniform(0.5, 3.0))
    worker.thaw()
    return True


async def storm(scene: Scene) -> bool:
    """Workers come and go faster than a rebalance ends."""
    for _ in range(3):
        for worker in scene.extra:
            await worker.start()
            await asyncio.sleep(scene.chance.uniform(0.5, 2.5))
        for worker in scene.extra:
            await (worker.kill() if scene.chance.random() < 0.5 else worker.stop())
    return True


async def outage(scene: Scene) -> bool:
    """No worker for longer than anybody is current; then the backlog is caught up with."""
    await asyncio.gather(*(worker.kill() for worker in scene.workers))
    await asyncio.sleep(scene.chance.uniform(*OUTAGE_S))
    await scene.note_backlog()
    return True
