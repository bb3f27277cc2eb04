"""Who a process is: a number alone is used again, number and start time together are not.

So a signal goes only to the process that was meant, whatever has happened since its number was written down.
"""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

POLL_S = 0.02
ZOMBIE = "Z"


@dataclass(frozen=True)
class ProcessId:
    """One process, now and for ever."""

    pid: int
    started: str
    """Opaque; equal for the same process, different for a later one with the same number."""

    @property
    def alive(self) -> bool:
        return find(self.pid) == self

    def send(self, number: signal.Signals) -> bool:
        """Send a signal to this process and to no other; whether it was still there."""
        if not self.alive:
            return False
        try:
            os.kill(self.pid, number)
        except ProcessLookupError:
            return False
        return True

    def ended_within(self, timeout_s: float) -> bool:
        """Wait until the process has ended, for `timeout_s` at most; whether it has."""
        deadline = time.monotonic() + timeout_s
        while self.alive:
            if time.monotonic() > deadline:
                return False
            time.sleep(POLL_S)
        return True


def detach(command: Sequence[str], output: Path, stdin: int = subprocess.DEVNULL) -> int:
    """Start a program that outlives this one and is not reached by an interrupt at the terminal; its number.

    It works where its output lies, and so keeps no other folder busy and leaves nothing elsewhere. A thread
    waits for its end, because what has ended and was not waited for stays in the table of processes.
    """
    with output.open("wb") as file:
        process = subprocess.Popen(  # noqa: S603 - our own programs
            command,
            stdin=stdin,
            stdout=file,
            stderr=subprocess.STDOUT,
            cwd=output.parent,
            start_new_session=True,
        )
    threading.Thread(target=process.wait, name=f"reap-{process.pid}", daemon=True).start()
    return process.pid


def find(pid: int) -> ProcessId | None:
    """The process that has the number `pid` now; one that has ended and is not yet reaped is gone."""
    started = _from_proc(pid) if Path("/proc/self/stat").exists() else _from_ps(pid)
    return ProcessId(pid, started) if started else None


def _from_proc(pid: int) -> str:
    """Start time (ticks since boot, and which boot) from Linux; empty when there is no such process.

    A killed process counts until its last thread has gone: before that, its files and ports are not free,
    although its first thread is already a zombie.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""
    fields = stat.rpartition(")")[2].split()  # the name before it may hold anything
    state, threads, ticks = fields[0], int(fields[17]), fields[19]
    return "" if state == ZOMBIE and threads <= 1 else f"{boot}/{ticks}"


def _from_ps(pid: int) -> str:
    """Start time from `ps`, where there is no `/proc`."""
    asked = ["ps", "-o", "stat=,lstart=", "-p", str(pid)]  # from the PATH, as in every shell
    answer = subprocess.run(asked, capture_output=True, text=True, check=False).stdout  # noqa: S603
    state, _, started = answer.strip().partition(" ")
    return "" if state.startswith(ZOMBIE) else started.strip()
