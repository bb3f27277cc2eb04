"""How the replay of a partition begins, or goes on where it stands."""

from __future__ import annotations

import logging

from aiokafka import TopicPartition
from msgspec.structs import replace

from streams.engine.clock import wall_ms
from streams.engine.opened import Opened
from streams.engine.position import Position, Replayed
from streams.engine.replay_plan import ReplayPlan
from streams.engine.replay_world import world_of
from streams.engine.replaying import ReplayWork
from streams.errors import Fatal
from streams.replay.sequencing import Bookmark, LineMark

log = logging.getLogger(__name__)


async def replay_work(opened: Opened, position: Position | None) -> ReplayWork:
    """The work of a partition from where it stands; the ends are fixed when it stands nowhere yet."""
    plan = opened.kit.replay
    assert plan is not None
    if position is None or position.replayed is None:
        position = await _begin(opened, plan)
    replayed = position.replayed
    assert replayed is not None
    if plan.until_ms is not None and plan.until_ms != replayed.until_ms:
        raise Fatal(
            f"this replay began with another end ({replayed.until_ms}, epoch ms): name the same, or another "
            "application id"
        )
    world = world_of(opened.kit.world(), plan, replayed)
    if position.world != world.version:
        if not replayed.live_after:
            raise Fatal(
                "this replay began under another policy, catalogue or control: bring them back, or begin "
                "anew under another application id"
            )
        log.warning("partition %s: policy, catalogue or control changed meanwhile", opened.number)
    work = ReplayWork(opened, replace(position, world=world.version), world)
    await work.open()
    return work


async def _begin(opened: Opened, plan: ReplayPlan) -> Position:
    kit, number, consumer = opened.kit, opened.number, opened.consumer
    partitions = [TopicPartition(topic, number) for topic in kit.inputs]
    first, end = await consumer.beginning_offsets(partitions), await consumer.end_offsets(partitions)
    began_ms = wall_ms()
    replayed = Replayed(
        {tp.topic: end[tp] for tp in partitions},
        began_ms,
        plan.live_after,
        until_ms=plan.until_ms or 0,
        bookmark=Bookmark({tp.topic: LineMark(first[tp], 0, first[tp]) for tp in partitions}),
    )
    world = world_of(kit.world(), plan, replayed)
    log.info("partition %s: %s records to replay", number, sum(end.values()) - sum(first.values()))
    return Position({tp.topic: first[tp] for tp in partitions}, world=world.version, replayed=replayed)
