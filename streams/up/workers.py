"""The worker processes of a run: started, started again when one dies, and ended in good order.

They run in sessions of their own, so an interrupt at the terminal reaches them only through whoever started
them, when it is their turn. Each reads a pipe that only this process writes to, so it ends by itself when
this process is gone, however that came (see `child`).
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from time import monotonic, sleep
from typing import Final

from streams.cli import COULD_NOT_RUN
from streams.configuration.table import BY_NAME
from streams.errors import Fatal
from streams.processes import own_settings
from streams.settings import Settings

CHILD: Final = "streams.up.child"
STOP_WITHIN_S: Final = 25.0
LOOK_EVERY_S: Final = 0.1
DEATHS_MAX: Final = 5
"""Of all workers in one run; after that something is wrong for good."""
TAIL_BYTES: Final = 4096


class Workers:
    """`count` workers with these settings, which `environ` says to them; their logs lie in `folder`."""

    def __init__(self, settings: Settings, environ: Mapping[str, str], folder: Path, count: int) -> None:
        self.deaths = 0
        self._settings = settings
        self._environ = dict(environ)
        self._folder = folder
        self._count = count
        self._running: dict[int, subprocess.Popen[bytes]] = {}

    @property
    def running(self) -> int:
        """How many are there now."""
        return sum(process.poll() is None for process in self._running.values())

    def start(self) -> None:
        """Start all."""
        for index in range(self._count):
            self.log_of(index).unlink(missing_ok=True)
            self._start(index)

    async def watch(self, away: Callable[[], bool]) -> None:
        """Start again what dies, when Kafka is not `away`. Fatal: one cannot run, or they die too often."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            if away():
                continue
            for index, process in list(self._running.items()):
                code = process.poll()
                if code is None:
                    continue
                self.deaths += 1
                if code == COULD_NOT_RUN or self.deaths > DEATHS_MAX:
                    raise Fatal(f"a worker ended with {code}: {self._last_line(index)}")
                self._start(index)

    async def stop(self) -> None:
        """End all, by force what does not end in time."""
        for process in self._running.values():
            if process.poll() is None:
                process.terminate()
        await asyncio.to_thread(self._ended)
        for process in self._running.values():
            process.kill()
            process.wait()
            if process.stdin is not None:
                process.stdin.close()
        self._running.clear()

    def _ended(self) -> None:
        until = monotonic() + STOP_WITHIN_S
        while self.running and monotonic() < until:
            sleep(LOOK_EVERY_S)

    def log_of(self, index: int) -> Path:
        """Where a worker says what it has to say."""
        return self._folder / f"worker-{index}.log"

    def _start(self, index: int) -> None:
        own = own_settings(self._settings, index).items()
        with self.log_of(index).open("ab") as log:
            self._running[index] = subprocess.Popen(  # noqa: S603 - ourselves
                [sys.executable, "-m", CHILD],
                env=self._environ | {BY_NAME[name].variable: value for name, value in own},
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _last_line(self, index: int) -> str:
        path = self.log_of(index)
        lines = path.read_bytes()[-TAIL_BYTES:].decode(errors="replace").split("\n")
        return f"{next((line for line in reversed(lines) if line.strip()), 'it said nothing')}; see {path}"
