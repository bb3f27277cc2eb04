"""A real worker: the trace of an event stands on what it led to, and each line of the log is an object."""

import asyncio
import json
from pathlib import Path

import msgspec
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord

from streams.embedded.broker import Broker
from streams.engine.clock import wall_ms
from streams.inputs.tracing import HEADER
from tests.brokers import Topics
from tests.collector import collector, words
from tests.streams.inputs.test_tracing import TRACE
from tests.streams.web.workers import create_topics, worker

CUSTOMER = "who-asked"


async def send_ticket(topics: Topics) -> None:
    event = {"event_id": "t", "occurred_at": wall_ms(), "customer_id": CUSTOMER}
    ticket = {**event, "ticket_id": "7", "status": "open", "topic": "broken"}
    async with AIOKafkaProducer(bootstrap_servers=topics.bootstrap) as producer:
        await producer.send_and_wait(
            topics.name("tickets"),
            msgspec.json.encode(ticket),
            CUSTOMER.encode(),
            headers=[(HEADER, TRACE.encode())],
        )


async def first_of(topics: Topics, topic: str) -> ConsumerRecord:
    async with AIOKafkaConsumer(
        topics.name(topic),
        bootstrap_servers=topics.bootstrap,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
    ) as consumer:
        return await asyncio.wait_for(consumer.getone(), 60)


@pytest.mark.broker
@pytest.mark.slow
def test_the_trace_of_an_event_goes_on_and_every_line_is_an_object(
    broker: Broker, topics: Topics, tmp_path: Path
) -> None:
    create_topics(topics)
    asyncio.run(send_ticket(topics))
    with (
        collector() as there,
        worker(topics, tmp_path, 0, KAIROS_ENGINE_LOG_FORMAT="json", KAIROS_TRACING_OTLP_ENDPOINT=there.url),
    ):
        change = asyncio.run(first_of(topics, "friction"))
        _, span = there.spans.get(timeout=60)
    assert (span.trace_id.hex(), span.parent_span_id.hex()) == (TRACE[3:35], TRACE[36:52])
    assert words(span.attributes)["messaging.destination.name"].startswith(topics.prefix)
    assert change.key == CUSTOMER.encode()
    assert dict(change.headers)[HEADER] == TRACE.encode()
    lines = [json.loads(line) for line in (tmp_path / "worker-0.log").read_text().splitlines()]
    assert {"time", "level", "logger", "message"} <= set.intersection(*(set(line) for line in lines))
    assert {line["partition"] for line in lines if "partition" in line} == {0, 1}
    assert not [line for line in lines if CUSTOMER in json.dumps(line)]
