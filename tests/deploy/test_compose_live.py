"""The compose file at work: what its services of ours run, with a real Kafka, registry and Prometheus.

There is no container engine, so each is a process on this machine. What they are told is what the file says,
with addresses and folders of this machine in place of those of containers.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import pytest

from streams.embedded.registry import Registry
from tests.brokers import Topics
from tests.deploy.files import DEPLOY, compose
from tests.prometheus import configured, free_port
from tests.streams.up.test_outside import openings
from tests.tools import tool

SERVICES = compose()["services"]
ONCE = ("secrets", "topics", "schemas", "traffic-begin")
WORKERS = ("worker-1", "worker-2")
PARTITIONS = 4
WITHIN_S = 120.0


class Machine:
    """What containers have, on this machine."""

    def __init__(self, topics: Topics, registry: Registry, folder: Path) -> None:
        self.topics, self.folder = topics, folder
        self.shared = folder / "shared"
        self.shared.mkdir()
        self.ports = {name: str(free_port()) for name in WORKERS}
        self._instead = {
            "kafka:9092": topics.bootstrap,
            "http://registry:8080/apis/ccompat/v7": registry.url,
            "/var/lib/kairos": str(self.shared),
            "/run/kairos": str(self.shared),
            **{f"{name}:6066": f"127.0.0.1:{port}" for name, port in self.ports.items()},
        }

    def here(self, text: str) -> str:
        """A text of the file, for this machine."""
        for there, here in self._instead.items():
            text = text.replace(there, here)
        return text

    def command(self, name: str) -> list[str]:
        it = SERVICES[name]
        program = [sys.executable, "-m", "streams.cli"]
        if it.get("entrypoint") == ["python", "-c"]:
            program = [sys.executable, "-c"]
        return [*program, *(self.here(word) for word in it["command"])]

    def environ(self, name: str) -> dict[str, str]:
        """What the file says, but that the broker is shared with other tests, and this machine by both."""
        told = {key: self.here(value) for key, value in SERVICES[name].get("environment", {}).items()}
        found = {
            **{key: value for key, value in os.environ.items() if not key.startswith("KAIROS_")},
            **told,
            "KAIROS_ENGINE_TOPIC_PREFIX": self.topics.prefix,
            "KAIROS_ENGINE_APPLICATION_ID": self.topics.name("app"),
            "KAIROS_STATE_DIR": str(self.folder / name),
        }
        if name in WORKERS:
            found |= {"KAIROS_WEB_PORT": self.ports[name], "KAIROS_WEB_ADVERTISED_HOST": "127.0.0.1"}
        return found

    def once(self, name: str) -> None:
        """Run what ends."""
        done = subprocess.run(
            self.command(name),
            env=self.environ(name),
            capture_output=True,
            text=True,
            timeout=WITHIN_S,
            check=False,
        )
        assert done.returncode == 0, (name, done.stderr)

    @contextmanager
    def running(self, name: str) -> Iterator[None]:
        """Run what goes on."""
        log = self.folder / f"{name}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                self.command(name), env=self.environ(name), stdout=out, stderr=subprocess.STDOUT
            )
        try:
            yield
            assert process.poll() is None, log.read_text()
        finally:
            process.send_signal(signal.SIGTERM)
            code = process.wait(WITHIN_S)
        assert code == 0, log.read_text()

    def healthy(self, name: str) -> bool:
        """What its health check says."""
        command = [sys.executable, str(DEPLOY / "healthcheck.py")]
        if "healthcheck" in SERVICES[name]:
            cmd, python, *words = (self.here(word) for word in SERVICES[name]["healthcheck"]["test"])
            assert (cmd, python) == ("CMD", "python")
            command = [sys.executable, *words]
        done = subprocess.run(command, env=self.environ(name), capture_output=True, timeout=30, check=False)
        return done.returncode == 0


def until(condition: Callable[[], bool], claim: str) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not condition():
        assert time.monotonic() < deadline, claim
        time.sleep(0.5)


def test_services_start_in_an_order_in_which_nothing_is_missing() -> None:
    started: list[str] = []
    for name in ("kafka", "registry", *ONCE, *WORKERS, "traffic", "prometheus", "grafana"):
        assert set(SERVICES[name].get("depends_on", {})) <= set(started), name
        started.append(name)
    assert set(started) == SERVICES.keys()


@pytest.mark.broker
@pytest.mark.registry
@pytest.mark.slow
def test_what_the_file_starts_works_together(topics: Topics, registry: Registry, tmp_path: Path) -> None:
    program = tool("prometheus")
    machine = Machine(topics, registry, tmp_path)
    for name in ONCE:
        machine.once(name)
    with ExitStack() as stack:
        for name in WORKERS:
            stack.enter_context(machine.running(name))
        for name in WORKERS:
            until(partial(machine.healthy, name), f"{name} is healthy")
        stack.enter_context(machine.running("traffic"))
        until(lambda: machine.healthy("traffic"), "the traffic is healthy")
        server = stack.enter_context(configured(program, _prometheus(machine)))
        assert len(openings(topics, 3, PARTITIONS)) >= 3
        until(lambda: len(server.query("up == 1")) == len(WORKERS), "both workers are scraped, by the token")
        until(lambda: len(server.query("kairos_ready == 1")) == len(WORKERS), "both workers are ready")
        until(lambda: bool(server.rules()), "the rules are there")
        assert {it["health"] for it in server.rules()} <= {"ok", "unknown"}


def _prometheus(machine: Machine) -> Path:
    """A folder with what is mounted into the container."""
    folder = machine.folder / "prometheus"
    folder.mkdir()
    config = machine.here((DEPLOY / "prometheus" / "prometheus.yml").read_text())
    (folder / "prometheus.yml").write_text(config.replace("10s", "1s"))
    shutil.copy(DEPLOY / "prometheus" / "kairos.rules.yml", folder)
    return folder
