"""What befalls the broker, and what it keeps of the group."""

import asyncio
import logging
from typing import Final

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError, NoError, for_code
from aiokafka.protocol.admin import DeleteGroupsRequest
from aiokafka.structs import OffsetAndMetadata

from streams.engine.clients import stop
from tests.chaos.scene import Scene

log = logging.getLogger(__name__)

MOVES_WITHIN_S: Final = 90.0
DELETE_TRIES: Final = 20
DELETE_EVERY_S: Final = 0.5


async def kill_broker(scene: Scene) -> bool:
    """The broker is gone in the middle of transactions, and comes back."""
    async with scene.without_broker():
        await asyncio.to_thread(scene.broker.kill)
        await asyncio.sleep(scene.chance.choice((0.0, 1.0, 5.0)))
    return await _moves_on(scene)


async def stop_broker(scene: Scene) -> bool:
    """The broker is restarted in good order."""
    async with scene.without_broker():
        await asyncio.to_thread(scene.broker.stop)
    return await _moves_on(scene)


async def freeze_broker(scene: Scene) -> bool:
    """The broker keeps its connections open and answers nobody, for longer than sessions last."""
    async with scene.without_broker():
        await asyncio.to_thread(scene.broker.pause)
        await asyncio.sleep(scene.plan.session_timeout_ms / 1000 + scene.chance.uniform(0.5, 3.0))
        await asyncio.to_thread(scene.broker.resume)
    return await _moves_on(scene)


async def stop_worker_without_broker(scene: Scene) -> bool:
    """A worker is told to stop while its broker is gone."""
    async with scene.without_broker():
        await asyncio.to_thread(scene.broker.kill)
        await scene.chance.choice(scene.workers).stop()
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


async def delete_group(scene: Scene) -> bool:
    """The group is deleted with its offsets, as after a week without members, and everybody comes back."""
    await asyncio.gather(*(worker.stop() for worker in scene.workers))
    name = scene.plan.name
    admin = AIOKafkaAdminClient(bootstrap_servers=scene.plan.bootstrap)
    try:
        await admin.start()
        for _ in range(DELETE_TRIES):  # a member that ended without leaving counts until its session is over
            node = await admin.find_coordinator(name)
            answer = await admin._send_request(DeleteGroupsRequest([name]), node)
            if all(for_code(code) is NoError for _, code in answer.results):
                return True
            log.info("the group is not deleted yet: %s", answer.results)
            await asyncio.sleep(DELETE_EVERY_S)
    except KafkaError as error:
        log.warning("the group cannot be deleted: %r", error)
    finally:
        await stop(admin)
    return False


async def _moves_on(scene: Scene) -> bool:
    if not await scene.moves_on(MOVES_WITHIN_S):
        scene.problems.append(f"nothing was committed within {MOVES_WITHIN_S} s after the broker was back")
    return True
