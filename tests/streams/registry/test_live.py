"""A worker that reads and writes by the ids of a real registry, also while that is away."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from msgspec import Struct

from schemas.framing import KnownSchemas, RecordDecoder, encode_confluent
from schemas.model import documents
from schemas.records import OrderLine, Purchase, StageChange, Usage
from streams.embedded.broker import Broker
from streams.embedded.registry import Registry
from streams.engine.clock import wall_ms
from streams.inputs.partition import murmur2_partition
from streams.registry.client import RegistryClient
from streams.registry.comparing import carry_out, look
from streams.registry.subjects import subjects
from tests.brokers import Topics
from tests.schemas.changes import adding, changed
from tests.streams.registry.test_registering import settings
from tests.streams.web.workers import PARTITIONS, create_topics, get, until, worker

pytestmark = [pytest.mark.broker, pytest.mark.registry, pytest.mark.slow]

CUSTOMER = "c-1"
PARTITION = murmur2_partition(CUSTOMER.encode(), PARTITIONS)
WITHIN_S = 60.0
NEWER = changed("Usage", adding(name="of_the_writer", type=["null", "string"], default=None))
"""What a producer writes that is ahead of us."""


def purchase() -> Purchase:
    line = OrderLine(line_id="l-1", product_id="p-1", quantity=1)
    return Purchase("e-1", CUSTOMER, wall_ms(), None, "order_placed", order_id="o-1", lines=(line,))


def result(event_id: str) -> Usage:
    return Usage(event_id, CUSTOMER, wall_ms(), None, "result", "p-1")


async def registered(url: str, prefix: str) -> tuple[dict[str, int], int]:
    """The contract under its subjects; the ids by topic, and that of a newer writer."""
    async with RegistryClient(settings(url)) as client:
        wanted = tuple(subjects(prefix))
        await carry_out(client, await look(client, wanted))
        ids = {it.topic: await client.id_of(it.name, it.text) for it in wanted}
        newer = await client.register(f"{prefix}usage-value", json.dumps(NEWER))
        return {topic: schema_id for topic, schema_id in ids.items() if schema_id is not None}, newer


async def send(broker: Broker, topic: str, *values: bytes) -> None:
    async with AIOKafkaProducer(bootstrap_servers=broker.bootstrap) as producer:
        for value in values:
            await producer.send_and_wait(topic, value, CUSTOMER.encode(), partition=PARTITION)


class Stages:
    """The stages that were said, read by the id of their schema."""

    def __init__(self, broker: Broker, topics: Topics, schema_id: int) -> None:
        self._broker = broker
        self._topic = topics.name("stages")
        self._id = schema_id
        self._decoder = RecordDecoder(
            StageChange, source=KnownSchemas({schema_id: documents()["StageChange"]})
        )

    def until(self, stage: str) -> list[str]:
        """All of them, up to this one."""
        return asyncio.run(self._until(stage))

    async def _until(self, stage: str) -> list[str]:
        async with AIOKafkaConsumer(
            bootstrap_servers=self._broker.bootstrap, isolation_level="read_committed"
        ) as consumer:
            tp = TopicPartition(self._topic, PARTITION)
            consumer.assign([tp])
            await consumer.seek_to_beginning(tp)
            said: list[str] = []
            while stage not in said:
                record = await asyncio.wait_for(consumer.getone(), WITHIN_S)
                assert record.value.startswith(b"\x00" + self._id.to_bytes(4, "big"))
                said.append(self._decoder.decode(record.value).to_stage)
            return said


async def end_of(broker: Broker, topic: str) -> int:
    async with AIOKafkaConsumer(bootstrap_servers=broker.bootstrap) as consumer:
        tp = TopicPartition(topic, 0)
        return int((await consumer.end_offsets([tp]))[tp])


def framed(record: Struct, schema_id: int) -> bytes:
    return encode_confluent(record, schema_id)


def newer(event_id: str, schema_id: int) -> bytes:
    """As a writer of `NEWER` has it: our record, and one field more."""
    return encode_confluent(result(event_id), schema_id) + b"\x02\x06new"


def test_known_ids_flow_and_unknown_ones_wait_while_the_registry_is_away(
    broker: Broker, topics: Topics, private_registry: Registry, tmp_path: Path
) -> None:
    create_topics(topics)
    ids, newer_id = asyncio.run(registered(private_registry.url, topics.prefix))
    stages = Stages(broker, topics, ids["stages"])
    more = {"KAIROS_REGISTRY_URL": private_registry.url, "KAIROS_ENGINE_WIRE_FORMAT": "confluent"}

    def put(topic: str, *values: bytes) -> None:
        asyncio.run(send(broker, topics.name(topic), *values))

    def partition(address: str) -> dict[str, Any]:
        found = get(f"{address}/partitions")[2] or ()
        return next((it for it in found if it["partition"] == PARTITION), {})

    with worker(topics, tmp_path, 0, **more) as address:
        until(lambda: bool(address()), "the worker serves its pages")
        put("purchases", framed(purchase(), ids["purchases"]))
        put("deliveries", framed(result("never"), ids["usage"]))  # its schema is learnt, and it is refused
        assert stages.until("checkout") == ["checkout"]
        until(lambda: asyncio.run(end_of(broker, topics.name("dead-letters"))) > 0, "it is refused")
    refused = asyncio.run(end_of(broker, topics.name("dead-letters")))
    private_registry.stop()
    with worker(topics, tmp_path, 0, **more) as address:  # it starts with what the last one knew
        until(lambda: partition(address()).get("phase") == "working", "the partition works")
        put("usage", newer("u-1", newer_id), framed(result("u-2"), ids["usage"]))
        put("purchases", framed(cancelled(), ids["purchases"]))
        assert stages.until("ended")[-1] == "ended"
        until(lambda: partition(address())["lag_by_topic"].get(topics.name("usage")) == 2, "usage waits")
        assert partition(address())["current"] is False
        until(lambda: get(f"{address()}/readyz")[0] == 503, "it is not ready")
        assert "the schema registry does not answer" in get(f"{address()}/readyz")[2]["problems"]
        private_registry.start()
        until(lambda: partition(address())["lag"] == 0, "what waited is read")
        until(lambda: get(f"{address()}/readyz")[0] == 200, "it is ready again")
    assert asyncio.run(end_of(broker, topics.name("dead-letters"))) == refused


def cancelled() -> Purchase:
    return Purchase("e-3", CUSTOMER, wall_ms(), None, "order_cancelled", order_id="o-1")
