"""What an earlier owner left undecided: nobody goes on behind it, and it is ended before."""

import asyncio
from time import monotonic
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition

from streams.embedded.broker import Broker
from streams.engine.clients import Clients
from streams.engine.failpoints import Failpoints
from streams.engine.settling import settle
from streams.engine.transaction import Transactions
from streams.errors import Retryable
from tests.brokers import Topics


class Scene:
    """A changelog and an output, each with a transaction of somebody else open at its end; and an owner."""

    def __init__(self, topics: Topics) -> None:
        self.topics = topics
        self.changelog = TopicPartition(topics.create("changelog", config={"cleanup.policy": "compact"}), 0)
        self.output = TopicPartition(topics.create("output"), 0)
        self.clients = Clients({"bootstrap_servers": topics.bootstrap})

    async def begin(self) -> None:
        """Open the clients and the two transactions."""
        self.consumer = await self.clients.consumer([self.changelog])
        self.owner = await self.clients.producer(self.topics.name("owner"))
        self.open = [await self._opened(tp) for tp in (self.changelog, self.output)]
        self.transactions = Transactions(
            self.owner, 0, changelog=self.changelog.topic, group="g", failpoints=Failpoints.of("")
        )  # fmt: skip

    async def _opened(self, tp: TopicPartition) -> AIOKafkaProducer:
        producer = await self.clients.producer(self.topics.name(f"other-{tp.topic}"))
        await producer.begin_transaction()
        await producer.send_and_wait(tp.topic, b"value", b"key")
        return producer

    async def settle(self, within_s: float = 10.0) -> int:
        """As a new owner does."""
        return await settle(self.clients, self.transactions, self.changelog, [self.output], within_s)

    async def end(self) -> None:
        """Close all."""
        await asyncio.gather(*(it.stop() for it in (self.consumer, self.owner, *self.open)))


def run(topics: Topics, act: Any) -> Any:
    scene = Scene(topics)

    async def acted() -> Any:
        await scene.begin()
        try:
            return await act(scene)
        finally:
            await scene.end()

    return asyncio.run(acted())


@pytest.mark.broker
def test_nobody_goes_on_before_all_of_a_changelog_is_decided(broker: Broker, topics: Topics) -> None:
    async def act(scene: Scene) -> tuple[int, float]:
        assert (await scene.consumer.end_offsets([scene.changelog]))[scene.changelog] == 0
        assert await scene.clients.written_until([scene.changelog]) == {scene.changelog: 1}
        began_s = monotonic()
        settling = asyncio.create_task(scene.settle())
        await asyncio.wait({settling}, timeout=0.5)
        assert not settling.done()
        for it in scene.open:
            await it.commit_transaction()
        return await settling, monotonic() - began_s

    end, took_s = run(topics, act)
    assert end >= 2  # the record, the mark of its commit, and the owner's mark
    assert took_s < 5


@pytest.mark.broker
def test_what_stays_undecided_is_asked_for_again_later(broker: Broker, topics: Topics) -> None:
    async def act(scene: Scene) -> None:
        with pytest.raises(Retryable, match=r"still undecided: .*changelog-0 from 0 to 1"):
            await scene.settle(0.3)
        for it in scene.open:
            await it.abort_transaction()

    run(topics, act)


@pytest.mark.broker
def test_a_transaction_of_another_writer_in_an_output_keeps_nobody(broker: Broker, topics: Topics) -> None:
    async def act(scene: Scene) -> None:
        await scene.open[0].commit_transaction()
        await asyncio.wait_for(scene.settle(), 5)
        await scene.open[1].abort_transaction()

    run(topics, act)


@pytest.mark.broker
def test_a_mark_is_seen_by_nobody_and_moves_the_end(broker: Broker, topics: Topics) -> None:
    async def act(scene: Scene) -> tuple[list[tuple[str, bytes]], list[int]]:
        for it in scene.open:
            await it.commit_transaction()
        read = [scene.changelog, scene.output]
        before = await scene.clients.written_until(read)
        await scene.transactions.mark(read, committed=True)
        ends = await scene.consumer.end_offsets(read)
        consumer = await scene.clients.consumer(read)
        await consumer.seek_to_beginning(*read)
        found = []
        while any([await consumer.position(tp) < ends[tp] for tp in read]):
            records = await consumer.getmany(timeout_ms=100)
            found += [(it.topic, it.value) for some in records.values() for it in some]
        await consumer.stop()
        return sorted(found), [ends[tp] - before[tp] for tp in read]

    seen, moved = run(topics, act)
    assert seen == [(topics.name("changelog"), b"value"), (topics.name("output"), b"value")]
    assert moved == [1, 1]
