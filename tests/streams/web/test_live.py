"""Two workers on a real broker: each of them answers for every customer."""

import asyncio
from pathlib import Path

import msgspec
import pytest
from aiokafka import AIOKafkaProducer

from streams import cli
from streams.embedded.broker import Broker
from streams.inputs.partition import murmur2_partition
from tests.brokers import Topics
from tests.streams.web.workers import PARTITIONS, create_topics, get, until, worker

NOW = 1_772_366_400_000
CUSTOMERS = {murmur2_partition(f"a/{n} b".encode(), PARTITIONS): f"a/{n} b" for n in range(9)}
"""One of each partition, with an id that a path cannot hold as it is."""


async def send_profiles(bootstrap: str, topic: str) -> None:
    async with AIOKafkaProducer(bootstrap_servers=bootstrap) as producer:
        for number, name in CUSTOMERS.items():
            value = {"event_id": name, "occurred_at": NOW, "customer_id": name, "market": "de"}
            await producer.send_and_wait(
                topic,
                msgspec.json.encode(value),
                name.encode(),
                partition=number,
                timestamp_ms=NOW,
            )


@pytest.mark.broker
@pytest.mark.slow
def test_every_worker_answers_for_every_customer(
    broker: Broker, topics: Topics, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    create_topics(topics)
    asyncio.run(send_profiles(broker.bootstrap, topics.name("profiles")))
    with worker(topics, tmp_path, 0) as first, worker(topics, tmp_path, 1) as second:

        def active() -> bool:
            for address in (first(), second()):
                _, _, found = get(f"{address}/partitions") if address else (0, {}, None)
                roles = [it["phase"] for it in found or () if it["role"] == "active"]
                if roles != ["working"]:
                    return False
            return True

        until(active, "each worker has a partition")
        assert first() != second()
        for number, name in CUSTOMERS.items():
            path = name.replace("/", "%2F").replace(" ", "%20")
            for address in (first(), second()):
                until(
                    lambda url=f"{address}/customers/{path}": get(url)[0] == 200,  # type: ignore[misc]
                    f"{name} is known at {address}",
                )
                _, headers, found = get(f"{address}/customers/{path}")
                assert (found["customer_id"], found["known"]["market"]) == (name, "de")
                assert found["read_from"]["partition"] == number
                assert (found["read_from"]["role"], found["read_from"]["stale"]) == ("active", False)
                assert headers["Cache-Control"] == "no-store"
        status, _, found = get(f"{first()}/customers/nobody")
        assert (status, found) == (404, {"error": 'no customer "nobody" is known'})
        assert get(f"{first()}/healthz")[::2] == (200, {"status": "ok"})
        assert cli.main(["explain", CUSTOMERS[0], "--live", second(), "--json"]) == 0
        assert msgspec.json.decode(capsys.readouterr().out)["customer_id"] == CUSTOMERS[0]
        assert cli.main(["explain", "nobody", "--live", second()]) == 2
        assert 'no customer "nobody" is known' in capsys.readouterr().err
