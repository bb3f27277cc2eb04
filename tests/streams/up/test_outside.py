"""`kairos traffic`: a shop for workers that somebody else runs."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from schemas.framing import RecordDecoder
from schemas.model import Schema, documents
from schemas.records import Eligibility
from streams.cli import main
from streams.embedded.places import locked
from streams.embedded.registry import Registry
from streams.engine.clock import ScaledClock
from streams.settings import load_settings
from streams.up.outside import clock_file, clock_of
from tests.brokers import Topics

PARTITIONS = 2
TIMEOUT_S = 90.0


def environ_of(topics: Topics, state: Path) -> dict[str, str]:
    return {
        **os.environ,
        "KAIROS_KAFKA_BOOTSTRAP_SERVERS": topics.bootstrap,
        "KAIROS_ENGINE_TOPIC_PREFIX": topics.prefix,
        "KAIROS_ENGINE_APPLICATION_ID": topics.name("app"),
        "KAIROS_ENGINE_PARTITIONS": str(PARTITIONS),
        "KAIROS_STATE_DIR": str(state),
        "KAIROS_WEB_PORT": "0",
    }


def kairos(environ: dict[str, str], *words: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-m", "streams.cli", *words],
        env=environ,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@contextmanager
def running(environ: dict[str, str], log: Path, *words: str) -> Iterator[None]:
    with log.open("ab") as out:
        command = [sys.executable, "-m", "streams.cli", *words]
        process = subprocess.Popen(command, env=environ, stdout=out, stderr=subprocess.STDOUT)
        try:
            yield
            assert process.poll() is None, log.read_text()
        finally:
            process.send_signal(signal.SIGTERM)
            code = process.wait(TIMEOUT_S)
    assert code == 0, log.read_text()


class Ours:
    """A registry in which every id is that of our own schema."""

    def schema(self, schema_id: int) -> Schema:
        return documents()["Eligibility"]


def openings(topics: Topics, wanted: int, partitions: int = PARTITIONS) -> list[Eligibility]:
    """So many openings of the output topic, as they come."""
    decoder = RecordDecoder(Eligibility, source=Ours())

    async def read() -> list[Eligibility]:
        found: list[Eligibility] = []
        async with AIOKafkaConsumer(bootstrap_servers=topics.bootstrap) as consumer:
            name = topics.name("eligibility")
            consumer.assign([TopicPartition(name, number) for number in range(partitions)])
            await consumer.seek_to_beginning()
            while len(found) < wanted:
                for records in (await consumer.getmany(timeout_ms=100)).values():
                    said = [decoder.decode(record.value) for record in records]
                    found += [it for it in said if it.status == "opened"]
        return found

    async def within() -> list[Eligibility]:
        return await asyncio.wait_for(read(), TIMEOUT_S)

    return asyncio.run(within())


def retention_ms(topics: Topics) -> str | None:
    """Of an input; records that are dated years ago would be deleted by any other than none."""

    async def ask() -> str | None:
        name = topics.name("purchases")
        async with topics.admin() as admin:
            (answer,) = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name)])
        return next((it[1] for it in answer.resources[0][4] if it[0] == "retention.ms"), None)

    return asyncio.run(ask())


@pytest.mark.broker
@pytest.mark.registry
@pytest.mark.slow
def test_workers_that_somebody_else_runs_are_given_a_shop_and_its_clock(
    tmp_path: Path, topics: Topics, registry: Registry
) -> None:
    folder, log = tmp_path / "shop", tmp_path / "log"
    environ = {
        **environ_of(topics, tmp_path / "state"),
        "KAIROS_REGISTRY_URL": registry.url,
        "KAIROS_ENGINE_WIRE_FORMAT": "confluent",
    }
    kairos(environ, "topics", "apply", "--yes")
    kairos(environ, "schemas", "register", "--yes")
    clock = str(folder / "clock.toml")
    began = kairos(environ, "traffic", "begin", "--dir", str(folder))
    assert began[-1].endswith(f"the clock is in {clock}")
    with (
        running(environ, log, "worker", "--file", clock),
        running(environ, log, "traffic", "run", "--dir", str(folder), "--file", clock),
    ):
        first = openings(topics, 3)
        again = kairos(environ, "traffic", "begin", "--dir", str(folder))
        assert again == [f"the traffic of {folder} runs, and its clock goes on"]
    assert all(it.customer_id for it in first)
    reached_ms = json.loads((folder / "up.json").read_bytes())["reached_ms"]
    assert max(it.decided_at for it in first) <= reached_ms
    kairos(environ, "traffic", "begin", "--dir", str(folder), "--speed", "60")
    engine = tomllib.loads(Path(clock).read_text())["engine"]
    assert engine["clock.start"].timestamp() * 1000 == reached_ms
    assert engine["clock.speed"] == 60
    with pytest.raises(AssertionError, match="made-up ones do not belong among them"):
        kairos(environ, "traffic", "begin", "--dir", str(tmp_path / "another"))
    assert retention_ms(topics) == "-1"


def test_the_clock_of_the_file_is_the_clock_of_the_settings(tmp_path: Path) -> None:
    clock = ScaledClock(1_298_966_400_123, int(time.time() * 1000), 3_600.0)
    (tmp_path / "clock.toml").write_text(clock_file(clock))
    found = clock_of(load_settings({}, tmp_path / "clock.toml"))
    assert (found.start_ms, found.began_ms, found.speed) == (clock.start_ms, clock.began_ms, 3_600.0)


def test_traffic_without_a_clock_or_a_beginning_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["traffic", "run", "--dir", str(tmp_path)]) == 2
    assert "kairos traffic begin" in capsys.readouterr().err
    kept = {"name": "", "partitions": 4, "seed": 7, "speed": 60.0, "reached_ms": 1, "sent_ms": 0}
    (tmp_path / "up.json").write_text(json.dumps(kept))
    assert main(["traffic", "run", "--dir", str(tmp_path)]) == 2
    assert "clock.toml" in capsys.readouterr().err


def test_a_second_run_of_the_same_shop_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with locked(tmp_path / "traffic.lock", 0):
        assert main(["traffic", "run", "--dir", str(tmp_path)]) == 2
    assert "runs already" in capsys.readouterr().err
