"""One seed for a person to look at: what happened, what is wrong, and the shortest script that shows it."""

import re
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from streams.checkers.history import Record, Step, Violation
from streams.simulation.actions import Action
from streams.simulation.engine import JourneyEngine, MakeEngine
from streams.simulation.harness import Outcome, run_script
from streams.simulation.shrink import shrink

_NAMES: Final = re.compile(r"[0-9a-f]{12,}|[a-z]+\d{3}-[0-9-]+|\d+")
_QUIET: Final = frozenset(
    [
        "customer_id",
        "sequence",
        "checks",
        "send_windows",
        "source",
        "avoid_channels",
        "decline_options",
        "policy_version",
        "catalogue_version",
        "decided_at",
        "cause_event_id",
        "answer_until",
        "opens_at",
    ]
)
"""Fields that a look at a history does not need."""


def kind_of(violation: Violation) -> tuple[str, str]:
    """What is the same about violations that differ in names and times only."""
    return violation.checker, _NAMES.sub("#", violation.what)


def shortest(
    outcome: Outcome, violation: Violation, make: MakeEngine = JourneyEngine
) -> tuple[list[Action], Outcome]:
    """The shortest script found that is violated in the same way, and its outcome."""
    wanted = kind_of(violation)

    def fails(script: list[Action]) -> bool:
        return any(kind_of(found) == wanted for found in run_script(outcome.seed, script, make).violations)

    script = shrink(outcome.script, fails) if fails(outcome.script) else outcome.script
    return script, run_script(outcome.seed, script, make)


def told(steps: list[Step], customer_id: str) -> str:
    """A customer's history, a step a paragraph."""
    mine = (step for step in steps if step.customer_id == customer_id)
    return "\n".join(_told_step(step) for step in mine if step.event is not None or step.said)


def _told_step(step: Step) -> str:
    behind = "" if step.current else " (catching up)"
    first = f"{_time(step.at_ms)}{behind} {_told(step.event) if step.event is not None else 'look'}"
    return "\n".join([first, *(f"    {topic}: {_told_record(record)}" for topic, record in step.said)])


def _told_record(record: Record) -> str:
    return "tombstone" if record is None else _told(record)


def _told(record: msgspec.Struct) -> str:
    fields: dict[str, Any] = msgspec.to_builtins(record)
    shown = {
        name: value for name, value in fields.items() if name not in _QUIET and value not in (None, [], False)
    }
    return " ".join(
        [type(record).__name__, *(f"{name}={_value(name, value)}" for name, value in shown.items())]
    )


def _value(name: str, value: Any) -> Any:
    is_time = name in {"occurred_at", "send_by", "since", "until", "look_again_at"}
    return _time(value) if is_time else value


def _time(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%m-%dT%H:%M:%S.") + f"{at_ms % 1000:03d}"
