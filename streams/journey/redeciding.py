"""Pure. A cursor per partition that has all decided anew, little by little, after a change of the world.

    cursor, version -> targets to look at, next cursor

Nobody waits for it: an event or a look decides its own records under the new world anyway. The cursor finds
the rest, so that within a day no permission stands that the new policy, catalogue or control would not give.
It needs not be stored: a pass that begins again walks over what it has done and finds nothing stale there.

One call reads at most `limit` records, stale or not, so whoever calls it holds the rate.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from msgspec import Struct

from state.records.parts import Target

PASS_MS_MAX: Final = 86_400_000
"""A pass over all records takes no longer."""
READ_MAX: Final = 1_000
"""Records that one call reads at most."""

Look = tuple[str, Target]
"""Whose record, and what `Journey.on_wake_up` is to look at."""


class Decided(Protocol):
    """One record of the store; see `state.decided`."""

    @property
    def key(self) -> bytes: ...
    @property
    def customer_id(self) -> str: ...
    @property
    def target(self) -> Target: ...
    @property
    def version(self) -> int: ...


class Scan(Protocol):
    """Records of one partition in the order of their keys."""

    def after(self, key: bytes | None, limit: int) -> Sequence[Decided]: ...


class Cursor(Struct, frozen=True):
    """How far the pass for a version of the world has come. `after` None: it begins."""

    version: int = 0
    after: bytes | None = None
    over: bool = True


def redecide(scan: Scan, cursor: Cursor, version: int, limit: int = READ_MAX) -> tuple[list[Look], Cursor]:
    """The stale ones among the next records, and the cursor behind them; a new version starts a new pass."""
    if cursor.version != version:
        cursor = Cursor(version, None, over=False)
    if cursor.over:
        return [], cursor
    limit = max(1, min(limit, READ_MAX))
    read = scan.after(cursor.after, limit)
    stale = [(found.customer_id, found.target) for found in read if found.version != version]
    after = read[-1].key if read else cursor.after
    return stale, Cursor(version, after, over=len(read) < limit)


def quota(records: int, tick_ms: int) -> int:
    """How many records to read every `tick_ms`, so that a pass over so many ends in time."""
    return max(1, -(-records * tick_ms // PASS_MS_MAX))
