"""A writer that sends almost nothing but what cannot be read: a bad deploy."""

import asyncio
from typing import Final

from streams.engine.clients import stop
from tests.chaos.load import producer_of
from tests.chaos.scene import Scene, until

RECORDS: Final = 3_000
PAUSED: Final = "is paused"
PAUSED_WITHIN_S: Final = 40.0
TAKEN_WITHIN_S: Final = 60.0


async def flood(scene: Scene) -> bool:
    """A partition pauses instead of draining the flood; when it is let through, nothing else is lost."""
    plan = scene.plan
    before = sum(worker.said(PAUSED) for worker in scene.workers)
    topic, number = scene.chance.choice(plan.inputs), scene.chance.randrange(plan.partitions)
    last = await _send(scene, topic, number)
    paused = await until(
        lambda: sum(worker.said(PAUSED) for worker in scene.workers) > before, PAUSED_WITHIN_S
    )
    if scene.watch.taken.get((topic, number), 0) > last:
        scene.problems.append(f"a flood of bad records was taken: {topic}-{number}")
    await asyncio.gather(*(worker.stop() for worker in scene.workers))
    for worker in scene.workers:
        await worker.start(KAIROS_ENGINE_DEAD_LETTER_SHARE_MAX="1.0")
    taken = await until(lambda: scene.watch.taken.get((topic, number), 0) > last, TAKEN_WITHIN_S)
    if not taken:
        scene.problems.append(f"a flood that was let through was not taken: {topic}-{number}")
    return paused


async def _send(scene: Scene, topic: str, number: int) -> int:
    """Send it; the offset of its last record."""
    plan = scene.plan
    producer = await producer_of(plan)
    try:
        now_ms = plan.clock.now_ms()
        futures = [
            await producer.send(
                topic, b"\xff" + scene.chance.randbytes(8), b"key", partition=number, timestamp_ms=now_ms
            )
            for _ in range(RECORDS)
        ]
        answers = await asyncio.gather(*futures)
    finally:
        await stop(producer)
    return int(max(answer.offset for answer in answers))
