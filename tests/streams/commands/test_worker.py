"""How a worker is started and told its settings: by `kairos worker`, as several of them, by Faust itself."""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from streams.cli import COULD_NOT_RUN
from streams.commands import worker
from streams.configuration.arguments import settings_of
from streams.embedded.broker import Broker
from streams.processes import Processes
from streams.settings import Settings
from tests.brokers import Topics
from tests.streams.web.workers import PARTITIONS, create_topics, get, until

KAIROS = [sys.executable, "-m", "streams.cli", "worker"]
FAUST = [sys.executable, "-m", "faust", "-A", "streams.app", "-l", "info", "worker"]
ENDS_WITHIN_S = 30


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    worker.configure(parser)
    return parser.parse_args(words)


def told(words: Sequence[str]) -> Settings:
    return settings_of(parsed(*words), environ={}).settings


def test_each_of_several_processes_has_a_directory_a_port_and_a_name_of_its_own_whatever_was_said() -> None:
    args = parsed(
        "--backfill", "--set", "state.dir=/s", "--set", "web.port=7000", "--set", "engine.processes=2"
    )
    settings = settings_of(args, environ={}).settings
    processes = Processes(settings, worker._words(args))
    first, second = (told(processes.command_of(index)) for index in range(2))
    assert [it.state.dir for it in (first, second)] == [Path("/s/process-0"), Path("/s/process-1")]
    assert [it.web.port for it in (first, second)] == [7000, 7001]
    assert first.kafka.client_id != second.kafka.client_id
    assert first.engine.processes == second.engine.processes == 1
    assert parsed(*processes.command_of(0)).backfill


def test_what_was_said_reaches_every_process(tmp_path: Path) -> None:
    file = tmp_path / "k.toml"
    file.write_text("[engine]\nstandby.replicas = 0\n")
    args = parsed("--file", str(file), "--set", "engine.log.level=error", "--processes", "2")
    settings = settings_of(args, {"engine.processes": args.processes}, {}).settings
    reached = told(Processes(settings, worker._words(args)).command_of(1))
    assert reached.engine.standby_replicas == 0
    assert reached.engine.log_level == "error"


CHECKED_BEFORE = """
import sys
from streams.app import create
from streams.commands import worker
from streams.configuration.arguments import settings_of
import argparse

parser = argparse.ArgumentParser()
worker.configure(parser)
settings = settings_of(parser.parse_args([])).settings
worker.run = lambda args: worker.under_faust(create(settings, checked=2))
from streams.cli import main
sys.exit(main(["worker"]))
"""
"""A worker that had found its topics, and goes on to join its group."""


def test_a_worker_whose_kafka_goes_away_while_it_starts_says_so_and_ends_as_one_that_found_none(
    tmp_path: Path,
) -> None:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("KAIROS_")}
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        environ["KAIROS_KAFKA_BOOTSTRAP_SERVERS"] = f"127.0.0.1:{closed.getsockname()[1]}"
        environ |= {"KAIROS_STATE_DIR": str(tmp_path / "state"), "KAIROS_WEB_PORT": "0"}
        ended = subprocess.run(
            [sys.executable, "-c", CHECKED_BEFORE],
            env=environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=ENDS_WITHIN_S,
        )
    assert ended.returncode == COULD_NOT_RUN, ended.stderr
    assert ended.stderr.splitlines()[-1].startswith("kairos: Kafka went away while the worker started: ")


@pytest.mark.broker
@pytest.mark.slow
@pytest.mark.parametrize("command", [KAIROS, FAUST], ids=["kairos", "faust"])
def test_a_worker_takes_its_settings_from_the_named_file_works_and_ends_when_asked(
    command: list[str], broker: Broker, topics: Topics, tmp_path: Path
) -> None:
    app = create_topics(topics)
    file, log = tmp_path / "k.toml", tmp_path / "worker.log"
    file.write_text(
        f"""
kafka."bootstrap.servers" = "{broker.bootstrap}"
engine."topic.prefix" = "{topics.prefix}"
engine."application.id" = "{app}"
engine."log.level" = "info"
state.dir = "state"
web.port = 0
"""
    )
    environ = {name: value for name, value in os.environ.items() if not name.startswith("KAIROS_")}
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, env=environ | {"KAIROS_SETTINGS": str(file)}, stdout=out, stderr=out
        )
    try:

        def working() -> bool:
            lines = [line for line in log.read_text().splitlines() if "pages are served at " in line]
            _, _, found = get(f"{lines[0].split()[-1]}/partitions") if lines else (0, {}, None)
            return [it["phase"] for it in found or ()] == ["working"] * PARTITIONS

        until(working, f"all partitions are worked on: {log.read_text()}")
        process.send_signal(signal.SIGTERM)
        assert process.wait(ENDS_WITHIN_S) == 0
    finally:
        process.kill()
        process.wait()
    assert (tmp_path / "state" / "partition-0").is_dir()
