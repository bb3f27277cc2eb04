import asyncio

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from streams.embedded.broker import Broker
from tests.brokers import Topics

pytestmark = pytest.mark.broker


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
def test_a_transaction_is_read_when_it_is_committed(broker: Broker, topics: Topics, codec: str) -> None:
    topic = topics.create("letters")

    async def scenario() -> list[bytes | None]:
        producer = AIOKafkaProducer(
            bootstrap_servers=broker.bootstrap, transactional_id=topics.name("writer"), compression_type=codec
        )
        consumer = AIOKafkaConsumer(
            topic,
            bootstrap_servers=broker.bootstrap,
            isolation_level="read_committed",
            auto_offset_reset="earliest",
        )
        async with producer, consumer:
            await producer.begin_transaction()
            await producer.send_and_wait(topic, b"unsaid")
            await producer.abort_transaction()
            async with producer.transaction():
                await producer.send_and_wait(topic, b"said" * 100)
            return [(await consumer.getone()).value]

    assert asyncio.run(scenario()) == [b"said" * 100]
