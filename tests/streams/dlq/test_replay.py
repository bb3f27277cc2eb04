"""Bad records through a real worker, and back once."""

import asyncio
import json
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from streams import cli
from streams.embedded.broker import Broker
from streams.engine.clock import wall_ms
from streams.inputs.partition import murmur2_partition
from tests.brokers import Topics
from tests.streams.inputs.bad_records import bad_records
from tests.streams.web.workers import PARTITIONS, create_topics, until, worker

BAD = 40
SEED = 4


async def produce(bootstrap: str, topics: Topics) -> bytes:
    """Bad records, and a good one in the wrong partition, whose bytes are returned."""
    good = json.dumps({"event_id": "e", "occurred_at": wall_ms(), "customer_id": "anna"}).encode()
    right = murmur2_partition(b"anna", PARTITIONS)
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, max_request_size=2_000_000) as producer:
        await producer.send_and_wait(topics.name("profiles"), good, b"anna", partition=1 - right)
        for record in bad_records(SEED, BAD):
            word = record.topic.removeprefix("journey.")
            if word not in ("catalogue", "control") and len(record.value or b"") < 1_000_000:
                await producer.send_and_wait(
                    topics.name(word), record.value, record.key, partition=record.partition % PARTITIONS
                )
    return good


async def records(bootstrap: str, topic: str, partition: int) -> list[tuple[bytes, dict[str, bytes]]]:
    tp = TopicPartition(topic, partition)
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, isolation_level="read_committed")
    await consumer.start()
    try:
        consumer.assign([tp])
        await consumer.seek_to_beginning(tp)
        end = (await consumer.end_offsets([tp]))[tp]
        found: list[tuple[bytes, dict[str, bytes]]] = []
        while await consumer.position(tp) < end:
            for some in (await consumer.getmany(timeout_ms=200)).values():
                found += [(it.value, dict(it.headers)) for it in some]
        return found
    finally:
        await consumer.stop()


@pytest.mark.broker
@pytest.mark.slow
def test_what_is_accepted_now_goes_back_once(
    broker: Broker, topics: Topics, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    create_topics(topics)
    good = asyncio.run(produce(broker.bootstrap, topics))
    where = [
        *("--bootstrap-server", broker.bootstrap, "--prefix", topics.prefix, "--json"),
        *("--set", f"engine.application.id={topics.name('app')}"),
    ]

    def dlq(*words: str) -> object:
        assert cli.main(["dlq", *words, *where]) == 0, capsys.readouterr().err
        return json.loads(capsys.readouterr().out)

    def counts() -> dict[str, int]:
        found: dict[str, int] = {}
        for it in dlq("list"):  # type: ignore[attr-defined]
            found[it["reason"]] = found.get(it["reason"], 0) + it["letters"]
        return found

    with worker(topics, tmp_path):
        until(lambda: sum(counts().values()) > BAD // 2, "the bad records are dead letters")
    before = counts()
    assert before["wrong_partition"] >= 1
    right = murmur2_partition(b"anna", PARTITIONS)
    shown = dlq("show", "profiles", str(1 - right), "0")
    assert shown["headers"]["reason"] == "wrong_partition"  # type: ignore[index]
    assert (shown["value"], shown["now"]) == (good.decode(), "would be accepted")  # type: ignore[index]
    only = ("--topic", "profiles", "--reason", "wrong_partition", "--rate", "100000")
    assert dlq("replay", *only)["sent"] == 0  # type: ignore[index]
    first = dlq("replay", *only, "--yes")["sent"]  # type: ignore[index]
    assert first >= 1
    assert dlq("replay", *only, "--yes")["sent"] == 0  # type: ignore[index]
    profiles = asyncio.run(records(broker.bootstrap, topics.name("profiles"), right))
    back = [headers for value, headers in profiles if value == good]
    assert len(back) == 1
    assert back[0]["kairos-replayed-from"].startswith(b"0:")
