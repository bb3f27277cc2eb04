"""One partition's decisions: records and due looks in, what a transaction must say out. No Kafka here.

    records -> decode -> on_event \
    due wake-ups   -> on_wake_up   > overlay, outputs, dead letters -> finish() -> Commit
    stale records  -> on_wake_up  /

Work is done in slices, which are bounded by time. A slice is tried as a whole, and only when something in it
raises is it done again step by step, so that the usual case pays for no savepoint: the step that failed goes
to the dead letters alone, and what the others said stands.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable
from copy import copy
from operator import sub
from time import perf_counter_ns
from typing import Any, Final, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from schemas.records import Control, FrictionChange, Product
from schemas.topics import DEFAULT_PREFIX
from state import keys
from state.decided import DecidedRecords
from state.keys import Wakeup
from state.layouts import Codecs
from state.overlay import Overlay
from state.store import Batch, Store
from streams.engine import position as positions
from streams.engine.commit import Commit, Output, Voice
from streams.engine.journal import Journal
from streams.engine.position import Mark, Position
from streams.engine.raised import RaisedRecords
from streams.engine.totals import Done, Noted
from streams.errors import Fatal, told
from streams.inputs.deadletters import DeadLetter, dead_letter
from streams.inputs.decode import InputDecoder
from streams.inputs.records import InputRecord, Rejection, Removal
from streams.inputs.tracing import HEADER, trace_id
from streams.journey.advance import Journey, Work
from streams.journey.redeciding import Cursor, redecide
from streams.journey.step import At, World
from streams.outputs.snapshot import snapshot
from streams.outputs.wire import Wire, single_object
from streams.replay.driver import FAULT_RETRY_MS, NO_FAULT_OF_A_STEP
from streams.replay.silence import Silence
from streams.sources.source import TOPICS

log = logging.getLogger(__name__)

IN_HAND_MAX: Final = 10_000
"""Records that one partition has in hand between transactions, where no setting says another number."""


class Slice(Struct, frozen=True):
    """The conditions of a slice of work. It ends at `until_ns` of `perf_counter_ns`, or when it is done."""

    now_ms: int
    current: bool
    until_ns: int


class Counts(Struct):
    """What was decided since the start, for whoever watches."""

    events: int = 0
    looks: int = 0
    stale: int = 0
    outputs: int = 0
    rejected: int = 0
    faults: int = 0


class _Mark(NamedTuple):
    """Where a slice began: what a failed step leads back to."""

    outputs: int
    letters: int
    customers: int
    inputs: dict[str, int]
    counts: Counts
    noted: int
    looked: int


class Decider:
    """The decisions of one partition over its store. `world` may be replaced between two transactions.

    `prefix` stands before the names of outputs.
    """

    def __init__(
        self,
        store: Store,
        world: World,
        decoder: InputDecoder,
        position: Position,
        *,
        prefix: str = DEFAULT_PREFIX,
        wire: Wire | None = None,
        journal: Journal | None = None,
        in_hand_max: int = IN_HAND_MAX,
    ) -> None:
        self.counts = Counts()
        self.position = position
        self._store = store
        self._decoder = decoder
        self._voice = Voice(prefix, wire or single_object(world.identity))
        self._journal = journal
        codecs = Codecs()
        self._overlay = Overlay(store, codecs)
        self._decided = DecidedRecords(store, codecs)
        self._cursor = Cursor(position.redecided)
        self._stale: deque[Wakeup] = deque()
        self._journey = Journey(world)
        self._work = Work(self._overlay)
        self._letters: list[DeadLetter] = []
        self._noted: list[Noted] = []
        self._looked: list[int] = []
        self._traced: dict[int, str] = {}
        self._counted = (0, 0, 0, 0)
        self._batch = Batch()
        self._inputs = dict(position.inputs)
        self._customers = position.customers
        self._wakeups = position.wakeups
        self._now_ms = position.now_ms
        self._silence = Silence(world.policies.base.sources.silent_after_ms)
        for topic, heard_ms in position.heard.items():
            self._silence.heard(topic, heard_ms)
        self._raised = RaisedRecords(store, world, position.held)
        self._incidents = self._raised.incidents
        self._fed = 0
        self._steps = 0
        self._in_hand_max = in_hand_max

    @property
    def world(self) -> World:
        """What the rules know besides the customer."""
        return self._journey.world

    @world.setter
    def world(self, world: World) -> None:
        if world is not self._journey.world:
            self._journey.world = world
            self._silence = self._silence.with_rules(world.policies.base.sources.silent_after_ms)
            self._incidents.follow(world.policies.base.mass_incident)

    @property
    def dirty(self) -> bool:
        """Whether there is anything to commit."""
        return self._steps > 0

    @property
    def steps(self) -> int:
        """Records, looks and refusals since the last commit."""
        return self._steps

    def next_due(self) -> int | None:
        """When the store must be looked at next, as of the last commit."""
        return self._store.next_due()

    def due(self, until_ms: int, limit: int) -> deque[Wakeup]:
        """What is to be looked at, at most once per transaction: the store learns of it only after that."""
        return deque(self._store.due(until_ms, limit))

    def stale(self, limit: int) -> deque[Wakeup]:
        """Records that were decided under another world, a few at a time; what is left comes again."""
        if not self._stale:
            looks, self._cursor = redecide(self._decided, self._cursor, self.world.version, limit)
            self._stale.extend(Wakeup(0, customer_id, target) for customer_id, target in looks)
        return self._stale

    @property
    def redeciding(self) -> bool:
        """Whether a pass over stale records goes on."""
        return self._cursor.version != self.world.version or not self._cursor.over or bool(self._stale)

    def take(self, records: deque[InputRecord], within: Slice) -> None:
        """Decide upon records from the left."""
        self._slice(records, self._take, within)

    def look(self, wakeups: deque[Wakeup], within: Slice) -> None:
        """Look at what is due, likewise."""
        self._slice(wakeups, self._look, within)

    def finish(self) -> Commit:
        """Everything since the last commit. The overlay takes it as written: write it, or drop all this."""
        self._overlay.commit_to(self._batch)
        self._wakeups += self._batch.wakeups_gained()
        position = Position(
            inputs=dict(self._inputs),
            now_ms=self._now_ms,
            customers=self._customers,
            heard=self._silence.last,
            world=self.world.version,
            held=self._incidents.held_flags,
            wakeups=self._wakeups,
            redecided=0 if self.redeciding else self.world.version,
        )
        said = self._work.outputs
        outputs = [self._voice.of(topic, record) for topic, record in said]
        for index, trace in self._traced.items():
            outputs[index] = replace(
                outputs[index], headers=(*outputs[index].headers, (HEADER, trace.encode()))
            )
        outputs.extend(self._snapshots({record.customer_id for _, record in said} | self._gone()))
        letters = [self._voice.letter(it) for it in self._letters]
        if self._journal is not None:
            outputs.append(Output(self._journal.topic, None, self._journal.line(self.world.version)))
        self._raised.put(self._batch)
        self._batch.put(positions.KEY, positions.encode(position))
        self.counts.outputs += len(said)
        done = Done(said, self._noted, self._looked, *map(sub, self._count(), self._counted))
        return Commit(outputs, letters, self._batch, position, self._steps, done)

    def committed(self, commit: Commit, mark: Mark) -> None:
        """The transaction stands, and the changelog ends at `mark`: bring the store up to it."""
        positions.put_changelog_mark(commit.changes, mark)
        self._store.write(commit.changes)
        self.position = commit.position
        self._batch.clear()
        self._work.outputs.clear()
        self._letters.clear()
        self._noted.clear()
        self._looked.clear()
        self._traced.clear()
        self._counted = self._count()
        self._fed = 0
        self._steps = 0
        self._overlay.keep(self._in_hand_max)

    def _slice(self, queue: deque[Any], step: Callable[[Any, At], None], within: Slice) -> None:
        self._now_ms = max(within.now_ms, self._now_ms)
        at = self._at(within.current)
        mark = self._mark()
        done: list[Any] = []
        try:
            while queue:
                item = queue.popleft()
                done.append(item)
                step(item, at)
                if perf_counter_ns() >= within.until_ns:  # after each: one may take as long as a thousand
                    break
        except NO_FAULT_OF_A_STEP:
            raise
        except Exception:  # noqa: BLE001 - which step it was is found out one by one
            self._back_to(mark)
            self._carefully(done, step, at)
        self._overlay.savepoint()
        self._steps += len(done)
        if self._journal is not None:
            self._journal.slice(at, done)
        self._feed_incidents()

    def _carefully(self, items: Iterable[Any], step: Callable[[Any, At], None], at: At) -> None:
        """The same again with a savepoint after each step: one that raises is taken back alone."""
        for item in items:
            mark = self._mark()
            try:
                step(item, at)
                self._overlay.savepoint()
            except NO_FAULT_OF_A_STEP:
                raise
            except Exception as error:  # noqa: BLE001 - one customer's defect must not stop everybody's partition
                self._back_to(mark)
                self._failed(item, at, error)
                self._overlay.savepoint()

    def _take(self, record: InputRecord, at: At) -> None:
        event = self._decoder.decode(record)
        self._inputs[record.topic] = record.offset + 1
        if isinstance(event, Rejection | Removal):
            if isinstance(event, Rejection):
                self._reject(record, event, at.now_ms)
            return
        if isinstance(event, Product | Control):
            raise Fatal(f"{record.topic} is read by the followers of the world, not by a partition")
        overlay, customer_id = self._overlay, event.customer_id
        before, said = overlay.exists(customer_id), len(self._work.outputs)
        self._silence.heard(TOPICS[type(event)], at.now_ms)
        self._work.trace = record.trace
        self._journey.on_event(self._work, event, at)
        self._customers += overlay.exists(customer_id) - before
        self.counts.events += 1
        self._trace(said, record.trace)
        self._noted.append((record.topic, event.event_id, record.timestamp_ms or 0, event.occurred_at))

    def _look(self, wakeup: Wakeup, at: At) -> None:
        if wakeup.due_ms and not self._overlay.is_due(wakeup):
            self.counts.stale += 1
            return
        trace, said = self._overlay.trace_of(wakeup) if wakeup.due_ms else "", len(self._work.outputs)
        self._journey.on_wake_up(self._work, wakeup.customer_id, wakeup.target, at)
        self._trace(said, trace)
        if wakeup.due_ms and self._overlay.is_due(wakeup):
            raise RuntimeError("the look left itself due")
        self.counts.looks += 1
        if wakeup.due_ms:
            self._looked.append(wakeup.due_ms)

    def _failed(self, item: InputRecord | Wakeup, at: At, error: Exception) -> None:
        self.counts.faults += 1
        if isinstance(item, InputRecord):
            self._inputs[item.topic] = item.offset + 1
            log.error(
                "deciding upon %s-%s offset %s failed: %s",
                *(item.topic, item.partition, item.offset, told(error)),
                extra=self._about(item),
            )
            self._reject(item, self._decoder.undecided(item, told(error)), at.now_ms)
        else:
            log.error("a look failed and is tried again: %s", told(error), extra=self._about(item))
            self._overlay.postpone(item, at.now_ms + FAULT_RETRY_MS)

    def _trace(self, since: int, trace: str) -> None:
        """What was said since then belongs to a trace, if there is one."""
        if trace:
            self._traced.update(dict.fromkeys(range(since, len(self._work.outputs)), trace))

    def _about(self, item: InputRecord | Wakeup) -> dict[str, Any]:
        """The fields of a line of the log."""
        logged = self.world.identity.logged_key
        if isinstance(item, Wakeup):
            trace = trace_id(self._overlay.trace_of(item))
            return {"customer": logged(item.customer_id), "trace_id": trace}
        customer = logged((item.key or b"").decode(errors="replace"))
        return {
            "topic": item.topic,
            "partition": item.partition,
            "offset": item.offset,
            "customer": customer,
            "trace_id": trace_id(item.trace),
        }

    def _reject(self, record: InputRecord, rejection: Rejection, now_ms: int) -> None:
        self.counts.rejected += 1
        self._letters.append(dead_letter(record, rejection, now_ms))

    def _count(self) -> tuple[int, int, int, int]:
        """What is counted in one go, since the start."""
        return self.counts.stale, self.counts.faults, *self._overlay.lookups

    def _mark(self) -> _Mark:
        outputs, letters = len(self._work.outputs), len(self._letters)
        return _Mark(
            *(outputs, letters, self._customers, dict(self._inputs), copy(self.counts)),
            *(len(self._noted), len(self._looked)),
        )

    def _back_to(self, mark: _Mark) -> None:
        self._overlay.rollback()
        self._customers, self._inputs, self.counts = mark.customers, mark.inputs, mark.counts
        del self._work.outputs[mark.outputs :]
        del self._letters[mark.letters :]
        del self._noted[mark.noted :]
        del self._looked[mark.looked :]
        self._traced = {index: trace for index, trace in self._traced.items() if index < mark.outputs}

    def _at(self, current: bool) -> At:  # noqa: FBT001 - as `At` has it
        now_ms = self._now_ms
        stale = self._silence.stale(now_ms)
        held = self._incidents.held(now_ms, self._customers)
        return At(now_ms=now_ms, current=current, stale_sources=stale, held_flags=held)

    def _feed_incidents(self) -> None:
        said = self._work.outputs
        for _, record in said[self._fed :]:
            if isinstance(record, FrictionChange):
                self._incidents.raised(record, self._customers)
        self._fed = len(said)

    def _gone(self) -> set[str]:
        """The customers whose record goes with this commit: they were erased."""
        gone = set()
        for key, value in self._batch.values.items():
            if value is None and key.startswith(keys.RECORDS):
                customer_id, target = keys.decode_record(key)
                if not any(target):
                    gone.add(customer_id)
        return gone

    def _snapshots(self, customer_ids: Iterable[str]) -> Iterable[Output]:
        """How every customer of whom something was said stands now; a tombstone for one who is gone."""
        overlay = self._overlay
        for customer_id in sorted(customer_ids):
            now = None
            if overlay.exists(customer_id):
                now = snapshot(customer_id, overlay.customer(customer_id), self._now_ms)
            yield self._voice.customer(customer_id, now)
