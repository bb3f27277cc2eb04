"""What a worker is at one moment, gathered once per scrape from where it is counted and kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from time import monotonic
from typing import TypeAlias

from msgspec import Struct

from state.errors import StateError
from state.rocks import RocksStore
from streams.engine import position as positions
from streams.engine.clock import Clock
from streams.engine.partitions import Partitions
from streams.engine.position import Position
from streams.engine.task import PartitionTask, Role
from streams.engine.totals import Totals
from streams.engine.worlds import Worlds


class Watched(Struct, frozen=True, kw_only=True):
    """The parts of a worker that metrics are read from."""

    partitions: Partitions
    worlds: Worlds
    totals: Totals
    clock: Clock
    version: str
    input_prefix: str
    output_prefix: str
    member: Callable[[], bool]
    """Whether the group's coordinator knows this worker."""
    ready: Callable[[], bool]
    state_memory: Callable[[], int]
    suppressed: Callable[[], int]
    """Lines of the log that were not written."""


class Kept(Struct, frozen=True):
    """What the open state of a partition says of itself."""

    position: Position
    next_due_ms: int | None
    overdue: int
    bytes: int


OVERDUE_MAX = 1_000
"""Overdue wake-ups of a partition that are counted: to count all would hold the loop."""
Tasks: TypeAlias = Mapping[int, PartitionTask]


class Now:
    """One scrape."""

    def __init__(self, watched: Watched) -> None:
        self.watched = watched
        self.totals = watched.totals
        self.at_s = monotonic()
        self.now_ms = watched.clock.now_ms()
        self.tasks: Tasks = dict(sorted(watched.partitions.tasks.items()))

    @property
    def active(self) -> Tasks:
        """The partitions that this worker decides for."""
        return {number: task for number, task in self.tasks.items() if task.role is Role.ACTIVE}

    def wall_s(self, since_ms: int) -> float:
        """Seconds of wall time since a time of the journey; not below 0."""
        return max(0, self.now_ms - since_ms) / self.watched.clock.speed / 1000

    @cached_property
    def kept(self) -> Mapping[int, Kept]:
        """By partition, where the state is open and has a position."""
        found = {}
        for number, task in self.tasks.items():
            if task.store is not None and (kept := self._kept(task.store)) is not None:
                found[number] = kept
        return found

    @cached_property
    def heard_ms(self) -> Mapping[str, int]:
        """When each source spoke last, in any partition that is decided for here."""
        newest: dict[str, int] = {}
        for number in self.active:
            if (kept := self.kept.get(number)) is not None:
                for topic, at_ms in kept.position.heard.items():
                    newest[topic] = max(at_ms, newest.get(topic, 0))
        return newest

    def _kept(self, store: RocksStore) -> Kept | None:
        """None while nothing was decided, or when the state was closed or damaged meanwhile."""
        try:
            position = positions.stored(store)
            if position is None:
                return None
            due_ms = store.next_due()
            overdue = due_ms is not None and due_ms <= self.now_ms
            count = len(store.due(self.now_ms, OVERDUE_MAX)) if overdue else 0
            return Kept(position, due_ms, count, store.bytes_on_disk())
        except StateError:
            return None
