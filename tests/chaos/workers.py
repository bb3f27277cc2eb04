"""Workers as an operator has them: processes with a state directory each, to start, stop, kill, freeze."""

import asyncio
import json
import os
import shutil
import signal
import socket
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final
from urllib.request import urlopen

from streams.cli import COULD_NOT_RUN
from streams.engine.failpoints import VARIABLE
from streams.web.health import PARTITIONS
from tests.chaos.plan import Plan, environment

STOP_WITHIN_S: Final = 60.0
ANSWERS_WITHIN_S: Final = 5.0
EMPTY: Final[Mapping[str, str]] = {}
KAIROS: Final = (str(Path(sys.executable).with_name("kairos")), "worker")
EXPECTED: Final = frozenset({"stopped 0", "stopped -15", "killed -9", "crashed -9", "without broker 2"})
"""Ends that are as they should be. A worker that is told to stop before it listens ends by the signal itself;
one that finds no broker when it starts says so and is started again, by whoever supervises it."""


class Worker:
    """One slot: a state directory, and at most one process that uses it."""

    def __init__(self, plan: Plan, number: int, command: Sequence[str] = KAIROS) -> None:
        self.number = number
        self.state = Path(plan.directory) / f"state-{number}"
        self.log = Path(plan.directory) / f"worker-{number}.log"
        self.exits: Counter[str] = Counter()
        """How often it ended how: `stopped 0`, `killed -9`, `by itself 1`."""
        self.frozen = False
        self.wanted = False
        """Whether who supervises it is to start it again when it ends by itself."""
        self._lock = asyncio.Lock()
        self._command = tuple(command)
        self._plan = plan
        self._port = _free_port()
        self._process: asyncio.subprocess.Process | None = None
        self._asked = ""

    @property
    def running(self) -> bool:
        """Whether there is a process."""
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int | None:
        """The number of its process."""
        return None if self._process is None else self._process.pid

    async def start(self, failpoints: str = "", **settings: str) -> None:
        """Start a process, which may have places at which it ends or fails, and settings of its own."""
        async with self._lock:
            await self._start(failpoints, settings)

    async def kill(self) -> None:
        """As a power cut would."""
        self.wanted = False
        async with self._lock:
            if self.running:
                self._asked = "killed"
                self._send(signal.SIGKILL)
            await self._reap()

    async def stop(self, within_s: float = STOP_WITHIN_S) -> None:
        """As an operator would; by force when it takes too long, which is counted."""
        self.wanted = False
        async with self._lock:
            if self.running:
                self._asked = "stopped"
                self._send(signal.SIGTERM)
            await self._reap(within_s)

    async def revive(self, *, broker_away: bool) -> None:
        """Start it again if it ended by itself, as a supervisor does."""
        async with self._lock:
            process = self._process
            if not self.wanted or process is None or process.returncode is None:
                return
            if broker_away and process.returncode == COULD_NOT_RUN:
                self._asked = "without broker"
            await self._reap()
            await self._start()

    def freeze(self) -> None:
        """Take its processor away, as a paused virtual machine."""
        self.frozen = True
        self._send(signal.SIGSTOP)

    def thaw(self) -> None:
        """Give it back."""
        self.frozen = False
        self._send(signal.SIGCONT)

    async def phases(self) -> Counter[str] | None:
        """How many partitions it has in which phase; None while it does not answer."""
        url = f"http://127.0.0.1:{self._port}{PARTITIONS}"
        try:
            with await asyncio.to_thread(urlopen, url, timeout=ANSWERS_WITHIN_S) as answer:
                return Counter(str(it["phase"]) for it in json.load(answer))
        except OSError:
            return None

    async def ended(self, within_s: float) -> bool:
        """Whether it ended by itself within this time."""
        if self._process is None:
            return True
        try:
            await asyncio.wait_for(self._process.wait(), within_s)
        except TimeoutError:
            return False
        return True

    async def _start(self, failpoints: str = "", settings: Mapping[str, str] = EMPTY) -> None:
        await self._reap()
        env: Mapping[str, str] = {
            **os.environ,
            **environment(self._plan, self.state, web_port=self._port, client_id=f"worker-{self.number}"),
            **settings,
            VARIABLE: failpoints,
        }
        self.wanted = "=crash" not in failpoints
        self._asked = "" if self.wanted else "crashed"
        with self.log.open("ab") as log:
            log.write(f"--- start {failpoints}\n".encode())
            self._process = await asyncio.create_subprocess_exec(
                *self._command, env=env, stdout=log, stderr=log, stdin=asyncio.subprocess.DEVNULL
            )

    async def _reap(self, within_s: float = STOP_WITHIN_S) -> None:
        """Wait for its end and count it."""
        if self._process is None:
            return
        if not await self.ended(within_s):
            self._asked = f"{self._asked} too late"
            self._send(signal.SIGKILL)
            await self._process.wait()
        self.exits[f"{self._asked or 'by itself'} {self._process.returncode}"] += 1
        self._process = None
        self.frozen = False

    def said(self, text: str) -> int:
        """How often it wrote these words, over all of its processes."""
        return self.log.read_text(errors="replace").count(text) if self.log.exists() else 0

    def forget(self) -> None:
        """Delete its state. Not while it runs."""
        shutil.rmtree(self.state, ignore_errors=True)

    def _send(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(number)


def end_with_all() -> None:
    """From now on a SIGTERM ends this process as an exception does, so that nothing it started is left."""

    def end(number: int, _: object) -> None:
        raise SystemExit(128 + number)

    signal.signal(signal.SIGTERM, end)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
