"""A worker that was killed is not waited for by the one that comes after it on the same state."""

import asyncio
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient

from streams.embedded.broker import Broker
from streams.engine.clients import Clients
from streams.engine.membership import Membership
from streams.engine.overrides import group_now
from tests.brokers import Topics

SESSION_MS = 30_000


async def members(broker: Broker, group: str) -> int:
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap)
    await admin.start()
    try:
        return (await group_now(admin, group))[1]
    finally:
        await admin.close()


class Joined:
    """A member of a group that never says goodbye."""

    def __init__(self, broker: Broker, topic: str, group: str) -> None:
        self.consumer = AIOKafkaConsumer(
            topic, bootstrap_servers=broker.bootstrap, group_id=group, session_timeout_ms=SESSION_MS
        )

    async def __aenter__(self) -> str:
        await self.consumer.start()
        return str(self.consumer._coordinator.member_id)

    async def __aexit__(self, *_: object) -> None:
        await self.consumer.stop()


@pytest.mark.broker
def test_a_dead_member_is_buried_by_whoever_has_its_state_and_by_nobody_else(
    broker: Broker, topics: Topics, tmp_path: Path
) -> None:
    topic, group = topics.create("usage"), topics.name("app")
    clients = Clients({"bootstrap_servers": broker.bootstrap})

    async def lives() -> list[int]:
        seen = []
        async with Joined(broker, topic, group) as name:
            first = Membership(group, tmp_path, clients)
            await first.bury()
            first.known_as(name)
            seen.append(await members(broker, group))
            await Membership(group, tmp_path, clients).bury()  # the first one lives: its lock is held
            seen.append(await members(broker, group))
            first.let_go()
            another = Membership("another", tmp_path, clients)
            await another.bury()
            another.let_go()
            seen.append(await members(broker, group))
            await Membership(group, tmp_path, clients).bury()
            seen.append(await members(broker, group))
        return seen

    assert asyncio.run(lives()) == [1, 1, 1, 0]


@pytest.mark.broker
def test_a_member_that_left_by_itself_is_no_trouble(broker: Broker, topics: Topics, tmp_path: Path) -> None:
    group = topics.name("app")
    clients = Clients({"bootstrap_servers": broker.bootstrap})
    former = Membership(group, tmp_path, clients)

    async def again() -> None:
        await former.bury()
        former.known_as("nobody-knows-me")
        former.let_go()
        await Membership(group, tmp_path, clients).bury()

    asyncio.run(again())


@pytest.mark.broker
def test_the_state_of_a_group_tells_whether_anybody_is_in_it(
    broker: Broker, topics: Topics, tmp_path: Path
) -> None:
    topic, group = topics.create("usage"), topics.name("app")
    membership = Membership(group, tmp_path, Clients({"bootstrap_servers": broker.bootstrap}))

    async def lives() -> list[str]:
        async with Joined(broker, topic, group):
            seen = [await membership.state()]
        return [*seen, await membership.state()]

    assert asyncio.run(lives()) == ["Stable", "Empty"]
    nowhere = Clients({"bootstrap_servers": "127.0.0.1:1"})
    assert asyncio.run(Membership(group, tmp_path, nowhere).state()) == ""


def test_a_broker_that_does_not_answer_is_no_trouble(tmp_path: Path) -> None:
    clients = Clients({"bootstrap_servers": "127.0.0.1:1"})
    former = Membership("app", tmp_path, clients)

    async def again() -> None:
        await former.bury()
        former.known_as("somebody")
        former.let_go()
        await Membership("app", tmp_path, clients).bury()

    asyncio.run(again())
