"""The script of a history: what happens to an engine, in order. A script runs the same again."""

from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import msgspec

from state.records.parts import Target
from streams.checkers.history import Event
from streams.simulation.engine import Conditions


@dataclass(frozen=True, slots=True)
class Arrive:
    """An event is processed."""

    at_ms: int
    event: Event


@dataclass(frozen=True, slots=True)
class Turn:
    """The partition falls behind or catches up, a source falls silent, an incident is known."""

    at_ms: int
    conditions: Conditions


@dataclass(frozen=True, slots=True)
class Switch:
    """Another setting holds: an index into the settings of the seed. Everyone is looked at once."""

    at_ms: int
    setting: int


@dataclass(frozen=True, slots=True)
class Look:
    """A look too many. `pick` chooses among what can be looked at then."""

    at_ms: int
    customer_id: str
    pick: int


Action: TypeAlias = Arrive | Turn | Switch | Look
RANKS: Final[dict[type, int]] = {Arrive: 0, Turn: 1, Switch: 2, Look: 3}
"""At one time events come first; looks too many come after all wake-ups of that time."""
UNKNOWN: Final = Target("never-bought", "", "")


def as_json(actions: list[Action]) -> str:
    """A script for a person to read, one action a line; fields that say nothing are left out."""
    return (
        "[\n" + ",\n".join("  " + msgspec.json.encode(_plain(action)).decode() for action in actions) + "\n]"
    )


def _plain(action: Action) -> dict[str, Any]:
    if isinstance(action, Arrive):
        told = _lean(msgspec.to_builtins(action.event))
        told.pop("source", None)
        return {"at_ms": action.at_ms, "input": type(action.event).__name__, **told}
    if isinstance(action, Turn):
        now = action.conditions
        stale, held = sorted(now.stale_sources), sorted(now.held_flags)
        return {"at_ms": action.at_ms, "current": now.current, "stale": stale, "held": held}
    if isinstance(action, Switch):
        return {"at_ms": action.at_ms, "setting": action.setting}
    return {"at_ms": action.at_ms, "look": action.customer_id, "pick": action.pick}


def _lean(value: Any) -> Any:
    """Without what says nothing."""
    if isinstance(value, dict):
        return {name: _lean(entry) for name, entry in value.items() if entry not in (None, [], (), False)}
    if isinstance(value, list | tuple):
        return [_lean(entry) for entry in value]
    return value
