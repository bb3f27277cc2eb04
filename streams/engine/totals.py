"""What the partition tasks of a worker count together: plain numbers, which whoever watches may read.

    slice of decisions -> times
    transaction that stands -> records, latencies, words of the journey

Only what was committed is counted, and once per transaction, so that deciding pays for nothing but a note of
each event. These counts belong to the worker: they only grow, whatever partitions it is given or loses.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from msgspec import Struct

from schemas.records import Decision, Eligibility, FrictionChange, StageChange
from schemas.topics import HOLDOUT

if TYPE_CHECKING:
    from streams.engine.commit import Commit

SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
"""Bounds of times that an operator promises: 1 s and 5 s are among them, so an objective can stand there."""
STEP_SECONDS: Final = (0.00002, 0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.1)
"""Of one decision."""
HELD_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)
"""Of times for which nothing else of the process can run."""
STEPS: Final = (1.0, 2.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1_000.0, 2_500.0, 5_000.0)
LATE_MS: Final = 3_600_000
"""An event that was written so long after it happened is late."""
REMEMBERED: Final = 1 << 16
"""Events whose ids are remembered, to see which are repeated: about so many of the last ones."""
TREATMENT: Final = "treatment"

Noted: TypeAlias = tuple[str, str, int, int]
"""An event that was decided upon: its topic, its id, when its record was written and when it happened."""


class Done(Struct, frozen=True):
    """What a transaction did, for whoever counts: to be read before the next one begins.

    `said` is what the core said, by topic without prefix. `looked` are the times at which wake-ups were due
    that were looked at; `stale` ones had moved meanwhile. `asked` is how many records were asked for, `read`
    for how many of them the store was read. `replayed` counts events of a history, which have no latency.
    """

    said: Sequence[tuple[str, Any]] = ()
    noted: Sequence[Noted] = ()
    looked: Sequence[int] = ()
    stale: int = 0
    faults: int = 0
    asked: int = 0
    read: int = 0
    replayed: Mapping[str, int] = {}


class Distribution:
    """How often a value lay below each of some bounds: a histogram that costs a few additions."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = tuple(bounds)
        self.counts = [0] * (len(bounds) + 1)
        """How many lay up to each bound and above the one before it; the last have no bound."""
        self.total = 0.0

    def observe(self, value: float, times: int = 1) -> None:
        """A value, so many times."""
        self.counts[bisect_left(self.bounds, value)] += times
        self.total += value * times

    def observe_all(self, values: list[int], per_unit: float = 1.0) -> None:
        """Many values at once, which is cheaper; `per_unit` of theirs are one of the bounds'."""
        values.sort()
        counts, at = self.counts, 0
        for index, bound in enumerate(self.bounds):
            below = bisect_right(values, bound * per_unit, at)
            counts[index] += below - at
            at = below
        counts[-1] += len(values) - at
        if values and values[0] < 0:
            values = [value for value in values if value > 0]
        self.total += sum(values) / per_unit


class Totals:
    """The counts of one worker. Topics have their full names."""

    def __init__(self) -> None:
        self.inputs: Counter[str] = Counter()
        self.outputs: Counter[str] = Counter()
        self.letters: Counter[tuple[str, str]] = Counter()
        """By topic and reason."""
        self.late: Counter[str] = Counter()
        self.repeated: Counter[str] = Counter()
        self.event_to_output = Distribution(SECONDS)
        self.lateness = Distribution(SECONDS)
        self.looked = self.stale = self.faults = self.fenced = 0
        self.asked = self.read = 0
        self.steps = Distribution(STEPS)
        self.decision = Distribution(STEP_SECONDS)
        self.slice = Distribution(HELD_SECONDS)
        self.loop_stall = Distribution(HELD_SECONDS)
        self.eligibilities: Counter[tuple[str, str, str]] = Counter()
        """By placement, status and arm."""
        self.ends: Counter[tuple[str, str, str]] = Counter()
        """By status, reason and arm."""
        self.withheld: Counter[tuple[str, str]] = Counter()
        """By placement and reason."""
        self.friction: Counter[tuple[str, str]] = Counter()
        """By flag and state."""
        self.stages: Counter[str] = Counter()
        self._ids = array("q", bytes(8 * REMEMBERED))

    def sliced(self, steps: int, took_ns: int) -> None:
        """A slice of so many decisions took so long."""
        took_s = took_ns / 1e9
        self.slice.observe(took_s)
        if steps:
            self.decision.observe(took_s / steps, steps)

    def committed(self, commit: Commit, now_ms: int, speed: float) -> None:
        """A transaction stands since `now_ms` of a clock that runs at `speed`."""
        per_s = 1000 * speed
        self.steps.observe(commit.steps)
        self.outputs.update([it.topic for it in commit.outputs])
        for letter in commit.letters:
            words = dict(letter.headers)
            topic = words["topic"].decode()
            self.inputs[topic] += 1
            self.letters[topic, words["reason"].decode()] += 1
            self.outputs[letter.topic] += 1
        done = commit.done
        if done.noted:
            self._note(done.noted, now_ms, per_s)
        if done.looked:
            self.looked += len(done.looked)
            self.lateness.observe_all([now_ms - due_ms for due_ms in done.looked], per_s)
        self.stale += done.stale
        self.faults += done.faults
        self.asked += done.asked
        self.read += done.read
        self.inputs.update(done.replayed)
        for topic, record in done.said:
            kind = type(record)
            if kind is Eligibility:
                self._eligibility(record, HOLDOUT if topic.endswith(HOLDOUT) else TREATMENT)
            elif kind is Decision:
                self.withheld[record.placement, record.reason] += 1
            elif kind is StageChange:
                self.stages[record.to_stage] += 1
            elif kind is FrictionChange:
                self.friction[record.flag, record.to_state] += 1

    def _note(self, noted: Sequence[Noted], now_ms: int, per_s: float) -> None:
        topics, event_ids, written, occurred = zip(*noted, strict=True)
        self.inputs.update(topics)
        self.event_to_output.observe_all([now_ms - at_ms for at_ms in written if at_ms > 0], per_s)
        late = [
            it
            for it, at_ms, then_ms in zip(topics, written, occurred, strict=True)
            if at_ms - then_ms > LATE_MS
        ]
        self.late.update(late)
        ids = self._ids
        for topic, mark in zip(topics, map(hash, event_ids), strict=True):
            place = mark & REMEMBERED - 1
            if ids[place] == mark:
                self.repeated[topic] += 1
            else:
                ids[place] = mark

    def _eligibility(self, record: Eligibility, arm: str) -> None:
        self.eligibilities[record.placement, record.status, arm] += 1
        if record.status not in ("opened", "rescheduled"):
            self.ends[record.status, record.reason, arm] += 1
