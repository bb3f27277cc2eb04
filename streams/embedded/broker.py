"""One embedded broker: start it, stop it, kill it, pause it, ask how it is.

A broker is its directory. Whoever names the directory can act on the broker that runs there, from any
process, because what must be known stands in it (see `layout`). Starts of the same directory wait for each
other, and the second finds the broker of the first. The process outlives whoever started it, unless a `lease`
says otherwise.
"""

import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from streams.embedded import archive, ports, record
from streams.embedded.errors import NotStarted, PortTaken
from streams.embedded.jars import Jars, kafka_jars
from streams.embedded.launching import launch, reason
from streams.embedded.layout import Layout
from streams.embedded.lease import LOCK_TIMEOUT_S
from streams.embedded.places import locked
from streams.embedded.probe import listens, serves, speaks_kafka
from streams.embedded.processes import find
from streams.embedded.record import Record
from streams.embedded.settings import HOST, Ports, properties

START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 10.0
PROBE_EVERY_S = 0.05
STARTS_MAX = 3
"""Between looking at a port and listening on it, another program may take it."""
TAKEN = "Address already in use"

Launcher = Callable[[Layout, Mapping[str, str], Jars], int]
"""Start the process of a broker with these properties and return its number."""


class State(StrEnum):
    """How a broker is."""

    STOPPED = "stopped"
    SILENT = "not ready"
    """The process is there and does not serve: it starts, recovers, is paused or is stuck."""
    RUNNING = "running"


@dataclass(frozen=True)
class Status:
    """What can be said about a broker from outside."""

    state: State
    bootstrap: str | None
    pid: int | None
    version: str
    data_bytes: int


class Broker:
    """The broker of `directory`."""

    KIND = "kafka"

    def __init__(
        self,
        directory: Path,
        *,
        port: int | None = None,
        security: str = "PLAINTEXT",
        overrides: Mapping[str, str] | None = None,
        jars: Jars | None = None,
        launcher: Launcher = launch,
    ) -> None:
        """Describe it; nothing is started.

        `port` is the clients' (without it the last one again, or any free one), `security` the protocol of
        their listener, whose name in properties is `CLIENTS`; `overrides` are broker properties that win.
        """
        self.layout = Layout(directory.resolve())
        self._port = port
        self._security = security
        self._overrides = dict(overrides or {})
        self.jars = jars or kafka_jars()
        self._launcher = launcher

    @property
    def directory(self) -> Path:
        """Where it lives."""
        return self.layout.directory

    @property
    def bootstrap(self) -> str:
        """The address for clients; known once the broker was started."""
        known = record.read(self.layout.record)
        if known is None:
            raise NotStarted(f"no Kafka was ever started in {self.layout.directory}")
        return f"{HOST}:{known.ports.clients}"

    @property
    def exists(self) -> bool:
        """Whether its process is there, serving or not."""
        return self._running() is not None

    def start(self, timeout_s: float = START_TIMEOUT_S) -> None:
        """Return when the broker serves; one that already runs is left as it is."""
        with locked(self.layout.lock, LOCK_TIMEOUT_S):
            for tries_left in reversed(range(1 if self._port else STARTS_MAX)):
                try:
                    self._start(timeout_s)
                    break
                except PortTaken:
                    if not tries_left:
                        raise

    def stop(self, timeout_s: float = STOP_TIMEOUT_S) -> bool:
        """End it in good order, or by force when that takes longer than `timeout_s`; whether one ran."""
        known = self._running()
        if known is None:
            return False
        known.process.send(signal.SIGTERM)
        known.process.send(signal.SIGCONT)  # a paused process ends when it goes on
        if not known.process.ended_within(timeout_s):
            self.kill()
        return True

    def kill(self) -> None:
        """End it as a power cut would."""
        known = self._running()
        if known is None:
            return
        known.process.send(signal.SIGKILL)
        if not known.process.ended_within(STOP_TIMEOUT_S):
            raise NotStarted(f"process {known.process.pid} cannot be killed")

    def after(self) -> None:
        """Make the archive of its classes, unless there is one."""
        archive.make(self.jars, self.layout)

    def pause(self) -> None:
        """Make it silent without ending it: its connections stay open and nothing is answered."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a paused broker go on."""
        self._signal(signal.SIGCONT)

    def status(self) -> Status:
        """How it is, as seen from outside."""
        known = self._running()
        version = known.version if known else self.jars.version
        data_bytes = self.layout.data_bytes()
        if known is None:
            return Status(State.STOPPED, None, None, version, data_bytes)
        state = State.RUNNING if serves(known.ports.internal) else State.SILENT
        return Status(state, f"{HOST}:{known.ports.clients}", known.process.pid, version, data_bytes)

    def _running(self) -> Record | None:
        """The record of the process that runs now, if one does."""
        known = record.read(self.layout.record)
        return known if known and known.process.alive else None

    def _signal(self, number: signal.Signals) -> None:
        known = self._running()
        if known is None or not known.process.send(number):
            raise NotStarted(f"no Kafka runs in {self.layout.directory}")

    def _refuse_another_port(self, known: Record) -> None:
        if self._port not in {None, known.ports.clients}:
            where = f"{self.layout.directory}, at port {known.ports.clients}"
            raise PortTaken(f"Kafka already runs in {where}: stop it to change the port")

    def _start(self, timeout_s: float) -> None:
        if known := self._running():
            self._refuse_another_port(known)
            self._wait(known, timeout_s)
            return
        known = self._launch()
        try:
            self._wait(known, timeout_s)
        except BaseException:  # also an interrupt: a broker that nobody heard of would stay
            self.kill()
            raise

    def _launch(self) -> Record:
        """Start the process, and write down which one it is before anything can go wrong with it."""
        chosen = self._choose_ports()
        settings = properties(chosen, self.layout.data, security=self._security, overrides=self._overrides)
        process = find(self._launcher(self.layout, settings, self.jars))
        if process is None:
            raise self._failure("ended at once")
        known = Record(process, chosen, self.jars.version)
        record.write(self.layout.record, known)
        return known

    def _choose_ports(self) -> Ports:
        """Those of the last time, where they are still free and nobody asks for another."""
        known = record.read(self.layout.record)
        if known and self._port in {None, known.ports.clients} and ports.all_free(known.ports):
            return known.ports
        return ports.choose(self.layout.directory, self._port)

    def _wait(self, known: Record, timeout_s: float) -> None:
        deadline = time.monotonic() + timeout_s
        while not self._ready(known):
            if self._running() is None:
                raise self._failure("ended before it was ready")
            if time.monotonic() > deadline:
                raise self._failure(f"was not ready within {timeout_s:.0f} s")
            time.sleep(PROBE_EVERY_S)

    def _ready(self, known: Record) -> bool:
        """Whether clients can work: the node may serve itself while another program has their port."""
        by_clients = listens if "SSL" in self._security.split("_") else speaks_kafka
        return serves(known.ports.internal) and by_clients(known.ports.clients)

    def _failure(self, what: str) -> NotStarted | PortTaken:
        why = reason(self.layout)
        if TAKEN in why:
            return PortTaken(f"another program took a port of Kafka while it started: {why}")
        return NotStarted(f"Kafka {what}; see {self.layout.log} and {self.layout.console}. {why}".rstrip())
