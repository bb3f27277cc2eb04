"""Made up: tickets of support, opened by what went wrong.

A ticket lives as Zendesk's do: new, open (a person holds it, or not), pending or on hold while it waits,
solved, rated by some, closed days later. Some are opened again after they were solved.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from schemas.records import Priority, Satisfaction, Ticket, TicketStatus
from streams.sources.chance import Chance, Draws
from streams.sources.parcels import DAY_MS, HOUR_MS, MINUTE_MS

REOPENED = 0.12
RATED = 0.35
BAD_OF_RATED = 0.25


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why somebody opens a ticket. Its `topic` is None when nobody sorted it."""

    ticket_id: str
    customer_id: str
    topic: str | None
    at_ms: int
    severe: bool = False
    order_id: str | None = None
    product_id: str | None = None


def life_of(trouble: Trouble, chance: Chance) -> Iterator[Ticket]:
    """All changes of one ticket, in order of time."""
    draws = chance.of("ticket", trouble.ticket_id)
    priority: Priority = draws.pick(("high", "urgent")) if trouble.severe else draws.pick(_ORDINARY)
    for ordinal, change in enumerate(_changes(trouble.at_ms, draws), 1):
        yield Ticket(
            event_id=f"ticket:{trouble.ticket_id}:{ordinal}",
            customer_id=trouble.customer_id,
            occurred_at=change.at_ms,
            source=chance.source,
            ticket_id=trouble.ticket_id,
            status=change.status,
            topic=trouble.topic,
            priority=priority,
            satisfaction=change.satisfaction,
            agent_holds=change.agent_holds,
            order_id=trouble.order_id,
            product_id=trouble.product_id,
        )


_ORDINARY: tuple[Priority, ...] = ("low", "normal", "normal", "normal", "normal", "high")


@dataclass(frozen=True, slots=True)
class _Change:
    at_ms: int
    status: TicketStatus
    satisfaction: Satisfaction | None = None
    agent_holds: bool = False


def _changes(at_ms: int, draws: Draws) -> Iterator[_Change]:
    yield _Change(at_ms, "new")
    at_ms += draws.early(10 * MINUTE_MS, 20 * HOUR_MS)
    work = _Work(at_ms, draws)
    yield from work.changes()
    if draws.happens(REOPENED):
        work = _Work(work.solved_at + draws.between(3 * HOUR_MS, 3 * DAY_MS), draws)
        yield from work.changes()
    closed_at = work.solved_at + 4 * DAY_MS
    if draws.happens(RATED):
        rated_at = work.solved_at + draws.between(HOUR_MS, 2 * DAY_MS)
        satisfaction: Satisfaction = "bad" if draws.happens(BAD_OF_RATED) else "good"
        yield _Change(rated_at, "solved", satisfaction)
        yield _Change(closed_at, "closed", satisfaction)
    else:
        yield _Change(closed_at, "closed")


class _Work:
    """From open to solved, once."""

    def __init__(self, at_ms: int, draws: Draws) -> None:
        self._at_ms = at_ms
        self._draws = draws
        self.solved_at = at_ms

    def changes(self) -> Iterator[_Change]:
        """Open, perhaps waiting, solved; `solved_at` is known afterwards."""
        draws, at_ms = self._draws, self._at_ms
        yield _Change(at_ms, "open", agent_holds=draws.happens(0.4))
        share = draws.share()
        if share < 0.5:
            at_ms += draws.between(20 * MINUTE_MS, 12 * HOUR_MS)
            yield _Change(at_ms, "pending" if share < 0.4 else "hold")
        self.solved_at = at_ms + draws.early(HOUR_MS, 4 * DAY_MS)
        yield _Change(self.solved_at, "solved")
