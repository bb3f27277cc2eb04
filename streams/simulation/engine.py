"""What a simulation drives, as a protocol, and the one place that binds it to the journey and to a store."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from state import keys
from state.facts_view import Facts, facts_of
from state.keys import Wakeup
from state.layouts import Codecs
from state.memory import MemoryStore
from state.overlay import Overlay
from state.records.parts import Target
from state.store import Batch, scan_all
from streams.checkers.history import Event, Record
from streams.journey.advance import Journey, Work
from streams.journey.step import At, World

Said: TypeAlias = tuple[tuple[str, Record], ...]


@dataclass(frozen=True, slots=True)
class Conditions:
    """What is true of the partition besides the time; see `streams.journey.step.At`."""

    current: bool = True
    stale_sources: frozenset[str] = frozenset()
    held_flags: frozenset[int] = frozenset()


class Engine(Protocol):
    """One partition: events and looks in, what was said out. Time never goes back."""

    def event(self, event: Event, now_ms: int, conditions: Conditions) -> Said:
        """Process one event."""

    def look(self, customer_id: str, target: Target, now_ms: int, conditions: Conditions) -> Said:
        """Look at something without an event."""

    def due(self, until_ms: int) -> list[Wakeup]:
        """Wake-ups that are due at or before a time, in order."""

    def next_due(self, after_ms: int) -> int | None:
        """The first time after `after_ms` at which something is due."""

    def targets(self, customer_id: str) -> list[Target]:
        """All that can be looked at."""

    def stored(self, customer_id: str) -> dict[bytes, bytes]:
        """Everything stored of a customer: what an extra look must not change, and what has a bound."""

    def facts(self, customer_id: str) -> Facts:
        """All facts of a customer, for comparison."""

    def use(self, world: World) -> None:
        """From now on another policy, catalogue or control holds."""


MakeEngine: TypeAlias = Callable[[World], Engine]


class JourneyEngine:
    """The journey over a store in memory. Every step goes through bytes, as in a worker."""

    def __init__(self, world: World) -> None:
        self._journey = Journey(world)
        self._store = MemoryStore()
        self._codecs = Codecs()
        self._overlay = Overlay(self._store, self._codecs)

    def event(self, event: Event, now_ms: int, conditions: Conditions) -> Said:
        """Process one event."""
        work = Work(self._overlay)
        self._journey.on_event(work, event, _at(now_ms, conditions))
        return self._commit(work)

    def look(self, customer_id: str, target: Target, now_ms: int, conditions: Conditions) -> Said:
        """Look at something without an event."""
        work = Work(self._overlay)
        self._journey.on_wake_up(work, customer_id, target, _at(now_ms, conditions))
        return self._commit(work)

    def _commit(self, work: Work) -> Said:
        batch = Batch()
        self._overlay.commit_to(batch)
        self._store.write(batch)
        self._overlay.drop()
        return tuple(work.outputs)

    def due(self, until_ms: int) -> list[Wakeup]:
        """Wake-ups that are due at or before a time, in order."""
        return self._store.due(until_ms)

    def next_due(self, after_ms: int) -> int | None:
        """The first time after `after_ms` at which something is due."""
        first = self._store.next_due()
        if first is None or first > after_ms:
            return first
        times = (keys.due_of(key) for key, _ in scan_all(self._store, keys.WAKEUPS))
        return min((due_ms for due_ms in times if due_ms > after_ms), default=None)

    def targets(self, customer_id: str) -> list[Target]:
        """All that can be looked at."""
        return [keys.decode_record(key)[1] for key in self.stored(customer_id)]

    def stored(self, customer_id: str) -> dict[bytes, bytes]:
        """Everything stored of a customer."""
        return dict(scan_all(self._store, keys.customer_prefix(customer_id)))

    def facts(self, customer_id: str) -> Facts:
        """All facts of a customer, and what the rules read of an order in its items."""
        found = facts_of(self._store, customer_id, self._codecs)
        for target in self.targets(customer_id):
            item = (
                self._overlay.item(customer_id, target.product_id, target.unit_id)
                if target.product_id
                else None
            )
            for line in item.lines if item is not None else ():
                if line.quantity > 0:
                    name = f"item {target.product_id}/{target.unit_id}"
                    mirrored = {"delivered": line.delivered, "lost": line.lost, "void": line.void}
                    found[name][f"mirror {line.order_id}/{line.line_id}"] = mirrored
        self._overlay.drop()
        return found

    def use(self, world: World) -> None:
        """From now on another policy, catalogue or control holds."""
        self._journey.world = world


def _at(now_ms: int, conditions: Conditions) -> At:
    return At(now_ms, conditions.current, conditions.stale_sources, conditions.held_flags)
