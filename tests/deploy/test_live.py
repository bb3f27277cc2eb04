"""A real Prometheus scrapes a real worker: what rules and dashboards ask for is there, and is understood."""

import asyncio
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from aiokafka import AIOKafkaProducer

from deploy.prometheus import rules
from schemas.framing import encode
from schemas.records import Profile
from streams.embedded.broker import Broker
from streams.inputs.partition import murmur2_partition
from streams.metrics.declared import METRICS
from tests.brokers import Topics
from tests.deploy import asked
from tests.prometheus import Prometheus, prometheus
from tests.streams.web.test_live import send_profiles
from tests.streams.web.workers import PARTITIONS, create_topics, get, until, worker
from tests.tools import tool

TYPES = "# TYPE "
LATER = {metric.name for metric in METRICS if "begins when" in metric.meaning}
"""Their series begin when something is first seen."""


class Live(NamedTuple):
    topics: Topics
    page: str
    server: Prometheus


@pytest.fixture
def live(broker: Broker, topics: Topics, tmp_path: Path) -> Iterator[Live]:
    """A worker with some input behind it, and the Prometheus that scrapes it."""
    program = tool("prometheus")
    create_topics(topics)
    asyncio.run(send_profiles(broker.bootstrap, topics.name("profiles")))
    with worker(topics, tmp_path) as address:
        until(lambda: bool(address()) and get(f"{address()}/readyz")[0] == 200, "the worker is ready")
        with prometheus(program, tmp_path / "prometheus", rules.text(times=90), [address()[7:]]) as server:
            until(lambda: bool(server.query("kairos_ready == 1")), "the worker was scraped")
            until(lambda: all(rule["lastEvaluation"][:2] == "20" for rule in server.rules()), "rules ran")
            with urllib.request.urlopen(f"{address()}/metrics", timeout=10) as answer:  # noqa: S310 - our own
                yield Live(topics, answer.read().decode(), server)


@pytest.mark.broker
@pytest.mark.slow
def test_prometheus_understands_a_worker_and_finds_what_is_asked_for(live: Live) -> None:
    (target,) = live.server.targets()
    assert (target["health"], target["lastError"]) == ("up", "")
    evaluated = live.server.rules()
    assert len(evaluated) == len(list(asked.rules()))
    assert [(rule["name"], rule["lastError"]) for rule in evaluated if rule["health"] != "ok"] == []

    told = {line.split()[2] for line in live.page.splitlines() if line.startswith(TYPES)}
    wanted = {name for expr in asked.expressions().values() for name in asked.metrics_in(expr)}
    assert wanted - told == set()

    for expr in asked.expressions().values():
        live.server.query(expr)  # an error of the expression is an error of the request
    for metric in sorted(wanted - LATER):  # the first commit may come behind the first scrape
        series = f'count({{__name__=~"{metric}(_count)?"}})'
        until(lambda series=series: bool(live.server.query(series)), f"{metric} has a series")  # type: ignore[misc]


@pytest.mark.broker
@pytest.mark.slow
def test_somebody_is_told_when_a_writer_puts_a_customer_where_it_does_not_lie(live: Live) -> None:
    async def astray() -> None:
        key, now_ms = b"anybody", int(time.time() * 1000)
        elsewhere = (murmur2_partition(key, PARTITIONS) + 1) % PARTITIONS
        profile = encode(Profile("p-1", key.decode(), now_ms, market="de"))
        async with AIOKafkaProducer(bootstrap_servers=live.topics.bootstrap) as producer:
            await producer.send_and_wait(live.topics.name("profiles"), profile, key, partition=elsewhere)

    asyncio.run(astray())
    until(lambda: "KairosWrongPartition" in live.server.summaries(), "somebody is told")
    assert live.server.summaries()["KairosWrongPartition"] == (
        "a writer of profiles puts customers into partitions that are not theirs"
    )
    until(lambda: "KairosWrongPartition" not in live.server.summaries(), "it is over when the window is")
