"""Bad records through a real worker, and back once, whatever happens to whoever sends them back."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from streams import cli
from streams.embedded.broker import Broker
from streams.engine.clock import wall_ms
from streams.inputs.partition import murmur2_partition
from streams.inputs.tracing import HEADER
from tests.brokers import Topics
from tests.streams.inputs.bad_records import bad_records
from tests.streams.inputs.test_tracing import TRACE
from tests.streams.web.workers import PARTITIONS, create_topics, until, worker

BAD = 40
SEED = 4
RIGHT = murmur2_partition(b"anna", PARTITIONS)
FROM = "kairos-replayed-from"
TRACED = (HEADER, TRACE.encode())
Row = tuple[bytes, dict[str, bytes]]
pytestmark = [pytest.mark.broker, pytest.mark.slow]


def profile(number: int, at_ms: int | None = None) -> bytes:
    event = {"event_id": f"e{number}", "occurred_at": at_ms or wall_ms(), "customer_id": "anna"}
    return json.dumps(event).encode()


async def produce(
    bootstrap: str, topic: str, values: list[bytes], partition: int, at_ms: int | None = None
) -> None:
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, max_request_size=2_000_000) as producer:
        for value in values:
            await producer.send(
                topic, value, b"anna", partition=partition, timestamp_ms=at_ms, headers=[TRACED]
            )
        await producer.flush()


async def produce_bad(bootstrap: str, topics: Topics) -> None:
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, max_request_size=2_000_000) as producer:
        for record in bad_records(SEED, BAD):
            word = record.topic.removeprefix("journey.")
            if word not in ("catalogue", "control") and len(record.value or b"") < 1_000_000:
                await producer.send_and_wait(
                    topics.name(word), record.value, record.key, partition=record.partition % PARTITIONS
                )


async def records(bootstrap: str, topic: str, partition: int) -> list[Row]:
    tp = TopicPartition(topic, partition)
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, isolation_level="read_committed")
    await consumer.start()
    try:
        consumer.assign([tp])
        await consumer.seek_to_beginning(tp)
        end = (await consumer.end_offsets([tp]))[tp]
        found: list[Row] = []
        while await consumer.position(tp) < end:
            for some in (await consumer.getmany(timeout_ms=200)).values():
                found += [(it.value, dict(it.headers)) for it in some]
        return found
    finally:
        await consumer.stop()


class Shop:
    """The topics of one application, and the commands against it."""

    def __init__(self, topics: Topics, capsys: pytest.CaptureFixture[str]) -> None:
        self.topics, self._capsys = topics, capsys
        create_topics(topics)
        self._where = [
            *("--bootstrap-server", topics.bootstrap, "--prefix", topics.prefix, "--json"),
            *("--set", f"engine.application.id={topics.name('app')}"),
        ]

    def dlq(self, *words: str) -> Any:
        """What the command answers."""
        assert cli.main(["dlq", *words, *self._where]) == 0, self._capsys.readouterr().err
        return json.loads(self._capsys.readouterr().out)

    @contextmanager
    def another(self, *words: str, **environ: str) -> Iterator[subprocess.Popen[str]]:
        """The same as a process of its own."""
        command = [sys.executable, "-m", "streams.cli", "dlq", *words, *self._where]
        environ = {**os.environ, **environ}
        with subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True) as process:
            try:
                yield process
            finally:
                process.kill()

    def letters(self) -> Counter[str]:
        """How many there are by reason."""
        found: Counter[str] = Counter()
        for it in self.dlq("list"):
            found[it["reason"]] += it["letters"]
        return found

    def sent_back(self) -> list[bytes]:
        """Where the letters lie of which the records stand in the right partition now."""
        found = asyncio.run(records(self.topics.bootstrap, self.topics.name("profiles"), RIGHT))
        return [headers[FROM] for _, headers in found if FROM in headers]

    def refuse(self, folder: Path, count: int) -> None:
        """Let a worker refuse so many records that lie in the wrong partition and are good otherwise."""
        values = [profile(number) for number in range(count)]
        asyncio.run(produce(self.topics.bootstrap, self.topics.name("profiles"), values, 1 - RIGHT))
        with worker(self.topics, folder):
            until(lambda: self.letters()["wrong_partition"] == count, "all are dead letters")


@pytest.fixture
def shop(broker: Broker, topics: Topics, capsys: pytest.CaptureFixture[str]) -> Shop:
    return Shop(topics, capsys)


def test_what_is_accepted_now_goes_back_once(shop: Shop, tmp_path: Path) -> None:
    good = profile(0)
    asyncio.run(produce(shop.topics.bootstrap, shop.topics.name("profiles"), [good], 1 - RIGHT))
    asyncio.run(produce_bad(shop.topics.bootstrap, shop.topics))
    with worker(shop.topics, tmp_path):
        until(lambda: shop.letters().total() > BAD // 2, "the bad records are dead letters")
    assert shop.letters()["wrong_partition"] >= 1
    shown = shop.dlq("show", "profiles", str(1 - RIGHT), "0")
    assert shown["headers"]["reason"] == "wrong_partition"
    assert (shown["value"], shown["now"]) == (good.decode(), "would be accepted")
    only = ("--topic", "profiles", "--reason", "wrong_partition", "--rate", "100000")
    assert shop.dlq("replay", *only)["sent"] == 0
    first = shop.dlq("replay", *only, "--yes")["sent"]
    assert first >= 1
    assert shop.dlq("replay", *only, "--yes")["sent"] == 0
    profiles = asyncio.run(records(shop.topics.bootstrap, shop.topics.name("profiles"), RIGHT))
    back = [headers for value, headers in profiles if value == good]
    assert len(back) == 1
    assert back[0][FROM].startswith(b"0:")
    assert TRACED in back[0].items()


@pytest.mark.parametrize(
    "place", ["after_begin=crash@3", "before_commit=crash@3", "after_commit=crash@3", "before_commit=fail@3"]
)
def test_who_goes_on_after_a_run_that_ended_in_the_middle_sends_the_rest(
    shop: Shop, tmp_path: Path, place: str
) -> None:
    shop.refuse(tmp_path, 50)
    words = ("replay", "--yes", "--reason", "wrong_partition")
    with shop.another(*words, "--rate", "10", KAIROS_FAILPOINTS=place) as process:
        assert process.wait(60) == (2 if "fail" in place else -9)
    done = 30 if place.startswith("after_commit") else 20
    assert len(shop.sent_back()) == done
    assert shop.dlq(*words, "--rate", "1000")["sent"] == 50 - done
    sent_back = shop.sent_back()
    assert len(sent_back) == len(set(sent_back)) == 50


def test_of_two_runs_at_once_the_second_goes_on_and_the_first_says_so(shop: Shop, tmp_path: Path) -> None:
    shop.refuse(tmp_path, 60)
    words = ("replay", "--yes", "--reason", "wrong_partition")
    with shop.another(*words, "--rate", "10") as first:
        until(lambda: bool(shop.sent_back()), "the first has begun")
        second = shop.dlq(*words, "--rate", "1000")
        assert first.wait(60) == 2
        assert first.stderr is not None
        assert "another replay of these dead letters has begun" in first.stderr.read()
    assert 0 < second["sent"] < 60
    sent_back = shop.sent_back()
    assert len(sent_back) == len(set(sent_back)) == 60


def test_force_sends_what_is_refused_again_and_each_refusal_is_a_letter_of_its_own(
    shop: Shop, tmp_path: Path
) -> None:
    bad = [b"{", b"[]", b"\xff\xfe"]
    asyncio.run(produce(shop.topics.bootstrap, shop.topics.name("profiles"), bad, RIGHT))
    force = ("replay", "--yes", "--force", "--topic", "profiles")
    with worker(shop.topics, tmp_path):
        until(lambda: shop.letters().total() == len(bad), "all are dead letters")
        assert shop.dlq("replay", "--yes", "--topic", "profiles")["sent"] == 0
        for times in (1, 2):
            assert shop.dlq(*force)["sent"] == len(bad)
            until(
                lambda times=times: shop.letters().total() == len(bad) * (times + 1),  # type: ignore[misc]
                "they are refused again",
            )
    profiles = asyncio.run(records(shop.topics.bootstrap, shop.topics.name("profiles"), RIGHT))
    assert Counter(value for value, _ in profiles) == dict.fromkeys(bad, 3)


def test_what_is_sent_back_is_dated_by_the_clock_of_the_journey(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = timedelta(minutes=50)
    now = datetime.now(UTC)
    at_ms = wall_ms() + int(ahead.total_seconds() * 1000)
    clock = {
        "KAIROS_ENGINE_CLOCK": "scaled",
        "KAIROS_ENGINE_CLOCK_START": (now + ahead).isoformat(timespec="milliseconds"),
        "KAIROS_ENGINE_CLOCK_BEGAN": now.isoformat(timespec="milliseconds"),
        "KAIROS_ENGINE_CLOCK_SPEED": "1",
    }
    name = shop.topics.name("profiles")
    asyncio.run(produce(shop.topics.bootstrap, name, [profile(0, at_ms)], 1 - RIGHT, at_ms))
    with worker(shop.topics, tmp_path, 0, **clock):
        until(lambda: shop.letters()["wrong_partition"] == 1, "it is a dead letter")
        words = ("replay", "--yes", "--rate", "1000")
        assert shop.dlq(*words)["sent"] == 0, "by the wall clock it speaks of the future"
        for variable, value in clock.items():
            monkeypatch.setenv(variable, value)
        assert shop.dlq(*words, "--since", "40 min")["sent"] == 1
        asyncio.run(produce(shop.topics.bootstrap, name, [b"{"], RIGHT, at_ms))
        until(lambda: shop.letters().total() == 2, "what came behind it is refused, and it is not")
    assert shop.letters()["wrong_partition"] == 1
