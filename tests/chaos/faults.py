"""What may befall workers, broker and state, each as one function that leaves everything running again."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from tests.chaos.scene import Scene

Fault = Callable[[Scene], Awaitable[None]]


async def kill_worker(scene: Scene) -> None:
    """A worker is gone from one moment to the next, and comes back."""
    worker = scene.chance.choice(scene.workers)
    await worker.kill()
    await asyncio.sleep(scene.chance.choice((0.0, 0.5, 3.0)))
    await worker.start()


async def restart_worker(scene: Scene) -> None:
    """A worker is stopped and started in good order."""
    worker = scene.chance.choice(scene.workers)
    await worker.stop()
    await worker.start()


FAULTS: Final[Mapping[str, Fault]] = {
    "kill -9 of a worker": kill_worker,
    "graceful restart": restart_worker,
}
