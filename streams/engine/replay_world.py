"""Pure. The world that a replay is decided under: that of now, with the policy that is tried.

A backfill goes live on its state. It is replayed as if going live were just behind its end (`live_from`), so
nothing is opened in it, nothing can be sent from the past, and nothing has to be closed when it is over. To
open and then revoke would be worse than useless: caps, gaps and rests would count what nobody ever sent.
What may still be opened after it is for `live_from` of the operator to say, under which all is decided anew.
"""

from __future__ import annotations

from hashlib import blake2b

from schemas.records import Control
from streams.engine.position import Replayed
from streams.engine.replay_plan import ReplayPlan
from streams.engine.worlds import VERSION_BYTES
from streams.inputs.decode import FUTURE_MS
from streams.journey.control import ControlState
from streams.journey.step import World


def world_of(world: World, plan: ReplayPlan, replayed: Replayed) -> World:
    """The world of a replay; that of a backfill goes live just behind everything that it can hold."""
    if (policies := plan.policies) is not None:
        version = _version(world.version, policies.version)
        world = World(policies, world.catalogue, world.identity, world.control, version)
    if not replayed.live_after:
        return world
    live_from = replayed.began_ms + FUTURE_MS + 1
    others = (it for it in world.control.records.values() if it.type != "live_from")
    control = ControlState([*others, Control("kairos-backfill", "live_from", at=live_from)])
    version = _version(world.version, "backfill")
    return World(world.policies, world.catalogue, world.identity, control, version)


def _version(version: int, what: str) -> int:
    """The version of a world that differs from another one in this."""
    digest = blake2b(f"{version} {what}".encode(), digest_size=VERSION_BYTES).digest()
    return int.from_bytes(digest, "big") or 1
