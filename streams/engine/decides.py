"""What a partition asks of whatever decides in it: records and due looks in, one commit out."""

from __future__ import annotations

from collections import deque
from typing import Protocol

from state.keys import Wakeup
from streams.engine.commit import Commit
from streams.engine.deciding import Counts, Slice
from streams.engine.position import Mark
from streams.inputs.records import InputRecord
from streams.journey.step import World


class Decides(Protocol):
    """The decisions of one partition. `Decider` is the journey's; the engine knows no more than this."""

    counts: Counts
    world: World
    """Replaced between two transactions only."""

    @property
    def dirty(self) -> bool:
        """Whether there is anything to commit."""
        ...

    @property
    def steps(self) -> int:
        """Records, looks and refusals since the last commit."""
        ...

    @property
    def redeciding(self) -> bool:
        """Whether `stale` has more."""
        ...

    def next_due(self) -> int | None:
        """When the store must be looked at next, as of the last commit."""
        ...

    def due(self, until_ms: int, limit: int) -> deque[Wakeup]:
        """What is to be looked at, asked for at most once per transaction."""
        ...

    def stale(self, limit: int) -> deque[Wakeup]:
        """What was decided under another world."""
        ...

    def take(self, records: deque[InputRecord], within: Slice) -> None:
        """Decide upon records from the left, for as long as the slice lasts."""
        ...

    def look(self, wakeups: deque[Wakeup], within: Slice) -> None:
        """Look at what is due, likewise."""
        ...

    def finish(self) -> Commit:
        """Everything since the last commit."""
        ...

    def committed(self, commit: Commit, mark: Mark) -> None:
        """It stands, and the changelog ends at `mark`: bring the store up to it."""
        ...
