"""`python -m tests.bench.engine.kairos JOB SAMPLES`: a worker, told by its environment, that is watched.

count      the job of `counting`
journey    the journey, as `kairos worker` has it
past       the journey over what lies on the topics, each event at its own time: the engine at full load,
           with the wake-ups between the events, which a backlog met by the clock of today would not have
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections import deque
from collections.abc import Callable
from pathlib import Path
from time import perf_counter_ns, thread_time_ns
from typing import Any, Final

from state.keys import Wakeup
from state.store import Store
from streams.app import Mode, Worker, create
from streams.commands.worker import under_faust
from streams.engine.clock import Clock
from streams.engine.commit import Commit
from streams.engine.decides import Decides
from streams.engine.deciding import Decider, Slice
from streams.engine.journal import Journal
from streams.engine.kit import Kit, journey
from streams.engine.position import Mark, Position
from streams.engine.task import Phase
from streams.inputs.records import InputRecord
from streams.logs import set_up
from streams.settings import load_settings
from streams.topics.start import check_inputs
from tests.bench.engine.counting import Counting
from tests.bench.engine.samples import Sample, Sampler

CHUNK: Final = 32
"""Records of the past that count as simultaneous."""
FOREVER: Final = 2**62
Decides_ = Callable[[Kit, Store, Position, Journal | None], Decides]


class Past(Decider):
    """It is the time of the record in hand, and every partition is current."""

    def take(self, records: deque[InputRecord], within: Slice) -> None:
        """Chunk by chunk, each at the time of its last record."""
        while records:
            some = deque(records.popleft() for _ in range(min(CHUNK, len(records))))
            super().take(some, Slice(some[-1].timestamp_ms or 0, True, FOREVER))
            if perf_counter_ns() >= within.until_ns:
                return

    def look(self, wakeups: deque[Wakeup], within: Slice) -> None:
        """At the time of the newest record."""
        super().look(wakeups, Slice(self._now_ms, True, within.until_ns))

    def due(self, until_ms: int, limit: int) -> deque[Wakeup]:
        """What came due up to the newest record; `until_ms` is of a clock that stands still."""
        return super().due(max(until_ms, self._now_ms - 1), limit)


class Timed(Decider):
    """The journey with a watch: what was looked at counts as done when its transaction stands."""

    def __init__(self, clock: Clock, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.late_ms: list[float] = []
        self.slice_ms = self.slice_cpu_ms = 0.0
        self._clock = clock
        self._due_ms: list[int] = []

    def take(self, records: deque[InputRecord], within: Slice) -> None:
        """As the journey."""
        begun = _both_ns()
        super().take(records, within)
        self._took(begun)

    def look(self, wakeups: deque[Wakeup], within: Slice) -> None:
        """As the journey."""
        begun, waiting = _both_ns(), list(wakeups)
        super().look(wakeups, within)
        self._due_ms += [it.due_ms for it in waiting[: len(waiting) - len(wakeups)] if it.due_ms]
        self._took(begun)

    def committed(self, commit: Commit, mark: Mark) -> None:
        """As the journey."""
        begun = _both_ns()
        super().committed(commit, mark)
        self._took(begun)
        now_ms = self._clock.now_ms()
        self.late_ms += [(now_ms - due_ms) / self._clock.speed for due_ms in self._due_ms]
        self._due_ms.clear()

    def _took(self, begun_ns: tuple[int, int]) -> None:
        wall_ns, cpu_ns = _both_ns()
        self.slice_ms = max(self.slice_ms, (wall_ns - begun_ns[0]) / 1e6)
        self.slice_cpu_ms = max(self.slice_cpu_ms, (cpu_ns - begun_ns[1]) / 1e6)


def _both_ns() -> tuple[int, int]:
    """The time by the wall, and that which the processor gave this thread."""
    return perf_counter_ns(), thread_time_ns()


class Still:
    """A clock that stands at the beginning of time, so that nothing is due by it."""

    speed = 1.0

    def now_ms(self) -> int:
        """The beginning."""
        return 0

    def seconds_until(self, at_ms: int) -> float:
        """For ever."""
        return 3_600.0


def past(kit: Kit, store: Store, position: Position, journal: Journal | None) -> Decides:
    """The journey at the time of its records."""
    return Past(store, kit.world(), kit.decoder, position, prefix=kit.said_under, journal=journal)


def timed(kit: Kit, store: Store, position: Position, journal: Journal | None) -> Decides:
    """The journey with a watch."""
    return Timed(kit.clock, store, kit.world(), kit.decoder, position, prefix=kit.said_under, journal=journal)


JOBS: Final[dict[str, tuple[Decides_, Clock | None]]] = {
    "count": (Counting, None),
    "journey": (journey, None),
    "timed": (timed, None),
    "past": (past, Still()),
}


def main(job: str, path: Path) -> int:
    """Run it until a signal ends it."""
    made, clock = JOBS[job]
    settings = load_settings(os.environ)
    set_up(settings)
    seen: list[Decides] = []

    def decides(kit: Kit, store: Store, position: Position, journal: Journal | None) -> Decides:
        seen.append(made(kit, store, position, journal))
        return seen[-1]

    partitions = asyncio.run(check_inputs(settings))
    worker = create(settings, clock, checked=partitions, mode=Mode(decides=decides))
    sampler = Sampler(path, lambda sample: fill(sample, worker, seen))
    sampler.start()
    try:
        return under_faust(worker)
    finally:
        sampler.end()


def fill(sample: Sample, worker: Worker, seen: list[Decides]) -> None:
    """What the worker did so far."""
    tasks = list(worker.partitions.tasks.values())
    sample.assigned = len(tasks)
    sample.working = sum(task.phase is Phase.WORKING for task in tasks)
    sample.restored = sum(task.stats.restored for task in tasks)
    sample.transactions = sum(task.stats.number for task in tasks)
    sample.took_s = sum(task.stats.took_s for task in tasks) / max(1, len(tasks))
    for one in list(seen):
        sample.events += one.counts.events
        sample.looks += one.counts.looks
        sample.outputs += one.counts.outputs
        if isinstance(one, Timed):
            late_ms, one.late_ms = one.late_ms, []
            sample.late_ms += late_ms
            sample.slice_ms, one.slice_ms = max(sample.slice_ms, one.slice_ms), 0.0
            sample.slice_cpu_ms, one.slice_cpu_ms = max(sample.slice_cpu_ms, one.slice_cpu_ms), 0.0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
