"""All partitions of a replay, in this process or in several, and their outputs as files.

The customers are split into a fixed number of logical partitions by the partitioner of the topics, and each
partition is replayed by itself. So what comes out depends on the history, the policy, the catalogue and the
number of partitions, never on the number of processes.
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, wait
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

from schemas.records import Control, Product
from state import keys
from state.layouts import Codecs
from state.memory import MemoryStore
from state.rocks import RocksStore
from state.rocks_options import RocksResources
from state.store import Store, scan_all
from streams import collecting
from streams.errors import Fatal
from streams.journey.policy_set import Plain
from streams.journey.step import World
from streams.outputs.snapshot import snapshot
from streams.replay.deadletters import of_event, of_fault
from streams.replay.driver import IN_HAND_STEPS, Fault, Partition, Taken
from streams.replay.judged import JudgedSteps
from streams.replay.kept import Kept, keep
from streams.replay.order import TOO_LATE
from streams.replay.spool import RUN_BYTES_MAX, Spool
from streams.replay.tally import Tally
from streams.simulation.settings import limits_of
from streams.sources.source import TOPICS, Event

PROGRESS_STEPS: Final = 500
QUARTERS: Final = 4
EXAMPLES_MAX: Final = 3
ROCKS_MEMORY_BYTES: Final = 128 * 1024 * 1024
Progress = Callable[[int, float, int], None]
"""(partition, share of the history that is done, steps)."""


class Setup(Struct, frozen=True):
    """Everything that decides what a replay says, as plain data for another process."""

    history: Any
    """A `History`."""
    policies: Plain
    catalogue_version: str
    products: tuple[Product, ...]
    control: tuple[Control, ...]
    until_ms: int
    work: str
    """A directory for what is spooled."""
    partitions: int = 4
    state: str | None = None
    """Where RocksDB keeps the state; None: in memory, and gone afterwards."""
    check: bool = True
    journal: bool = False
    in_hand_steps: int = IN_HAND_STEPS
    run_bytes_max: int = RUN_BYTES_MAX

    def world(self) -> World:
        """What the rules know besides the customer."""
        return self.kept().world()

    def kept(self) -> Kept:
        """What has to be written beside a state that is kept."""
        return Kept(
            self.until_ms, self.partitions, self.policies, self.catalogue_version, self.products, self.control
        )


class Done(Struct, frozen=True):
    """One partition, replayed."""

    partition: int
    tally: Tally
    runs: dict[str, list[Path]]
    journal: Path | None
    cpu_s: float
    peak_rss_bytes: int
    rss_bytes: tuple[int, ...]
    """Memory in use at the beginning, after each quarter of the history, and at the end."""
    counts: Any


def replay_all(setup: Setup, processes: int, progress: Progress = lambda *_: None) -> list[Done]:
    """Replay every partition, in order of their numbers."""
    if setup.state is not None:
        _refuse_used(Path(setup.state))
    if processes <= 1 or setup.partitions == 1:
        done = [run_partition(setup, number, progress) for number in range(setup.partitions)]
    else:
        done = _in_processes(setup, min(processes, setup.partitions), progress)
    if setup.state is not None:
        keep(Path(setup.state), setup.kept())
    return done


def run_partition(setup: Setup, number: int, progress: Progress) -> Done:
    """Replay one partition."""
    return _Run(setup, number, progress).done()


class _Run:
    """One partition with all that watches it."""

    def __init__(self, setup: Setup, number: int, progress: Progress) -> None:
        self._setup, self._number, self._progress = setup, number, progress
        self._folder = Path(setup.work) / f"partition-{number}"
        self._spool = Spool(self._folder, setup.run_bytes_max)
        self._world = setup.world()
        self._encode = msgspec.json.Encoder().encode
        self._journal = (self._folder / "journal").open("wb") if setup.journal else None
        self._judged: JudgedSteps | None = None
        self._steps = 0
        self._rss_bytes = [rss_bytes()]

    def done(self) -> Done:
        setup, history = self._setup, self._setup.history
        begun = time.process_time()
        opened = history.open(self._number, setup.partitions, self._refuse)
        store = _store(setup, self._number)
        observers = [self._observe]
        if setup.check:
            limits = limits_of(self._world.policies.base)
            self._judged = JudgedSteps(self._folder, setup.products, limits)
            observers.append(self._judged.observe)
        if self._journal is not None:
            observers.append(self._write_journal)
        self._late: list[Event] = []
        partition = Partition(
            self._world,
            store,
            setup.until_ms,
            responder=opened.responder,
            observers=observers,
            report=self._fault,
            in_hand_steps=setup.in_hand_steps,
        )
        self._tally = partition.tally
        partition.run(opened.events)
        partition.tally.repeats = opened.repeats()
        self._snapshots(store)
        store.close()
        self._judge()
        if self._journal is not None:
            self._journal.close()
        self._progress(self._number, 1.0, self._steps)
        return Done(
            self._number,
            self._tally,
            self._spool.close(),
            self._folder / "journal" if setup.journal else None,
            time.process_time() - begun,
            peak_rss_bytes(),
            (*self._rss_bytes, rss_bytes()),
            opened.counts,
        )

    def _observe(self, taken: Taken) -> None:
        for topic, record in taken.said:
            self._spool.add(topic.removeprefix("journey."), taken.customer_id, record.sequence, record)
        self._steps += 1
        if self._steps % PROGRESS_STEPS == 0:
            first, last = self._setup.history.starts_at_ms, self._setup.until_ms
            share = (taken.at.now_ms - first) / max(1, last - first)
            self._progress(self._number, share, self._tally.steps)
            if share * QUARTERS >= len(self._rss_bytes):
                self._rss_bytes.append(rss_bytes())

    def _write_journal(self, taken: Taken) -> None:
        """What was decided upon and under which conditions, so that somebody else can do it again."""
        assert self._journal is not None
        event, at = taken.event, taken.at
        line = {
            "partition": self._number,
            "now_ms": at.now_ms,
            "current": at.current,
            "stale_sources": sorted(at.stale_sources),
            "held_flags": sorted(at.held_flags),
            "customer_id": taken.customer_id,
            "target": list(taken.target) if event is None else None,
            "topic": TOPICS[type(event)] if event is not None else None,
            "event": event,
            "said": len(taken.said),
        }
        self._journal.write(self._encode(line) + b"\n")

    def _refuse(self, event: Event) -> None:
        self._tally.dead_letters[TOO_LATE] += 1
        number = self._tally.dead_letters.total()
        self._spool.add_line("dead-letters", event.customer_id, number, of_event(event, TOO_LATE))

    def _fault(self, fault: Fault) -> None:
        self._tally.dead_letters["decision_failed"] += 1
        number = self._tally.dead_letters.total()
        self._spool.add_line("dead-letters", fault.customer_id, number, of_fault(fault))
        if len(self._tally.examples) < EXAMPLES_MAX:
            self._tally.examples.append(f"{fault.customer_id} at {fault.at_ms}: {fault.problem}")

    def _snapshots(self, store: Store) -> None:
        """One per customer, as they are at the end: what compaction would keep."""
        decode = Codecs().customer.decode
        for customer_id, value in _customers(store):
            record = snapshot(customer_id, decode(value), self._setup.until_ms)
            self._tally.outputs["customers"] += 1
            for count in record.stages:
                self._tally.stages[count.stage] += count.items
            self._spool.add("customers", customer_id, record.sequence, record)

    def _judge(self) -> None:
        if self._judged is None:
            return
        for violation in self._judged.judge():
            self._tally.violations[violation.checker] += 1
            if self._tally.violations[violation.checker] <= EXAMPLES_MAX:
                text = f"{violation.checker}: {violation.customer_id} at {violation.at_ms}: {violation.what}"
                self._tally.examples.append(text)


def _customers(store: Store) -> Iterator[tuple[str, bytes]]:
    """The customer records of a store, in order of their keys."""
    for key, value in scan_all(store, keys.RECORDS):
        customer_id, target = keys.decode_record(key)
        if not any(target):
            yield customer_id, value


def _store(setup: Setup, number: int) -> Store:
    if setup.state is None:
        return MemoryStore()
    resources = RocksResources(ROCKS_MEMORY_BYTES, ROCKS_MEMORY_BYTES // 4)
    return RocksStore(Path(setup.state) / f"partition-{number}", resources, write_ahead_log=False)


def _refuse_used(state: Path) -> None:
    if state.is_dir() and any(state.iterdir()):
        raise Fatal(
            f"{state} holds something already: a replay begins with no state, name an empty directory"
        )


def _in_processes(setup: Setup, processes: int, progress: Progress) -> list[Done]:
    """Started anew and not forked: threads and locks of the parent do not go along."""
    context = multiprocessing.get_context("spawn")
    shared = context.Array("d", setup.partitions * 2, lock=False)
    with ProcessPoolExecutor(processes, context, initializer=_begin, initargs=(shared,)) as pool:
        waiting = {pool.submit(_in_process, setup, number) for number in range(setup.partitions)}
        everything = list(waiting)
        while waiting:
            _, waiting = wait(waiting, timeout=0.2)
            for number in range(setup.partitions):
                progress(number, shared[2 * number], int(shared[2 * number + 1]))
    return sorted((future.result() for future in everything), key=lambda done: done.partition)


_shared: list[Any] = []
"""The progress of all partitions, given to a worker process once when it starts."""


def _begin(shared: Any) -> None:
    collecting.rarely()
    _shared[:] = [shared]


def _in_process(setup: Setup, number: int) -> Done:
    shared = _shared[0]

    def progress(partition: int, share: float, steps: int) -> None:
        shared[2 * partition], shared[2 * partition + 1] = share, steps

    return run_partition(setup, number, progress)


def peak_rss_bytes() -> int:
    """The most memory that this process had so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def rss_bytes() -> int:
    """Memory in use now; 0 where the system does not say."""
    statm = Path("/proc/self/statm")
    return int(statm.read_text().split()[1]) * resource.getpagesize() if statm.exists() else 0
