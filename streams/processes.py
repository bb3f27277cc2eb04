"""Several worker processes on one machine: started, watched, started again when one dies, ended together.

One process uses one core, so `--processes 2` on two cores is twice the work. Each has a state directory of
its own, because a partition that moves from one to the other is restored by the new owner while the old one
still has it open.
"""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from types import FrameType
from typing import Final

from streams.cli import COULD_NOT_RUN
from streams.settings import Settings

log = logging.getLogger(__name__)

RESTARTS_MAX: Final = 10
"""Deaths of one process within `RESTARTS_WITHIN_S` after which all are ended: something is wrong for good."""
RESTARTS_WITHIN_S: Final = 300.0
STOP_SPARE_S: Final = 10.0
"""What a process may take longer to end than it is told, before it is killed."""
LOOK_EVERY_S: Final = 0.2


def own_settings(settings: Settings, index: int) -> dict[str, str]:
    """What one of several processes has for itself, as text by full name."""
    port = settings.web.port
    return {
        "engine.processes": "1",
        "state.dir": str(settings.state.dir / f"process-{index}"),
        "web.port": str(port + index if port else 0),
        "kafka.client.id": f"{settings.kafka.client_id}-{index}",
    }


class Processes:
    """As many workers as the settings say, with the command line of one and what each has for itself."""

    def __init__(self, settings: Settings, command: Sequence[str]) -> None:
        self._settings = settings
        self._command = list(command)
        self._running: dict[int, subprocess.Popen[bytes]] = {}
        self._deaths: dict[int, list[float]] = {}
        self._ending = False

    def run(self) -> int:
        """Until a signal ends them, or one cannot run. Returns the exit code."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        for index in range(self._settings.engine.processes):
            self._start(index)
        code = 0
        while self._running:
            for index, process in list(self._running.items()):
                died = process.poll()
                if died is None:
                    continue
                del self._running[index]
                if not self._ending and not self._again(index, died):
                    code = died if died > 0 else 1
                    self._end()
            time.sleep(LOOK_EVERY_S)
        return code

    def command_of(self, index: int) -> list[str]:
        """The command line of one process: what it has for itself stands last, so nothing goes before it."""
        own = own_settings(self._settings, index).items()
        return [*self._command, *(word for name, value in own for word in ("--set", f"{name}={value}"))]

    def _start(self, index: int) -> None:
        self._running[index] = subprocess.Popen(self.command_of(index))  # noqa: S603 - ourselves

    def _again(self, index: int, died: int) -> bool:
        """Start it again, unless it could not run at all, or dies too often."""
        now = time.monotonic()
        deaths = [at for at in self._deaths.get(index, []) if now - at < RESTARTS_WITHIN_S] + [now]
        self._deaths[index] = deaths
        if died == COULD_NOT_RUN or len(deaths) > RESTARTS_MAX:
            log.critical("process %s ended with %s: all are ended", index, died)
            return False
        log.error("process %s ended with %s and is started again", index, died)
        self._start(index)
        return True

    def _end(self, number: int = signal.SIGTERM, _frame: FrameType | None = None) -> None:
        """Ask all to end; one that does not is killed."""
        if self._ending:
            return
        self._ending = True
        log.info("signal %s: %s processes are ended", number, len(self._running))
        for process in self._running.values():
            process.send_signal(signal.SIGTERM)
        until = time.monotonic() + self._settings.engine.stop_timeout_ms / 1000 + STOP_SPARE_S
        for process in self._running.values():
            try:
                process.wait(max(0.0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()


def this_program(words: Sequence[str]) -> list[str]:
    """The command line that runs `kairos` with these words in this environment."""
    return [sys.executable, "-m", "streams.cli", *words]
