"""What a process tells about itself while it is measured: a line of JSON ten times a second.

Written by a thread of that process, so that a loop which is held up shows in the figures and not as a gap.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from typing import Final

import msgspec
from msgspec import Struct

EVERY_S: Final = 0.1
FILES_EVERY: Final = 10
"""Samples between two looks at what is open, which costs more than all else of a sample."""


class Sample(Struct, kw_only=True):
    """One look. `at_s` is the machine's monotonic clock; counts are since the start of the process."""

    at_s: float = 0.0
    cpu_s: float = 0.0
    rss_mb: float = 0.0
    threads: int = 0
    descriptors: int = 0
    sockets: int = 0
    assigned: int = 0
    working: int = 0
    restored: int = 0
    events: int = 0
    looks: int = 0
    outputs: int = 0
    transactions: int = 0
    took_s: float = 0.0
    late_ms: list[float] = []
    """Of each look since the last sample, in wall time."""
    slice_ms: float = 0.0
    """The longest piece of work since the last sample that nobody could interrupt, by the wall."""
    slice_cpu_ms: float = 0.0
    """The one that took the processor longest."""

    @property
    def steps(self) -> int:
        """Events, and looks that were not stale."""
        return self.events + self.looks


class Sampler:
    """Appends samples to a file until it ends. `fill` adds what the contestant knows."""

    def __init__(self, path: Path, fill: Callable[[Sample], None]) -> None:
        self._path = path
        self._fill = fill
        self._ends = Event()
        self._open: tuple[int, int] = (0, 0)
        self._thread = Thread(target=self._run, name="sampler", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def end(self) -> None:
        """A last sample, and no more."""
        self._ends.set()
        self._thread.join()

    def _run(self) -> None:
        encode = msgspec.json.Encoder().encode
        with self._path.open("wb", buffering=0) as file:
            over, number = False, 0
            while not over:
                over = self._ends.wait(EVERY_S)
                if number % FILES_EVERY == 0:
                    self._open = _open()
                number += 1
                sample = self._process()
                self._fill(sample)
                file.write(encode(sample) + b"\n")

    def _process(self) -> Sample:
        status = Path("/proc/self/statm").read_text(encoding="ascii").split()
        return Sample(
            at_s=time.monotonic(),
            cpu_s=time.process_time(),
            rss_mb=round(int(status[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20, 1),
            threads=sum(1 for _ in Path("/proc/self/task").iterdir()),
            descriptors=self._open[0],
            sockets=self._open[1],
        )


def _open() -> tuple[int, int]:
    """How many descriptors this process has, and how many of them are sockets."""
    targets = []
    for entry in Path("/proc/self/fd").iterdir():
        try:
            targets.append(str(entry.readlink()))
        except OSError:
            continue  # it was closed since
    return len(targets), sum(target.startswith("socket:") for target in targets)


def read(path: Path) -> list[Sample]:
    """All samples so far; a line that is being written counts as none."""
    if not path.exists():
        return []
    lines = path.read_bytes().split(b"\n")[:-1]
    return [msgspec.json.decode(line, type=Sample) for line in lines]
