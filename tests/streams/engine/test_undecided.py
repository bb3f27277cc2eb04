"""The end of a changelog: what is written there and not yet marked as committed must not be passed over."""

import asyncio
from time import monotonic

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition

from streams.embedded.broker import Broker
from streams.engine.clients import Clients
from streams.engine.restore import decided_end
from streams.errors import Retryable
from tests.brokers import Topics


async def _undecided(topics: Topics, name: str) -> tuple[AIOKafkaProducer, TopicPartition, Clients]:
    """A partition at whose end a transaction is open, and who has it open."""
    changelog = TopicPartition(name, 0)
    producer = AIOKafkaProducer(
        bootstrap_servers=topics.bootstrap, transactional_id=topics.name("writer"), linger_ms=0
    )
    await producer.start()
    await producer.begin_transaction()
    await producer.send_and_wait(changelog.topic, b"value", b"key")
    return producer, changelog, Clients({"bootstrap_servers": topics.bootstrap})


@pytest.mark.broker
def test_a_changelog_is_read_to_its_end_only_when_all_of_it_is_decided(
    broker: Broker, topics: Topics
) -> None:
    name = topics.create("changelog")

    async def run() -> tuple[int, float]:
        producer, changelog, clients = await _undecided(topics, name)
        consumer = await clients.consumer([changelog])
        assert (await consumer.end_offsets([changelog]))[changelog] == 0
        assert await clients.written_until(changelog) == 1
        began_s = monotonic()
        asking = asyncio.create_task(decided_end(clients, consumer, changelog))
        await asyncio.wait({asking}, timeout=0.3)
        assert not asking.done()
        await producer.commit_transaction()
        end = await asking
        await asyncio.gather(producer.stop(), consumer.stop())
        return end, monotonic() - began_s

    end, took_s = asyncio.run(run())
    assert end == 2  # the record, and the mark of its commit
    assert took_s < 5


@pytest.mark.broker
def test_a_changelog_that_stays_undecided_is_asked_for_again_later(broker: Broker, topics: Topics) -> None:
    name = topics.create("changelog")

    async def run() -> None:
        producer, changelog, clients = await _undecided(topics, name)
        consumer = await clients.consumer([changelog])
        try:
            with pytest.raises(Retryable, match="ends at 1, and what it holds from 0 on is not marked"):
                await decided_end(clients, consumer, changelog, 0.2)
        finally:
            await producer.abort_transaction()
            await asyncio.gather(producer.stop(), consumer.stop())

    asyncio.run(run())
