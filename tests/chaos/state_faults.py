"""What befalls the state of a worker: another disk, other bytes, a file less, no room."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tests.chaos.scene import Scene, until
from tests.chaos.workers import Worker
from tests.small_disk import fill, small_disk

log = logging.getLogger(__name__)

DAMAGED_BYTES: Final = 64
DISK: Final = "12m"
"""Of the small disk: enough to open the state on it."""
FULL_WITHIN_S: Final = 40.0
FREE_WITHIN_S: Final = 60.0
NO_SPACE: Final = "No space left"


async def delete_state(scene: Scene) -> bool:
    """A worker comes back on another disk."""
    worker = scene.chance.choice(scene.workers)
    await worker.kill()
    worker.forget()
    return True


async def damage_state(scene: Scene) -> bool:
    """A disk returns other bytes than were written."""

    def overwrite(file: Path) -> None:
        size = file.stat().st_size
        with file.open("r+b") as data:
            data.seek(scene.chance.randrange(max(1, size)))
            data.write(scene.chance.randbytes(DAMAGED_BYTES))

    return await _with_files(scene, overwrite)


async def remove_file(scene: Scene) -> bool:
    """A file of a state is gone."""
    return await _with_files(scene, Path.unlink)


async def _with_files(scene: Scene, act: Callable[[Path], None]) -> bool:
    """Do it to a file of each partition of a worker that is stopped."""
    worker = scene.chance.choice(scene.workers)
    await worker.stop()
    found = False
    for folder in sorted(worker.state.glob("partition-*")):
        files = sorted(
            file
            for file in folder.rglob("*")
            if file.is_file() and file.stat().st_size and not file.name.startswith(("LOG", "LOCK"))
        )
        if files:
            found = True
            act(scene.chance.choice(files))
    return found


async def fill_disk(scene: Scene) -> bool:
    """The disk of a worker is full for a while. It says so, and works on when there is room."""
    worker = scene.chance.choice(scene.workers)
    await worker.stop()
    worker.state.mkdir(parents=True, exist_ok=True)
    with small_disk(worker.state, DISK) as mounted:
        if not mounted:
            log.warning("no small disk: only root may mount one")
            return False
        try:
            return await _full_for_a_while(scene, worker)
        finally:
            await worker.kill()


async def _full_for_a_while(scene: Scene, worker: Worker) -> bool:
    await worker.start()
    if not await scene.all_work(FREE_WITHIN_S):
        scene.problems.append(f"not all work {FREE_WITHIN_S} s after a worker began on another disk")
        return False
    before = worker.said(NO_SPACE)
    ballast = await asyncio.to_thread(fill, worker.state)
    full = await until(lambda: worker.said(NO_SPACE) > before, FULL_WITHIN_S)
    await asyncio.to_thread(ballast.unlink)
    if not await scene.all_work(FREE_WITHIN_S):
        scene.problems.append(f"not all work {FREE_WITHIN_S} s after there was room again")
    return full
