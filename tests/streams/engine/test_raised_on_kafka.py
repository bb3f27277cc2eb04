"""A mass incident on a real broker outlives the worker that saw it begin, and its state."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
from aiokafka import TopicPartition

from schemas.records import Ticket
from streams.embedded.broker import Broker
from streams.engine import journal
from streams.engine.journal import Line
from streams.inputs.partition import murmur2_partition
from streams.journey.words import Flag
from tests.brokers import Topics
from tests.chaos.kafka import read_all
from tests.streams.engine.histories import kairos, send
from tests.streams.web.workers import PARTITIONS, create_topics, until

POLICY = """version = "mine"
[mass_incident]
share = 0.2
customers_min = 5
"""
HELD = (int(Flag.BILLING_PROBLEM),)
CUSTOMERS = [name for n in range(40) if murmur2_partition((name := f"c{n}").encode(), PARTITIONS) == 0]


def ticket(customer_id: str) -> Ticket:
    now_ms = time.time_ns() // 1_000_000
    return Ticket(
        f"t-{customer_id}", customer_id, now_ms, ticket_id=customer_id, status="open", topic="billing"
    )


@pytest.mark.broker
@pytest.mark.slow
def test_a_mass_incident_goes_on_where_a_worker_is_killed_and_another_knows_nothing(
    broker: Broker, topics: Topics, tmp_path: Path
) -> None:
    create_topics(topics)
    name = topics.create("journal", partitions=PARTITIONS)
    policy = tmp_path / "policy.toml"
    policy.write_text(POLICY)
    with_journal = {"KAIROS_JOURNAL": name, "KAIROS_FILES_POLICY": str(policy)}
    *strike, one_more, another = CUSTOMERS[:8]

    def lines() -> list[Line]:
        found = asyncio.run(read_all(broker.bootstrap, [TopicPartition(name, 0)]))
        return [journal.read(it.value or b"") for records in found.values() for it in records]

    def taken() -> int:
        return sum(run.count for line in lines() for part in line.slices for run in part.taken)

    def held(opened_before: set[str]) -> bool:
        """Whether the flag is held by who opened the partition since."""
        return any(
            part.held == HELD for line in lines() if line.opened not in opened_before for part in line.slices
        )

    with kairos(topics, tmp_path / "a", "worker", **with_journal) as process:
        for customer_id in strike:
            send(topics, ticket(customer_id), PARTITIONS)
        until(lambda: taken() == len(strike), "the strike is taken")
        send(topics, ticket(one_more), PARTITIONS)
        until(lambda: held(set()), "six of six customers are an incident")
        process.kill()
        process.wait()
    before = lines()
    with kairos(topics, tmp_path / "b", "worker", **with_journal):
        send(topics, ticket(another), PARTITIONS)
        until(lambda: held({line.opened for line in before}), "the other worker holds it too")
    since = [part.held for line in lines()[len(before) :] for part in line.slices]
    assert since
    assert set(since) == {HELD}
