"""A history as checkers see it: steps in the order in which they were processed, and what each step said."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from schemas.records import (
    CustomerSnapshot,
    Decision,
    Delivery,
    Eligibility,
    Erasure,
    FrictionChange,
    Product,
    Profile,
    Purchase,
    Reply,
    StageChange,
    Ticket,
    Usage,
)
from streams.checkers.limits import Limits

Event: TypeAlias = Purchase | Delivery | Usage | Ticket | Reply | Profile | Erasure
Counted: TypeAlias = Eligibility | StageChange | FrictionChange | Decision
"""Records that have a sequence number of their own."""
Record: TypeAlias = Counted | CustomerSnapshot | None
"""None is the tombstone of a customer's snapshot."""

ELIGIBILITY = "journey.eligibility"
HOLDOUT = "journey.holdout"


@dataclass(frozen=True, slots=True)
class Step:
    """One event, or one look without an event, for one customer, and all records said upon it, in order."""

    at_ms: int
    customer_id: str
    event: Event | None
    current: bool
    limits: Limits
    said: tuple[tuple[str, Record], ...] = ()
    """(topic, record)."""
    silent: frozenset[str] = frozenset()
    """Input topics, without `journey.`, that are silent beyond their expected interval."""


@dataclass(frozen=True, slots=True)
class Violation:
    """Something that must never happen, and did. `what` holds no more of the customer than ids."""

    checker: str
    customer_id: str
    at_ms: int
    what: str


@dataclass(frozen=True, slots=True)
class History:
    """All steps of one partition, in order, and the products of its catalogue."""

    steps: Sequence[Step]
    products: Sequence[Product]

    @property
    def end_ms(self) -> int:
        """Time of the last step; 0 without steps."""
        return self.steps[-1].at_ms if self.steps else 0

    def by_customer(self) -> dict[str, list[Step]]:
        """Each customer's steps in order."""
        found: dict[str, list[Step]] = {}
        for step in self.steps:
            found.setdefault(step.customer_id, []).append(step)
        return found

    def not_current(self) -> tuple[tuple[int, int], ...]:
        """Intervals (from, until, both inclusive) in which no step was current."""
        found: list[tuple[int, int]] = []
        before = True
        for step in self.steps:
            if not step.current:
                start = found.pop()[0] if not before else step.at_ms
                found.append((start, step.at_ms))
            before = step.current
        return tuple(found)
