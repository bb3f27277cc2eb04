"""Made up: what customers do with what arrived.

Only products whose usage is reported have events, and of these some stay in a drawer. A durable is set up,
used in sessions with results between them, reaches its milestones in order, and sometimes a limit; a
consumable is consumed. Whatever is taken back is not used any more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from schemas.records import OrderLine, Product, Usage, UsageType
from streams.sources.chance import Chance, Draws
from streams.sources.parcels import DAY_MS, HOUR_MS, MINUTE_MS, Parcel

IN_A_DRAWER = 0.18
"""Share of durables that are never touched."""
STALLS = 0.06
"""Share whose setup is begun and stands still for days."""
USED_DAYS_MAX = 75
"""Usage is made up for so many days after an arrival."""


@dataclass(frozen=True, slots=True)
class Stalled:
    """A setup that does not work out: a reason to ask for help."""

    parcel: Parcel
    line: OrderLine
    at_ms: int


def uses(
    parcel: Parcel, products: Mapping[str, Product], chance: Chance
) -> tuple[list[Usage], list[Stalled]]:
    """Usage of all that came with `parcel`, and the setups that stall."""
    found: list[Usage] = []
    stalled: list[Stalled] = []
    if parcel.arrives_at is None:
        return found, stalled
    ended_at = parcel.bought.ended_at()
    for line in parcel.lines:
        product = products[line.product_id]
        if not product.usage_reported:
            continue
        until_ms = ended_at.get(line.line_id, parcel.arrives_at + USED_DAYS_MAX * DAY_MS)
        use = _Use(parcel, line, product, chance, until_ms)
        found.extend(use.events())
        if use.stalls_at is not None and use.stalls_at < until_ms:
            stalled.append(Stalled(parcel, line, use.stalls_at))
    return found, stalled


class _Use:
    """One order line in use."""

    def __init__(
        self, parcel: Parcel, line: OrderLine, product: Product, chance: Chance, until_ms: int
    ) -> None:
        assert parcel.arrives_at is not None
        self._parcel, self._line, self._product = parcel, line, product
        self._source = chance.source
        self._draws: Draws = chance.of("use", line.line_id)
        self._until_ms = until_ms
        self._arrived_at = parcel.arrives_at
        self._told = 0
        self.stalls_at: int | None = None

    def events(self) -> Iterator[Usage]:
        """In order of time, none at or after the time at which the line is taken back."""
        told = self._consumed() if self._product.kind == "consumable" else self._used()
        return (usage for usage in told if usage.occurred_at < self._until_ms)

    def _used(self) -> Iterator[Usage]:
        draws = self._draws
        if draws.happens(IN_A_DRAWER):
            return
        if draws.happens(0.2):
            yield self._tell("site_visit", self._arrived_at + draws.between(0, HOUR_MS), name="instructions")
        at_ms = self._arrived_at + HOUR_MS + draws.early(0, 6 * DAY_MS)
        yield self._tell("setup_started", at_ms)
        if draws.happens(0.4):
            yield self._tell("guidance_opened", at_ms + draws.between(1, 10 * MINUTE_MS), name="first_steps")
        if draws.happens(STALLS):
            self.stalls_at = at_ms + draws.between(20 * MINUTE_MS, 3 * HOUR_MS)
            at_ms = self.stalls_at + draws.between(2 * DAY_MS, 9 * DAY_MS)
        at_ms += draws.between(15 * MINUTE_MS, 90 * MINUTE_MS)
        if draws.happens(0.9):
            yield self._tell("setup_completed", at_ms)
        yield from self._sessions(at_ms)

    def _sessions(self, at_ms: int) -> Iterator[Usage]:
        """Sessions, at first close together, with a result now and then."""
        draws, milestones = self._draws, iter(self._product.milestones)
        for ordinal in range(1, draws.early(1, 9) + 1):
            at_ms += draws.between(2 * HOUR_MS, 2 * DAY_MS * ordinal)
            yield self._tell("session", at_ms)
            ends_at = at_ms + draws.between(5 * MINUTE_MS, 50 * MINUTE_MS)
            if draws.happens(0.3):
                yield self._tell("result", ends_at)
            milestone = next(milestones, None) if ordinal in (2, 7) else None
            if milestone:
                yield self._tell("milestone", ends_at + MINUTE_MS, name=milestone.name)
            if draws.happens(0.006):
                yield self._tell("limit_reached", ends_at + 2 * MINUTE_MS, name="size")

    def _consumed(self) -> Iterator[Usage]:
        """The supply in equal parts, about every sixth of the time that it lasts."""
        product, draws = self._product, self._draws
        assert product.supply_days is not None
        step_ms = int(product.supply_days * DAY_MS / 6)
        at_ms = self._arrived_at
        for _part in range(6):
            at_ms += draws.between(step_ms // 2, step_ms * 3 // 2)
            amount = float(draws.between(1, 4))
            yield self._tell("consumed", at_ms, amount=amount, unit=product.consumption_unit)

    def _tell(
        self,
        kind: UsageType,
        at_ms: int,
        name: str | None = None,
        amount: float | None = None,
        unit: str | None = None,
    ) -> Usage:
        self._told += 1
        return Usage(
            event_id=f"use:{self._line.line_id}:{self._told}",
            customer_id=self._parcel.bought.customer_id,
            occurred_at=at_ms,
            source=self._source,
            type=kind,
            product_id=self._line.product_id,
            name=name,
            amount=amount,
            unit=unit,
        )
