"""An engine that a test scripts: what it says to events and looks, and when it wants to be looked at."""

from collections.abc import Callable
from typing import Any

from schemas.records import Eligibility
from state.facts_view import Facts
from state.keys import Wakeup
from state.records.parts import Target
from streams.checkers.history import Event
from streams.simulation.engine import Conditions, Said
from tests.streams.checkers.cases import opened

Heard = tuple[str, int, str]
"""(event, look or use; when; the event's id or what was looked at)."""


class ScriptedEngine:
    """Remembers what happened to it. `due_at` holds when it wants to be looked at; a look takes one away."""

    def __init__(
        self,
        due_at: dict[str, int] | None = None,
        says: Callable[[str, int], Said] = lambda _what, _now_ms: (),
        size: int = 10,
    ) -> None:
        self.due_at = dict(due_at or {})
        self.says = says
        self.size = size
        self.heard: list[Heard] = []
        self.conditions: list[Conditions] = []

    def event(self, event: Event, now_ms: int, conditions: Conditions) -> Said:
        self.heard.append(("event", now_ms, event.event_id))
        self.conditions.append(conditions)
        return self.says(event.event_id, now_ms)

    def look(self, customer_id: str, target: Target, now_ms: int, conditions: Conditions) -> Said:
        self.heard.append(("look", now_ms, target.product_id))
        self.conditions.append(conditions)
        self.due_at.pop(target.product_id, None)
        return self.says(target.product_id, now_ms)

    def due(self, until_ms: int) -> list[Wakeup]:
        found = [(at_ms, name) for name, at_ms in self.due_at.items() if at_ms <= until_ms]
        return [Wakeup(at_ms, "anna", Target(name)) for at_ms, name in sorted(found)]

    def next_due(self, after_ms: int) -> int | None:
        return min((at_ms for at_ms in self.due_at.values() if at_ms > after_ms), default=None)

    def targets(self, customer_id: str) -> list[Target]:
        return [Target("kettle")]

    def stored(self, customer_id: str) -> dict[bytes, bytes]:
        return {b"record": b"x" * self.size}

    def facts(self, customer_id: str) -> Facts:
        return {}

    def use(self, world: Any) -> None:
        self.heard.append(("use", 0, world.policies.version))


def eligibility(at_ms: int, **fields: Any) -> tuple[str, Eligibility]:
    """An opening for the one customer of these tests."""
    return opened(at_ms, customer_id="anna", **fields)
