"""One partition number, from its state to its commits, for as long as this worker has it.

    open the store -> follow the changelog -> [stand by] -> fence -> read the tail -> seek -> work

A task lives on through rebalances that do not take its partition away. It ends by its role, never by being
cancelled, because a Kafka client that is cancelled while its broker is down cannot be trusted afterwards.
What fails is thrown away and opened anew for this partition alone: the store never leads the changelog, so
whatever was not committed was never there.

A partition that another worker has been given is worked on until that one fences it: the new owner restores
in the meantime, so nobody stands still. `RETIRE_WITHIN_S` bounds it for the case that the new owner is gone.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from random import Random
from time import monotonic
from typing import Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError
from msgspec import structs

from state import keys
from state.errors import Damaged, StateError
from state.restore import Written
from state.rocks import RocksStore
from streams import collecting
from streams.engine import position as positions
from streams.engine import restore
from streams.engine.clients import stop
from streams.engine.clock import wall_ms
from streams.engine.journal import Journal
from streams.engine.kit import Kit, Stats
from streams.engine.opened import Opened
from streams.engine.pace import Pace
from streams.engine.reading import Inputs
from streams.engine.replay_plan import refuse_replayed
from streams.engine.replay_start import replay_work
from streams.engine.replaying import ReplayWork
from streams.engine.saying import TooManyRejected
from streams.engine.settling import settle
from streams.engine.shredding import Shredder
from streams.engine.transaction import Fenced, Transactions
from streams.engine.work import PartitionWork
from streams.errors import Fatal, Retryable

log = logging.getLogger(__name__)

NEAR_END: Final = 2_000
"""Records of the changelog that a new owner leaves for after it has fenced the old one."""
RETIRE_WITHIN_S: Final = 30.0
REOPEN_AFTER_S: Final = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0)
"""Pauses before an attempt to open a partition anew, the last one for all further attempts."""
PAUSED_S: Final = 30.0
"""How long a partition stands still when too much of its input is refused, before it tries again."""
STANDBY_ROUND_S: Final = 0.5
"""How long a standby follows before it looks around."""
FLUSH_EVERY_S: Final = 10.0
FLUSH_AFTER_STEPS: Final = 50_000


class Role(StrEnum):
    """What this worker is to do with a partition."""

    ACTIVE = "active"
    STANDBY = "standby"
    GONE = "gone"


class Phase(StrEnum):
    """What a task does now: the word of health pages and metrics."""

    RESTORING = "restoring"
    STANDING_BY = "standing_by"
    WORKING = "working"
    REOPENING = "reopening"
    PAUSED = "paused"
    FINISHED = "finished"
    STOPPED = "stopped"


class PartitionTask:
    """One partition of this worker. `role` is set from outside, everything else is its own."""

    def __init__(self, kit: Kit, number: int, role: Role) -> None:
        self.number = number
        self.phase = Phase.RESTORING
        self.stats = Stats()
        self._kit = kit
        self._role = role
        self._retire_at: float | None = None
        self._changed = asyncio.Event()
        self._changelog = TopicPartition(kit.changelog, number)
        self._path = kit.state_dir / f"partition-{number}"
        self._pace = Pace(kit.commit_least_s, kit.commit_most_s, number)
        self._random = Random(number)  # noqa: S311 - it spreads load and guards nothing
        self._store: RocksStore | None = None
        self._consumer: AIOKafkaConsumer | None = None
        self._producer: AIOKafkaProducer | None = None
        self._unflushed = 0
        self._flushed_at = monotonic()
        self._attempts = 0
        self._distrusted = False
        self._shredder: Shredder | None = None

    @property
    def role(self) -> Role:
        """What it is to do."""
        return self._role

    @property
    def partitions(self) -> int:
        """How many partitions there are in all."""
        return self._kit.partitions

    @property
    def store(self) -> RocksStore | None:
        """The state, while it is open: for queries only."""
        return self._store

    def become(self, role: Role, *, at_once: bool = False) -> None:
        """From now on it has this role.

        An active task that loses its partition works on until it is fenced, unless it must end `at_once`.
        """
        if self._role is Role.ACTIVE and role is not Role.ACTIVE and not at_once:
            self._retire_at = monotonic() + RETIRE_WITHIN_S
        else:
            self._retire_at = None
        self._role = role
        self._changed.set()

    async def run(self) -> None:
        """Do what the role says until it is GONE. Fatal: the operator must act."""
        try:
            while not self._has(Role.GONE) or self._wanted():
                try:
                    await self._once()
                except Fenced:
                    await self._was_fenced()
                except TooManyRejected as error:
                    log.error("partition %s is paused: %s", self.number, error)  # noqa: TRY400 - the line says all
                    await self._pause(Phase.PAUSED, PAUSED_S)
                except (Retryable, KafkaError, StateError, OSError) as error:
                    await self._failed(error)
                finally:
                    await self._close()
        finally:
            self.phase = Phase.STOPPED

    async def _once(self) -> None:
        """From opening to the end of the role, or to the first failure."""
        self.phase = Phase.RESTORING
        self.stats.restoring_since_s = monotonic()
        await self._restore()
        if self._has(Role.STANDBY):
            self.stats.restoring_since_s = 0.0
        while self._has(Role.STANDBY):
            self.phase = Phase.STANDING_BY
            await self._follow_a_while()
            await self._maybe_flush()
        if self._has(Role.GONE):
            return
        work = await self._take_over()
        self.phase = Phase.WORKING
        self.stats.restoring_since_s = 0.0
        self.stats.at_s = monotonic()
        while self._wanted():
            if isinstance(work, ReplayWork) and work.over:
                await self._finished(work)
                break
            self._unflushed += await work.transaction()
            self._attempts = 0
            await self._maybe_flush()
        self._retire_at = None

    # --- restoring

    async def _restore(self) -> None:
        """The store, brought near to the end of the changelog."""
        kit = self._kit
        consumer = self._consumer = await kit.clients.consumer([self._changelog], parsed_only=True)
        first = (await consumer.beginning_offsets([self._changelog]))[self._changelog]
        end = (await consumer.end_offsets([self._changelog]))[self._changelog]
        store = self._store = restore.open_store(self._path, kit.resources)
        mark = positions.changelog_mark(store)
        ahead = mark is not None and mark.offset > end
        written = (await kit.clients.written_until([self._changelog]))[self._changelog] if ahead else end
        why = restore.why_useless(mark, first, written, wall_ms())
        if self._distrusted:
            why, self._distrusted = "a record in it is damaged", False
        if why is not None:
            self._store = None
            store = self._store = restore.replace(store, kit.resources, why)
            mark = None
        consumer.seek(self._changelog, first if mark is None else mark.offset)
        known = Written(end - first) if mark is None else None
        await self._follow(lambda at: at >= end - NEAR_END or self._role is Role.GONE, known)
        kit.failpoints.reach("after_restore")

    async def _follow(self, until: Callable[[int], bool], written: Written | None = None) -> None:
        assert self._consumer is not None
        assert self._store is not None
        at_once = self._kit.restored_at_once
        await restore.follow(
            self._consumer, self._changelog, self._store, until, at_once, self._restored, written
        )

    async def _follow_a_while(self) -> None:
        until_s = monotonic() + STANDBY_ROUND_S
        await self._follow(lambda _: self._role is not Role.STANDBY or monotonic() >= until_s)

    def _restored(self, records: int, offset: int) -> None:
        self.stats.restored += records
        self._unflushed += records
        end = None if self._consumer is None else self._consumer.last_stable_offset(self._changelog)
        if end is not None:
            self.stats.unrestored = max(0, end - offset)

    async def _take_over(self) -> PartitionWork | ReplayWork:
        """Fence whoever had the partition, read what it said last, and go to where it ended."""
        kit, store = self._kit, self._store
        assert store is not None
        assert self._consumer is not None
        producer = self._producer = await kit.clients.producer(kit.transactional_id(self.number))
        kit.failpoints.reach("after_fence")
        transactions = Transactions(
            producer,
            self.number,
            changelog=kit.changelog,
            group=kit.app_id,
            failpoints=kit.failpoints,
        )
        outputs = [TopicPartition(topic, self.number) for topic in kit.outputs]
        end = await settle(kit.clients, transactions, self._changelog, outputs)
        await self._follow(lambda at: at >= end)
        kit.failpoints.reach("after_tail")
        await stop(self._consumer)
        partitions = [TopicPartition(topic, self.number) for topic in kit.inputs]
        consumer = self._consumer = await kit.clients.consumer(partitions)
        position = positions.stored(store)
        if position is None and store.scan(keys.RECORDS, limit=1):  # a log of aborted transactions has none
            raise Fatal(
                f"the changelog {kit.changelog}-{self.number} holds records but no position: it is not a "
                "changelog of Kairos, or was tampered with"
            )
        if kit.replay is not None and kit.replay.wanted(position):
            replaying = Opened(kit, self.number, store, transactions, consumer, self.stats)
            return await replay_work(replaying, position)
        refuse_replayed(position)
        inputs = Inputs(consumer, kit.inputs, self.number, kit.current_within_ms, kit.readable)
        offsets = await inputs.seek(position)
        position = positions.Position() if position is None else position
        position = structs.replace(position, inputs={**position.inputs, **offsets}, replayed=None)
        opened = f"{os.getpid()}-{wall_ms()}"
        journal = None if kit.journal is None else Journal(kit.journal, opened)
        decider = kit.decides(kit, store, position, journal)
        return PartitionWork(kit, store, decider, transactions, inputs, self._pace, self.stats)

    # --- ending

    async def _finished(self, work: ReplayWork) -> None:
        """The replay is over: go live with what it left, or wait for the others."""
        plan = self._kit.replay
        assert plan is not None
        self.phase = Phase.FINISHED
        plan.done(self.number, work.tally)
        while not plan.live_after and self._has(Role.ACTIVE):
            await self._pause(Phase.FINISHED, STANDBY_ROUND_S)
            plan.done(self.number, work.tally)

    def _has(self, role: Role) -> bool:
        """Whether its role is this one now: it changes while anything is awaited."""
        return self._role is role

    def _wanted(self) -> bool:
        """Whether to work on."""
        return self._has(Role.ACTIVE) or (self._retire_at is not None and monotonic() < self._retire_at)

    async def _was_fenced(self) -> None:
        """Another worker has it. Where this is news, ask the group who is right, and wait for the answer."""
        log.info("partition %s was taken over by another worker", self.number)
        self._retire_at = None
        self._kit.totals.fenced += 1
        if self._has(Role.ACTIVE):
            await self._close()
            await self._kit.rejoin()
            await self._pause(Phase.REOPENING, REOPEN_AFTER_S[-1])

    async def _failed(self, error: Exception) -> None:
        self.stats.reopened += 1
        self.stats.restoring_since_s = 0.0
        self._distrusted = isinstance(error, Damaged)
        wait_s = REOPEN_AFTER_S[min(self._attempts, len(REOPEN_AFTER_S) - 1)]
        self._attempts += 1
        log.warning("partition %s is opened anew in %s s: %s", self.number, wait_s, str(error) or repr(error))
        await self._close()
        await self._pause(Phase.REOPENING, wait_s * (0.75 + 0.5 * self._random.random()))
        while not self._kit.member() and self._has(Role.ACTIVE):
            await self._pause(Phase.REOPENING, STANDBY_ROUND_S)

    async def _pause(self, phase: Phase, wait_s: float) -> None:
        """Wait, or until the role changes."""
        self.phase = phase
        self._changed.clear()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._changed.wait(), wait_s)

    async def _close(self) -> None:
        """Let go of everything; what was committed is in the store or in the changelog."""
        consumer, producer, store = self._consumer, self._producer, self._store
        self._consumer = self._producer = self._store = None
        if self._shredder is not None:
            await self._shredder.end()
            self._shredder = None
        clients = [client for client in (producer, consumer) if client is not None]
        await asyncio.gather(*map(stop, clients))
        if store is not None:
            try:
                store.close()
            except StateError as error:
                log.warning("the state of partition %s did not close cleanly: %s", self.number, error)
        collecting.what_was_closed()

    async def _maybe_flush(self) -> None:
        now = monotonic()
        if self._store is not None:
            self._shredder = self._shredder or Shredder(self._store, self._kit.erased_within_s)
            self._shredder.look()
        due = now - self._flushed_at >= FLUSH_EVERY_S and self._unflushed
        if self._store is None or not (due or self._unflushed >= FLUSH_AFTER_STEPS):
            return
        self._unflushed, self._flushed_at = 0, now
        await asyncio.to_thread(self._store.flush)
