"""What was asked of a replay, and which state it may go on with.

An application id has one state. That of a replay is no live state, because its time is that of the events,
and a live state is none of a replay, because it knows what happened after the beginning. A backfill is the
bridge: a replay whose state goes live when it is done.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from streams.engine.position import Position, Stage
from streams.errors import Fatal
from streams.journey.policy_set import PolicySet
from streams.replay.tally import Tally


class ReplayPlan(Struct, frozen=True, kw_only=True):
    """What was asked for. `until_ms` None: the newest event of all; `live_after`: a backfill.

    `policies` replace those of the world, where another policy is tried on the past.
    """

    disorder_ms: int
    until_ms: int | None = None
    live_after: bool = False
    policies: PolicySet | None = None
    done: Callable[[int, Tally], None]
    """Told the number of a partition that has come to its end, perhaps more than once."""

    def wanted(self, position: Position | None) -> bool:
        """Whether a partition that stands there is to be replayed.

        Fatal: its application id belongs to a live application, or to a replay of another kind.
        """
        replayed = None if position is None else position.replayed
        if position is not None and (replayed is None or replayed.live_after != self.live_after):
            if self.live_after and replayed is None:
                return False
            raise Fatal(
                "this application id has another state already, of a live application or of another kind of "
                "replay: a replay needs an application id of its own"
            )
        return replayed is None or not self.live_after or replayed.stage is not Stage.DONE


def refuse_replayed(position: Position | None) -> None:
    """Fatal: a partition that stands there is not for the live clock."""
    replayed = None if position is None else position.replayed
    if replayed is None or (replayed.live_after and replayed.stage is Stage.DONE):
        return
    what = "a backfill that is not over: go on with --backfill" if replayed.live_after else "a replay"
    raise Fatal(f"the state of this application id is that of {what}, or take another application id")
