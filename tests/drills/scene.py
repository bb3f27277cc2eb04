"""What a drill acts upon: a broker, two workers with their state, steady traffic. All of it is real."""

import asyncio
import contextlib
import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from streams.embedded.broker import Broker
from streams.embedded.lease import leased
from streams.settings import load_settings
from streams.up.stage import set_topics
from tests.drills.load import Load
from tests.prometheus import free_port
from tests.tools import FETCHED

PREFIX = "drill."
PARTITIONS = 4
DISK = "96m"
"""The disk of the second worker."""
READY_WITHIN_S = 120.0
PAST_WITHIN_S = 240.0
LEFT_MAX = 100
LOOK_EVERY_S = 0.2
POLICY = """version = "{version}"

[sources]
silent_after = {{ deliveries = "1 min" }}

[mass_incident]
window = "1 min"
look_again = "1 min"
"""
"""The default policy, with times that a drill can wait for."""


class Worker:
    """One worker: a state directory, a port, and at most one process."""

    def __init__(self, folder: Path, state: Path, settings: Mapping[str, str]) -> None:
        self.state = state
        self.port = free_port()
        self.log = folder / f"{state.name}.log"
        self._settings = {**settings, "KAIROS_STATE_DIR": str(state), "KAIROS_WEB_PORT": str(self.port)}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, **more: str) -> None:
        """Start it, with settings that differ this time."""
        environ = {**os.environ, **self._settings, **more}
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "streams.cli", "worker"],
                env=environ,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )

    def send(self, number: signal.Signals) -> None:
        """Send it to the process, if there is one."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)

    def kill(self) -> None:
        """As a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """As an operator would."""
        self._end(signal.SIGTERM)

    def restart(self, **more: str) -> None:
        """Stop and start."""
        self.stop()
        self.start(**more)

    def limit_files(self, soft: int | None) -> None:
        """Let it have so many files open; None: as many as at first."""
        assert self._process is not None
        _, hard = resource.prlimit(self._process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(self._process.pid, resource.RLIMIT_NOFILE, (soft or hard, hard))

    @property
    def open_files(self) -> int:
        """How many it has open."""
        assert self._process is not None
        return len(list(Path(f"/proc/{self._process.pid}/fd").iterdir()))

    @property
    def ready(self) -> bool:
        """Whether it says so."""
        return self._asked("readyz")

    @property
    def answers(self) -> bool:
        """Whether it answers at all."""
        return self._asked("healthz")

    @property
    def lag(self) -> int | None:
        """Records that it has not taken yet; None where it does not answer or does not work."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/partitions", timeout=2) as answer:
                partitions = [it for it in json.loads(answer.read()) if it["role"] == "active"]
        except OSError:
            return None
        at_work = partitions and all(it["phase"] == "working" for it in partitions)
        return sum(it["lag"] for it in partitions) if at_work else None

    def _asked(self, page: str) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/{page}", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def _end(self, number: signal.Signals) -> None:
        if self._process is None:
            return
        self.send(number)
        self.send(signal.SIGCONT)
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class Scene:
    """The parts of a run."""

    def __init__(self, folder: Path, broker: Broker, workers: list[Worker], load: Load, disk: Path) -> None:
        self.folder = folder
        self.broker = broker
        self.workers = workers
        self.load = load
        self.disk = disk

    @property
    def targets(self) -> list[str]:
        """What Prometheus scrapes."""
        return [f"127.0.0.1:{worker.port}" for worker in self.workers]

    def until_ready(self) -> None:
        """Wait until all workers are."""
        until(lambda: all(worker.ready for worker in self.workers), READY_WITHIN_S, "the workers are ready")

    def until_past(self) -> None:
        """Wait until what came before is taken; a little always comes."""

        def past() -> bool:
            lags = [worker.lag for worker in self.workers]
            return all(lag is not None and lag < LEFT_MAX for lag in lags)

        until(past, PAST_WITHIN_S, "what came before is taken")

    def policy(self, version: str) -> Path:
        """A policy file of that name."""
        path = self.folder / f"{version}.toml"
        path.write_text(POLICY.format(version=version), encoding="utf-8")
        return path

    @contextlib.contextmanager
    def meanwhile(self, step: Callable[[], None]) -> Iterator[None]:
        """Repeat a step until the block ends."""
        ends = threading.Event()

        def repeat() -> None:
            while not ends.is_set():
                step()

        thread = threading.Thread(target=repeat, daemon=True)
        thread.start()
        try:
            yield
        finally:
            ends.set()
            thread.join(30)

    def skewed(self, by: str) -> dict[str, str]:
        """The environment of a process whose wall clock is off."""
        found = next((FETCHED / "lib").rglob("libfaketime.so.1"), None)
        assert found is not None, "no libfaketime: make tools"
        return {"LD_PRELOAD": str(found), "FAKETIME": by, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}


@contextlib.contextmanager
def scene(folder: Path) -> Iterator[Scene]:
    """A broker, two workers and traffic, until the block ends. The second worker has a small disk."""
    folder.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as held:
        broker = held.enter_context(leased(Broker(folder / "kafka")))
        held.callback(broker.stop)
        disk = folder / "disk"
        held.enter_context(_disk(disk))
        policy = folder / "drill.toml"
        settings = {
            "KAIROS_KAFKA_BOOTSTRAP_SERVERS": broker.bootstrap,
            "KAIROS_KAFKA_SESSION_TIMEOUT_MS": "6000",
            "KAIROS_KAFKA_HEARTBEAT_INTERVAL_MS": "1500",
            "KAIROS_ENGINE_TOPIC_PREFIX": PREFIX,
            "KAIROS_ENGINE_APPLICATION_ID": "drill",
            "KAIROS_ENGINE_PARTITIONS": str(PARTITIONS),
            "KAIROS_FILES_POLICY": str(policy),
        }
        asyncio.run(set_topics(load_settings({**os.environ, **settings})))
        load = Load(broker.bootstrap, PREFIX, PARTITIONS)
        workers = [
            Worker(folder, folder / "state-0", settings),
            Worker(folder, disk / "state-1", settings),
        ]
        made = Scene(folder, broker, workers, load, disk)
        made.policy("drill")
        load.start()
        held.callback(load.stop)
        for worker in workers:
            held.callback(worker.stop)
            worker.start()
        made.until_ready()
        yield made


@contextlib.contextmanager
def _disk(where: Path) -> Iterator[None]:
    """A disk of its own, which can be filled without harm to anybody. It needs root."""
    where.mkdir(parents=True, exist_ok=True)
    subprocess.run(["/bin/mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(where)], check=True)
    try:
        yield
    finally:
        subprocess.run(["/bin/umount", "-l", str(where)], check=True)


def until(holds: Callable[[], bool], within_s: float, what: str) -> float:
    """Wait for something; how long it took. AssertionError: too long."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < within_s, f"{what}: not within {within_s:.0f} s"
        time.sleep(LOOK_EVERY_S)
    return time.monotonic() - began
