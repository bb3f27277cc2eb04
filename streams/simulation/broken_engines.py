"""Engines that are broken on purpose: one that follows other numbers, and those that mishear or misspeak.

They wrap the real one instead of patching its insides, so that they go on breaking it after it was rewritten.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, ClassVar, TypeAlias

import msgspec

from schemas.records import Eligibility
from state.records.parts import Target
from streams.checkers.history import Event, Record
from streams.journey.control import ControlState
from streams.journey.policy_set import PolicySet, Tree, merge
from streams.journey.step import World
from streams.simulation.engine import Conditions, JourneyEngine, Said

Telling: TypeAlias = tuple[str, Record]


def changed(record: Any, **fields: Any) -> Any:
    """A copy of a record with other values."""
    return msgspec.structs.replace(record, **fields)


class OtherNumbers(JourneyEngine):
    """Follows another policy than the one it is judged by, and may not hear of pauses."""

    changes: ClassVar[Tree] = {}
    hears_control: ClassVar[bool] = True

    def __init__(self, world: World) -> None:
        super().__init__(self._other(world))

    def use(self, world: World) -> None:
        """As the real one, under the other policy."""
        super().use(self._other(world))

    def _other(self, world: World) -> World:
        plain = world.policies.plain()
        policies = PolicySet(plain["version"], merge(plain["base"], self.changes), plain["overrides"])
        control = world.control if self.hears_control else ControlState()
        return World(policies, world.catalogue, world.identity, control, world.version)


class Mishearing(JourneyEngine):
    """Hears something else than what happened: an event may be changed, or not heard at all."""

    def hear(self, event: Event) -> Event | None:
        """What is heard of an event."""
        return event

    def conditions(self, conditions: Conditions) -> Conditions:
        """What is believed of the partition."""
        return conditions

    def event(self, event: Event, now_ms: int, conditions: Conditions) -> Said:
        """Process what is heard."""
        heard = self.hear(event)
        return () if heard is None else super().event(heard, now_ms, self.conditions(conditions))

    def look(self, customer_id: str, target: Target, now_ms: int, conditions: Conditions) -> Said:
        """Look under the conditions believed."""
        return super().look(customer_id, target, now_ms, self.conditions(conditions))


class Misspeaking(JourneyEngine):
    """Says something else than was decided. Sequence numbers are put right, to show the mistake alone."""

    renumbers: ClassVar[bool] = True

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._sequences: dict[str, int] = {}

    def speak(self, topic: str, record: Any) -> Iterable[Telling]:
        """What is said instead of a record."""
        return [(topic, record)]

    def event(self, event: Event, now_ms: int, conditions: Conditions) -> Said:
        """Process an event and misspeak."""
        return self._misspoken(super().event(event, now_ms, conditions))

    def look(self, customer_id: str, target: Target, now_ms: int, conditions: Conditions) -> Said:
        """Look and misspeak."""
        return self._misspoken(super().look(customer_id, target, now_ms, conditions))

    def _misspoken(self, said: Said) -> Said:
        told = (other for topic, record in said for other in self.speak(topic, record))
        return tuple(self._renumbered(told) if self.renumbers else told)

    def _renumbered(self, told: Iterable[Telling]) -> Iterator[Telling]:
        for topic, record in told:
            if record is None or not hasattr(record, "decided_at"):
                yield topic, record
                continue
            number = self._sequences.get(record.customer_id, 0) + 1
            self._sequences[record.customer_id] = number
            yield topic, changed(record, sequence=number)


def with_numbers(changes: Tree, *, hears_control: bool = True) -> type[JourneyEngine]:
    """An engine that follows other numbers."""
    return type("Other", (OtherNumbers,), {"changes": changes, "hears_control": hears_control})


def mishears(hear: Callable[[Any], Event | None]) -> type[JourneyEngine]:
    """An engine that hears events so."""
    return type("Mishears", (Mishearing,), {"hear": lambda _self, event: hear(event)})


def believes(conditions: Callable[[Conditions], Conditions]) -> type[JourneyEngine]:
    """An engine that believes this of its partition."""
    return type("Believes", (Mishearing,), {"conditions": lambda _self, now: conditions(now)})


def speaks(speak: Callable[[str, Any], Iterable[Telling]], *, renumbers: bool = True) -> type[JourneyEngine]:
    """An engine that says this instead of each record."""
    fields = {"speak": lambda _self, topic, record: speak(topic, record), "renumbers": renumbers}
    return type("Speaks", (Misspeaking,), fields)


def opening(change: Callable[[Eligibility], Eligibility]) -> type[JourneyEngine]:
    """An engine that changes what it opens."""

    def speak(topic: str, record: Any) -> Iterable[Telling]:
        is_opening = isinstance(record, Eligibility) and record.status == "opened"
        return [(topic, change(record) if is_opening else record)]

    return speaks(speak)
