"""What only a real Kafka can show."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAuthorizationFailedError

from streams.cli import main
from streams.embedded.broker import Broker
from streams.embedded.jars import Jars
from tests.brokers import Topics

pytestmark = pytest.mark.broker

PASSWORD = "not a secret"  # noqa: S105 - it is not
PLAIN = "org.apache.kafka.common.security.plain.PlainLoginModule required"


async def create(bootstrap: str, topic: str, **how: str) -> None:
    client = AIOKafkaAdminClient(bootstrap_servers=bootstrap, **how)
    await client.start()
    try:
        await client.create_topics([NewTopic(topic, 1, 1)])
    finally:
        await client.close()


async def write(bootstrap: str, topic: str, value: bytes, **how: str) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, **how)
    try:
        await producer.start()
        await producer.send_and_wait(topic, value)
    finally:
        await producer.stop()  # also when it could not start, or it would complain in another test


async def read_one(bootstrap: str, topic: str, **how: str) -> bytes | None:
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest", **how)
    async with consumer:
        value: bytes | None = (await consumer.getone()).value
    return value


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
def test_a_transaction_is_read_when_it_is_committed(broker: Broker, topics: Topics, codec: str) -> None:
    topic = topics.create("letters")

    async def scenario() -> bytes | None:
        producer = AIOKafkaProducer(
            bootstrap_servers=broker.bootstrap, transactional_id=topics.name("writer"), compression_type=codec
        )
        async with producer:
            await producer.begin_transaction()
            await producer.send_and_wait(topic, b"unsaid")
            await producer.abort_transaction()
            async with producer.transaction():
                await producer.send_and_wait(topic, b"said" * 100)
        return await read_one(broker.bootstrap, topic, isolation_level="read_committed")

    assert asyncio.run(scenario()) == b"said" * 100


def test_no_topic_comes_into_being_by_its_name(broker: Broker, topics: Topics) -> None:
    async def scenario() -> bool:
        async with topics.admin() as admin:
            await admin.describe_topics([topics.name("misspelt")])
            return topics.name("misspelt") in await admin.list_topics()

    assert not asyncio.run(scenario())


@pytest.mark.slow
def test_a_broker_that_was_killed_comes_back_at_its_address_with_its_data(
    tmp_path: Path, kafka_jars: Jars, capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest
) -> None:
    directory = tmp_path / "kafka"
    here = ("--dir", str(directory))
    broker = Broker(directory, jars=kafka_jars)
    request.addfinalizer(broker.kill)

    assert main(["kafka", "start", *here]) == 0
    bootstrap = capsys.readouterr().out.strip()
    assert broker.layout.properties.stat().st_mode & 0o077 == 0  # it may hold a password
    asyncio.run(create(bootstrap, "letters"))
    asyncio.run(write(bootstrap, "letters", b"kept"))

    broker.kill()
    assert main(["kafka", "status", *here]) == 1
    assert "stopped" in capsys.readouterr().out

    assert main(["kafka", "start", *here]) == 0
    assert capsys.readouterr().out.strip() == bootstrap
    assert asyncio.run(read_one(bootstrap, "letters")) == b"kept"
    assert main(["kafka", "status", *here]) == 0
    assert main(["kafka", "stop", *here]) == 0
    assert not broker.exists


@pytest.mark.slow
def test_security_can_be_set_for_clients_alone(private_broker: Callable[..., Broker]) -> None:
    users = f'user_writer="{PASSWORD}" user_stranger="{PASSWORD}"'
    broker = private_broker(
        security="SASL_PLAINTEXT",
        overrides={
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": "User:ANONYMOUS;User:writer",
            "listener.name.clients.sasl.enabled.mechanisms": "PLAIN",
            "listener.name.clients.plain.sasl.jaas.config": f"{PLAIN} {users};",
        },
    )

    def known_as(user: str, password: str = PASSWORD) -> dict[str, str]:
        return {
            "security_protocol": "SASL_PLAINTEXT",
            "sasl_mechanism": "PLAIN",
            "sasl_plain_username": user,
            "sasl_plain_password": password,
        }

    asyncio.run(create(broker.bootstrap, "letters", **known_as("writer")))
    asyncio.run(write(broker.bootstrap, "letters", b"kept", **known_as("writer")))
    with pytest.raises(TopicAuthorizationFailedError):
        asyncio.run(write(broker.bootstrap, "letters", b"refused", **known_as("stranger")))
    with pytest.raises(KafkaError):
        asyncio.run(write(broker.bootstrap, "letters", b"refused", **known_as("writer", "a guess")))
