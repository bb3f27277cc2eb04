"""What may befall workers, broker and state, each as one function that leaves all able to run again."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Final

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError
from aiokafka.structs import OffsetAndMetadata

from streams.engine.clients import stop
from streams.engine.failpoints import PLACES
from tests.chaos.scene import Scene
from tests.chaos.workers import Worker

Fault = Callable[[Scene], Awaitable[bool]]
"""Whether it came to pass."""
REACHED_WITHIN_S: Final = 20.0
READY_WITHIN_S: Final = 60.0
DAMAGED_BYTES: Final = 64


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


async def kill_broker(scene: Scene) -> bool:
    """The broker is gone in the middle of transactions, and comes back."""
    await asyncio.to_thread(scene.broker.kill)
    await asyncio.sleep(scene.chance.choice((0.0, 1.0, 5.0)))
    await asyncio.to_thread(scene.broker.start)
    return await scene.moves_on(90.0)


async def stop_broker(scene: Scene) -> bool:
    """The broker is restarted in good order."""
    await asyncio.to_thread(scene.broker.stop)
    await asyncio.to_thread(scene.broker.start)
    return await scene.moves_on(90.0)


async def stop_worker_without_broker(scene: Scene) -> bool:
    """A worker is told to stop while its broker is gone."""
    await asyncio.to_thread(scene.broker.kill)
    await scene.chance.choice(scene.workers).stop()
    await asyncio.to_thread(scene.broker.start)
    return True


async def reset_offsets(scene: Scene) -> bool:
    """Somebody sets the offsets of the group to the beginning, and everybody is restarted."""
    plan = scene.plan
    producer = AIOKafkaProducer(bootstrap_servers=plan.bootstrap, transactional_id=f"{plan.name}-meddler")
    offsets = {
        TopicPartition(topic, number): OffsetAndMetadata(0, "")
        for topic in plan.inputs
        for number in range(plan.partitions)
    }
    await asyncio.gather(*(worker.stop() for worker in scene.workers))
    try:
        await producer.start()
        async with producer.transaction():
            await producer.send_offsets_to_transaction(offsets, plan.name)
    except KafkaError:
        return False
    finally:
        await stop(producer)
    return True


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


async def outage(scene: Scene) -> bool:
    """No worker for longer than anybody is current; then the backlog is caught up with."""
    await asyncio.gather(*(worker.kill() for worker in scene.workers))
    await asyncio.sleep(6.0)
    return True


async def crash_at(place: str, scene: Scene) -> bool:
    """A worker ends at a named place. A cold one comes past those of a restore as well."""
    worker: Worker = scene.chance.choice(scene.workers)
    await worker.kill()
    times = (
        1
        if place.startswith(("after_restore", "after_fence", "after_tail"))
        else 1 + scene.chance.randrange(9)
    )
    await worker.start(f"{place}=crash@{times}")
    reached = await worker.ended(REACHED_WITHIN_S)
    await worker.kill()
    return reached


FAULTS: Final[Mapping[str, Fault]] = {
    "kill -9 of a worker": kill_worker,
    "graceful restart": restart_worker,
    "rolling restart": roll,
    "frozen beyond its session": freeze_worker,
    "storm of rebalances": storm,
    "kill -9 of the broker": kill_broker,
    "restart of the broker": stop_broker,
    "stop while the broker is gone": stop_worker_without_broker,
    "group offsets reset": reset_offsets,
    "state deleted": delete_state,
    "state damaged": damage_state,
    "state file removed": remove_file,
    "outage of all workers": outage,
    **{f"crash at {place}": partial(crash_at, place) for place in PLACES},
}
