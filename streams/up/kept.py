"""What a run of `kairos up` leaves for the next one: where its clock is, and how far its traffic came.

The clock must never run backwards, not even after `kill -9`. So what is written while it runs is a time that
it has not reached yet, and the next run begins there; a run that ends in good order writes the time itself.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from streams.engine.clock import ScaledClock
from streams.errors import Fatal

NAME: Final = "up.json"
AHEAD_S: Final = 5.0
"""So much of the wall clock is the written time ahead; it is written anew well before."""
VERSION: Final = 1


class Kept(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far a run came. Times are epoch milliseconds of the journey."""

    version: int = VERSION
    name: str
    """Tells its topics from those of others on the same Kafka; empty where there are no others."""
    partitions: int
    seed: int
    speed: float
    reached_ms: int
    """The clock has shown no later time."""
    sent_ms: int
    """All that happened until then was sent, and nothing that happens later."""
    heard: dict[int, int] = {}
    """By partition of the eligibilities: up to which offset reactions are among what was sent."""


def clock_of(kept: Kept, now_ms: int) -> ScaledClock:
    """A clock that goes on where the last one ended; `now_ms` is of the wall clock."""
    return ScaledClock(kept.reached_ms, now_ms, kept.speed)


def running(kept: Kept, clock: ScaledClock, sent_ms: int, heard: dict[int, int]) -> Kept:
    """What to write while the clock runs."""
    ahead_ms = int(AHEAD_S * 1000 * clock.speed)
    return msgspec.structs.replace(
        kept, reached_ms=max(kept.reached_ms, clock.now_ms() + ahead_ms), sent_ms=sent_ms, heard=heard
    )


def ended(kept: Kept, clock: ScaledClock) -> Kept:
    """What to write when all that read the clock have ended."""
    return msgspec.structs.replace(kept, reached_ms=clock.now_ms())


def read(path: Path) -> Kept | None:
    """What the last run left, None when there was none. Fatal: it cannot be read."""
    try:
        kept = msgspec.json.decode(path.read_bytes(), type=Kept)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError) as error:
        raise Fatal(f"{path} cannot be read ({error}): begin anew with --fresh") from error
    if kept.version != VERSION:
        raise Fatal(f"{path} is of another version of Kairos: begin anew with --fresh")
    return kept


def write(path: Path, kept: Kept) -> None:
    """Write it in one step: a reader sees the old or the new one."""
    incoming = path.with_suffix(".incoming")
    incoming.write_bytes(msgspec.json.encode(kept) + b"\n")
    incoming.replace(path)
