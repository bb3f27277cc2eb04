"""One embedded schema registry: Apicurio, with the Confluent API, on the loopback interface alone.

Like a broker it is its directory: `registry.json` tells who runs there, the data is a file beside it, so it
stays through stops and kills. What it says of itself at its last start is in `registry.log`.
"""

import shutil
import signal
import time
import urllib.error
import urllib.request
from pathlib import Path

import msgspec

from streams.embedded import java, ports
from streams.embedded.broker import START_TIMEOUT_S, STOP_TIMEOUT_S, State
from streams.embedded.errors import NotStarted, PortTaken
from streams.embedded.lease import LOCK_TIMEOUT_S
from streams.embedded.places import locked
from streams.embedded.processes import ProcessId, detach, find
from streams.embedded.program import Program, registry_program
from streams.embedded.settings import HOST

CONFLUENT = "/apis/ccompat/v7"
READY = "/health/ready"
PROBE_EVERY_S = 0.1
PROBE_TIMEOUT_S = 2.0
LOG_BYTES_SHOWN = 2_000


class Running(msgspec.Struct, frozen=True):
    """The last start of the registry of a directory."""

    process: ProcessId
    port: int
    management_port: int
    version: str


class Registry:
    """The registry of `directory`; `port` is the clients', without it the last one again, or any free one."""

    KIND = "registry"

    def __init__(self, directory: Path, *, port: int | None = None, program: Program | None = None) -> None:
        self.directory = directory.resolve()
        self.program = program or registry_program()
        self._port = port

    @property
    def url(self) -> str:
        """The address of its Confluent API; known once it was started."""
        known = self._known()
        if known is None:
            raise NotStarted(f"no registry was ever started in {self.directory}")
        return f"http://{HOST}:{known.port}{CONFLUENT}"

    @property
    def exists(self) -> bool:
        """Whether its process is there, serving or not."""
        return self._running() is not None

    @property
    def process(self) -> ProcessId | None:
        """That which runs now."""
        running = self._running()
        return None if running is None else running.process

    @property
    def log(self) -> Path:
        """What it said since its last start."""
        return self.directory / "registry.log"

    def start(self) -> None:
        """Return when it serves; one that already runs is left as it is."""
        with locked(self.directory / "start.lock", LOCK_TIMEOUT_S):
            known = self._running()
            if known is not None and self._port not in {None, known.port}:
                raise PortTaken(f"the registry of {self.directory} runs at port {known.port}: stop it first")
            known = known or self._launch()
            try:
                self._wait(known)
            except BaseException:  # also an interrupt: one that nobody heard of would stay
                self.stop()
                raise

    def stop(self) -> bool:
        """End it in good order, or by force when that takes too long; whether one ran. The data stays."""
        known = self._running()
        if known is None:
            return False
        known.process.send(signal.SIGTERM)
        if not known.process.ended_within(STOP_TIMEOUT_S):
            known.process.send(signal.SIGKILL)
            known.process.ended_within(STOP_TIMEOUT_S)
        return True

    def after(self) -> None:
        """Nothing."""

    def state(self) -> State:
        """How it is, as seen from outside."""
        known = self._running()
        if known is None:
            return State.STOPPED
        return State.RUNNING if _serves(known.management_port) else State.SILENT

    def _known(self) -> Running | None:
        try:
            return msgspec.json.decode((self.directory / "registry.json").read_bytes(), type=Running)
        except (OSError, msgspec.DecodeError):
            return None

    def _running(self) -> Running | None:
        known = self._known()
        return known if known and known.process.alive else None

    def _launch(self) -> Running:
        """Start the process, and write down which one it is before anything can go wrong with it."""
        main = self.program.ready()
        port, management_port = self._choose_ports()
        scratch = self.directory / "tmp"
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(parents=True)
        options = [f"-D{name}={value}" for name, value in self._properties(port, management_port).items()]
        process = find(detach(java.run_jar([*options, f"-Djava.io.tmpdir={scratch}"], main), self.log))
        if process is None:
            raise self._failure("ended at once")
        known = Running(process, port, management_port, self.program.version)
        incoming = self.directory / "registry.json.incoming"
        incoming.write_bytes(msgspec.json.encode(known))
        incoming.replace(self.directory / "registry.json")
        return known

    def _choose_ports(self) -> list[int]:
        """Those of the last time, where they are still free and nobody asks for another."""
        known = self._known()
        if known and self._port in {None, known.port}:
            last = [known.port, known.management_port]
            if all(map(ports.free, last)):
                return last
        return ports.free_ports(self.directory, self._port, 2)

    def _properties(self, port: int, management_port: int) -> dict[str, str]:
        return {
            "quarkus.http.host": HOST,
            "quarkus.http.port": str(port),
            "quarkus.management.host": HOST,
            "quarkus.management.port": str(management_port),
            "quarkus.http.access-log.enabled": "false",
            'quarkus.log.category."io.apicurio".level': "WARN",
            "apicurio.datasource.url": f"jdbc:h2:file:{self.directory / 'data' / 'registry'}",
            "apicurio.datasource.jdbc.initial-size": "2",
            "apicurio.datasource.jdbc.min-size": "2",
            "apicurio.datasource.jdbc.max-size": "10",
        }

    def _wait(self, known: Running) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        while not _serves(known.management_port):
            if not known.process.alive:
                raise self._failure("ended before it was ready")
            if time.monotonic() > deadline:
                raise self._failure(f"was not ready within {START_TIMEOUT_S:.0f} s")
            time.sleep(PROBE_EVERY_S)

    def _failure(self, what: str) -> NotStarted:
        try:
            said = self.log.read_text(errors="replace")[-LOG_BYTES_SHOWN:].splitlines()
        except OSError:
            said = []
        return NotStarted(f"the registry {what}; see {self.log}. {said[-1] if said else ''}".rstrip())


def _serves(management_port: int) -> bool:
    """Whether it says of itself that it is ready."""
    try:
        with urllib.request.urlopen(f"http://{HOST}:{management_port}{READY}", timeout=PROBE_TIMEOUT_S) as it:
            return bool(it.status == 200)
    except (OSError, urllib.error.URLError, ValueError):
        return False
