"""The page of a real worker on a real broker, read as Prometheus reads it."""

import asyncio
import urllib.request
from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest
from aiokafka import AIOKafkaProducer
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.parser import text_string_to_metric_families

from streams.embedded.broker import Broker
from streams.engine.clock import wall_ms
from streams.inputs.partition import murmur2_partition
from streams.metrics.declared import BY_NAME, METRICS
from tests.brokers import Topics
from tests.streams.web.workers import PARTITIONS, create_topics, get, until, worker

CUSTOMERS = {murmur2_partition(f"who-{n}".encode(), PARTITIONS): f"who-{n}" for n in range(9)}
"""One of each partition."""
PRIVATE = "a note that nobody else may read"


def scraped(address: str) -> dict[str, Family]:
    """All metrics of a worker by the name of their declaration."""
    with urllib.request.urlopen(f"{address}/metrics", timeout=10) as answer:  # noqa: S310 - our own
        text = answer.read().decode()
    return {named(family): family for family in text_string_to_metric_families(text)}


def named(family: Family) -> str:
    return f"{family.name}_total" if family.type == "counter" else family.name


def value(found: Mapping[str, Family], name: str, suffix: str = "", **labels: str) -> float:
    """The sum of the series that have these labels."""
    return sum(
        it.value
        for it in found[name].samples
        if it.name == name + suffix and labels.items() <= it.labels.items()
    )


def partitions(found: Mapping[str, Family]) -> set[str]:
    """Every partition that any series speaks of."""
    return {it.labels["partition"] for f in found.values() for it in f.samples if "partition" in it.labels}


async def send_events(topics: Topics) -> None:
    now = wall_ms()
    async with AIOKafkaProducer(bootstrap_servers=topics.bootstrap) as producer:
        for number, name in CUSTOMERS.items():
            lines = [{"line_id": "l1", "product_id": "kettle", "quantity": 1}]
            order = {"type": "order_placed", "order_id": f"order-of-{name}", "lines": lines}
            ticket = {"ticket_id": f"ticket-of-{name}", "status": "open", "topic": "broken"}
            profile = {"market": "de", "locale": "de"}
            for topic, body in (("purchases", order), ("tickets", ticket), ("profiles", profile)):
                event = {"event_id": f"{topic}-{name}", "occurred_at": now, "customer_id": name, **body}
                value = msgspec.json.encode(event)
                sends = 2 if topic == "profiles" else 1
                for _ in range(sends):
                    await producer.send_and_wait(
                        topics.name(topic), value, name.encode(), partition=number, timestamp_ms=now
                    )
            await producer.send_and_wait(
                topics.name("usage"), PRIVATE.encode(), name.encode(), partition=number, timestamp_ms=now
            )


@pytest.mark.broker
@pytest.mark.slow
def test_a_worker_tells_all_that_is_declared_and_nothing_of_customers(
    broker: Broker, topics: Topics, tmp_path: Path
) -> None:
    create_topics(topics)
    asyncio.run(send_events(topics))
    with worker(topics, tmp_path) as address:
        until(lambda: bool(address()) and get(f"{address()}/readyz")[0] == 200, "the worker is ready")
        until(
            lambda: value(scraped(address()), "kairos_input_records_total") == 5 * PARTITIONS,
            "all is decided upon",
        )
        found = scraped(address())
        assert {name: family.type for name, family in found.items()} == {
            metric.name: metric.kind.value for metric in METRICS
        }
        for name, family in found.items():
            labels = {label for it in family.samples for label in it.labels} - {"le"}
            assert labels <= set(BY_NAME[name].labels), name
        assert value(found, "kairos_repeated_events_total", topic="profiles") == PARTITIONS
        assert value(found, "kairos_dead_letters_total", topic="usage") == PARTITIONS
        assert value(found, "kairos_event_to_output_seconds", "_count") == 4 * PARTITIONS
        assert (
            value(found, "kairos_friction_changes_total", flag="troubleshooting", state="open") == PARTITIONS
        )
        assert value(found, "kairos_customers") == PARTITIONS
        assert value(found, "kairos_wakeups_pending") > 0
        assert value(found, "kairos_partitions", role="active", phase="working") == PARTITIONS
        assert value(found, "kairos_ready") == value(found, "kairos_group_member") == 1
        text = repr([family.samples for family in found.values()])
        told = [*CUSTOMERS.values(), *(f"order-of-{name}" for name in CUSTOMERS.values()), PRIVATE, "kettle"]
        assert [word for word in told if word in text] == []


@pytest.mark.broker
@pytest.mark.slow
def test_the_series_of_a_partition_go_with_it(broker: Broker, topics: Topics, tmp_path: Path) -> None:
    create_topics(topics)
    replicas = {"KAIROS_ENGINE_STANDBY_REPLICAS": "0"}
    with worker(topics, tmp_path, 0, **replicas) as first:
        until(lambda: bool(first()) and partitions(scraped(first())) == {"0", "1"}, "one has them all")
        with worker(topics, tmp_path, 1, **replicas) as second:

            def handed_over() -> bool:
                asyncio.run(
                    send_events(topics)
                )  # who has nothing to commit does not learn that it was fenced
                return bool(second()) and len(partitions(scraped(first()))) == 1

            until(handed_over, "one of them is handed over")
            until(lambda: len(partitions(scraped(second()))) == 1, "the other worker has it")
            assert partitions(scraped(first())) | partitions(scraped(second())) == {"0", "1"}
