"""The work of one partition in virtual time: its history up to fixed ends, in transactions of many steps.

    history -> sequencer -> replay driver -> layered store, outputs -> transaction -> store

The driver is that of `kairos replay` over files, so what is said is the same, byte for byte. Each of its
steps is committed to a layered store; changelog and base see one transaction of many. What a restart needs is
in the position record: where each topic is needed again, the last event taken, the counts.

    events -> waiting -> looks -> customers -> done

How it begins is in `replay_start`, under which world in `replay_world`, and how it ends in `replay_end`.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping
from time import monotonic, perf_counter_ns
from typing import Final

from msgspec.structs import replace

from schemas.topics import CUSTOMERS
from state.layered import LayeredStore
from streams.engine import position as positions
from streams.engine.clock import wall_ms
from streams.engine.commit import Commit, Output, Voice
from streams.engine.history import History
from streams.engine.opened import Opened
from streams.engine.position import Position, Stage
from streams.engine.raised import RaisedRecords
from streams.engine.replay_end import end_of_all, some_customers
from streams.engine.saying import Flood, say
from streams.engine.totals import Done
from streams.engine.work import STEPS_MAX
from streams.inputs.deadletters import dead_letter
from streams.inputs.records import InputRecord, Rejection
from streams.journey.step import World
from streams.journey.view import FAR
from streams.replay.driver import Conditions, Fault, Partition, Taken
from streams.replay.sequencing import Bookmark, LineMark, Sequencer
from streams.replay.tally import Tally

log = logging.getLogger(__name__)

INTERVALS: Final = 2
"""A transaction ends after so many of the longest intervals of the live clock, or as many steps as there."""
FETCH_S: Final = 0.5
ASK_EVERY_S: Final = 1.0
"""How often a partition looks whether the others have taken their events too."""
BACKFILLED: Final = (("kairos-backfill", b"true"),)
"""The header of what is said about the past."""


class ReplayWork:
    """One partition at work, over clients and a store that are open. Whoever made it closes them."""

    def __init__(self, opened: Opened, position: Position, world: World) -> None:
        replayed, plan = position.replayed, opened.kit.replay
        assert replayed is not None
        assert plan is not None
        self._kit, self._plan = opened.kit, plan
        self._number, self._stats = opened.number, opened.stats
        self._base = opened.store
        self._store = LayeredStore(opened.store)
        self._transactions = opened.transactions
        self._position, self._replayed = position, replayed
        self._stage, self._until_ms = replayed.stage, replayed.until_ms
        self._said_after = replayed.said_after
        kit = opened.kit
        self._round_s = INTERVALS * kit.commit_most_s
        self._voice = Voice(kit.said_under, kit.wire, BACKFILLED if replayed.live_after else ())
        self._flood = Flood(kit.rejected_share_max, "mend the history, or raise the limit")
        self._outputs: list[Output] = []
        self._letters: list[Output] = []
        self._refused = self._steps = 0
        self._changed = False
        self._sequencer = Sequencer(replayed.ends, plan.disorder_ms, replayed.bookmark)
        self._history = History(
            opened.consumer, kit.decoder, opened.number, replayed.ends, self._sequencer, self._refuse
        )
        self._raised = RaisedRecords(opened.store, world, position.held)
        self._partition = Partition(
            world, self._store, replayed.until_ms or FAR, observers=[self._observe], report=self._fault
        )
        conditions = Conditions(position.now_ms, position.customers, position.heard)
        self._partition.go_on(conditions, self._raised.incidents)
        self._partition.tally = Tally.of_counts(replayed.counts)
        self._repeats = self._partition.tally.repeats
        self._counted = Counter(self._partition.tally.events)

    async def open(self) -> None:
        """Go to where the history is needed again."""
        await self._history.seek()

    @property
    def over(self) -> bool:
        """Whether the replay has come to its end, and everything is committed."""
        return self._stage is Stage.DONE and not self._changed

    @property
    def tally(self) -> Tally:
        """What was counted, restarts included."""
        return self._partition.tally

    async def transaction(self) -> int:
        """One round. Returns the steps that were taken.

        Fenced, Retryable, Fatal: as `Transactions.commit`. TooManyRejected: nothing of it was said.
        """
        if self._stage in (Stage.EVENTS, Stage.LOOKS):
            await self._take()
        elif self._stage is Stage.WAITING:
            await self._wait()
        elif self._stage is Stage.CUSTOMERS:
            await self._say_customers()
        steps = self._steps
        if steps or self._letters or self._changed:
            self._flood.refuse(self._refused, self._history.records)
            await self._commit()
        self._stats.at_s = monotonic()
        self._stats.lag = self._history.lag()
        return steps

    async def _take(self) -> None:
        """Read and decide until the round is over, enough was done, or all is taken."""
        until_s = monotonic() + self._round_s
        history, sequencer = self._history, self._sequencer
        while monotonic() < until_s and self._steps < STEPS_MAX:
            if not history.pending and sequencer.event is None:
                await history.fetch(FETCH_S)
            over = await self._slice()
            if not history.pending:
                await history.sorted_in()
            if over:
                self._go_on_to(Stage.CUSTOMERS)
                return
            if sequencer.exhausted:
                self._exhausted()
                if self._stage is Stage.WAITING:
                    return

    def _exhausted(self) -> None:
        """All events are taken: only looks are left, up to the end, when that is known."""
        if self._plan.live_after and not self._until_ms:
            self._until_ms = max(self._replayed.began_ms, self._sequencer.newest_ms)
        if self._until_ms:
            self._close()
        elif self._more_looks():
            return
        else:
            self._go_on_to(Stage.WAITING)

    def _more_looks(self) -> bool:
        due_ms = self._store.next_due()
        return due_ms is not None and due_ms < self._sequencer.horizon_ms

    def _close(self) -> None:
        """The end is known."""
        if self._stage is not Stage.LOOKS:
            self._go_on_to(Stage.LOOKS)
        self._partition.until_ms = self._until_ms
        self._sequencer.close()

    async def _slice(self) -> bool:
        """One slice, in line with those of the other partitions. Whether all is taken up to the end."""
        over = False

        def run() -> None:
            nonlocal over
            until_ns = perf_counter_ns() + self._kit.slice_ns()
            if self._history.pending:
                self._history.sort_in(until_ns)
            over = self._partition.advance(
                self._sequencer, lambda: perf_counter_ns() >= until_ns or self._steps >= STEPS_MAX
            )

        await self._kit.run(run)
        return over

    async def _wait(self) -> None:
        """See whether all partitions have taken their events, and so whether the end is known."""
        kit = self._kit
        until_ms = await end_of_all(kit.clients, kit.changelog, kit.partitions, self._position.world)
        if until_ms is None:
            await asyncio.sleep(ASK_EVERY_S)
            return
        self._until_ms = until_ms
        self._close()

    def _go_on_to(self, stage: Stage) -> None:
        self._stage, self._changed = stage, True
        if stage is Stage.CUSTOMERS:
            self._partition.finish()

    async def _say_customers(self) -> None:
        """Some more customers as they stand at the end."""
        until_s = monotonic() + self._round_s
        while self._stage is Stage.CUSTOMERS and monotonic() < until_s:
            await self._kit.run(self._say_some_customers)

    def _say_some_customers(self) -> None:
        said, after = some_customers(self._base, self._said_after, self._until_ms)
        tally = self._partition.tally
        for now in said:
            tally.outputs[CUSTOMERS] += 1
            for count in now.stages:
                tally.stages[count.stage] += count.items
            self._outputs.append(self._voice.customer(now.customer_id, now))
        self._said_after, self._changed = after, True
        if not after:
            self._go_on_to(Stage.DONE)

    def _observe(self, taken: Taken) -> None:
        self._steps += 1
        self._outputs += [self._voice.of(topic, record) for topic, record in taken.said]

    def _fault(self, fault: Fault) -> None:
        self._steps += 1
        log.error("a step of partition %s failed and was taken back: %s", self._number, fault.problem)
        if fault.event is not None:
            taken = self._sequencer.taken
            assert taken is not None
            self._refuse(taken, self._kit.decoder.undecided(taken, fault.problem))

    def _refuse(self, record: InputRecord, rejection: Rejection) -> None:
        self._letters.append(self._voice.letter(dead_letter(record, rejection, self._replayed.began_ms)))
        self._partition.tally.dead_letters[rejection.reason.value] += 1
        self._refused += 1

    async def _commit(self) -> None:
        """Say it, and then only let the store have it."""
        commit = self._finish()
        mark = await say(self._kit, self._base, self._transactions, self._stats, commit, wall_ms())
        positions.put_changelog_mark(commit.changes, mark)
        self._base.write(commit.changes)
        self._store.taken_over()
        self._kit.failpoints.reach("after_store")
        self._position = commit.position
        self._counted = Counter(self._partition.tally.events)
        self._outputs, self._letters = [], []
        self._steps, self._changed = 0, False

    def _finish(self) -> Commit:
        """All since the last commit, with where to go on from it."""
        tally, bookmark, changes = self._partition.tally, self._sequencer.bookmark, self._store.changes
        tally.repeats = self._repeats + self._sequencer.repeats
        conditions = self._partition.conditions
        over = self._stage is Stage.DONE  # nobody needs to know where it was then
        self._raised.put(changes)
        replayed = replace(
            self._replayed,
            stage=self._stage,
            until_ms=self._until_ms,
            newest_ms=self._sequencer.newest_ms,
            bookmark=Bookmark(bookmark.lines) if over else bookmark,
            said_after=self._said_after,
            counts=tally.counts(),
        )
        position = Position(
            inputs=self._inputs(bookmark.lines, over=over),
            now_ms=conditions.now_ms,
            customers=conditions.known,
            heard=conditions.heard,
            world=self._position.world,
            replayed=replayed,
            held=self._raised.incidents.held_flags,
            wakeups=self._position.wakeups + self._store.wakeups_gained,
        )
        changes.put(positions.KEY, positions.encode(position))
        taken = {self._kit.prefix + topic: count for topic, count in (tally.events - self._counted).items()}
        return Commit(self._outputs, self._letters, changes, position, self._steps, Done(replayed=taken))

    def _inputs(self, lines: Mapping[str, LineMark], *, over: bool) -> dict[str, int]:
        """Where each topic is needed again; behind its end when the replay is over."""
        if over:
            return dict(self._replayed.ends)
        return {topic: mark.low for topic, mark in lines.items()}
