"""Pure. One owned item as the rules see it: the times that follow from its facts, policy and catalogue.

A `View` is computed anew at every decision. Consumables keep the cycle that opened them, because reorders
add supply; a durable starts a new cycle with its newest line that still counts. `FAR` is "not in sight".
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from state.records.item import ItemRecord, Line, Subscription
from state.records.parts import Mark, Stamp
from streams.journey.catalogue import Entry
from streams.journey.policy import Policy
from streams.journey.replenishment import rhythm_of

FAR = 1 << 62
DAY_MS = 86_400_000
DELIVERED_AT_ORDER = frozenset(("digital", "in_store"))

Supply = tuple[int, str, int, Line]


class RefillWindow(Struct, frozen=True, gc=False):
    """From lead time before the early edge until the late edge. `basis` says what the estimate rests on."""

    opens_at: int
    ends_at: int
    expected_at: int
    basis: str
    confidence: float
    supply: str


class View:
    """Times in epoch ms; 0 has not happened, `FAR` is not in sight. Stamps are (time, event id)."""

    __slots__ = (
        "consumable", "cycle", "delivered", "delivery_inferred", "entry", "first_value", "gone", "has_value",
        "item", "line", "now", "order_id", "ordered", "parcel_id", "plan", "rhythm", "rules",
        "setup_completed", "shows_value", "supplies", "supply", "usage_reported", "used", "value_inferred",
        "window",
    )  # fmt: skip

    def __init__(
        self,
        item: ItemRecord,
        base: ItemRecord | None,
        entry: Entry | None,
        rules: Policy,
        order_days: Sequence[int],
        now: int,
    ) -> None:
        self.item = item
        self.entry = entry
        self.rules = rules
        self.now = now
        self.consumable = entry is not None and entry.product.kind == "consumable"
        self.plan = entry is not None and entry.product.kind == "plan"
        self.window: RefillWindow | None = None
        self.usage_reported = entry is None or entry.product.usage_reported
        self.line: Line | None = None
        self.cycle = self.order_id = self.parcel_id = ""
        self.ordered: Stamp = (0, "")
        self.delivered: Stamp = (0, "")
        self.first_value: Stamp = (0, "")
        self.setup_completed = self.used = 0
        self.delivery_inferred = self.value_inferred = False
        self.supplies, self.gone = _supplies(item.lines)
        self.supply, self.rhythm = item.supply, item.rhythm
        if self.supplies:
            self._take_line()
            if self.consumable:
                self._take_rhythm(order_days)
        elif item.subscriptions and not self.gone:
            self._take_subscription()
        if self.cycle:
            self._take_usage(base)
        self.has_value = 0 < self.first_value[0] <= now
        """Whether first value was reached by now."""
        self.shows_value = self.has_value and not self.value_inferred
        """Whether real behaviour shows value: usage events, not an inference."""

    def _take_line(self) -> None:
        """The cycle and its delivery, from the line that opened it."""
        kept = self.item.cycle if self.consumable else ""
        opening = self.supplies[0] if self.consumable else self.supplies[-1]
        for supply in self.supplies if kept else ():
            if _key(supply[3]) == kept:
                opening = supply
        line = opening[3]
        self.line = line
        self.cycle = kept or _key(line)
        self.ordered = opening[:2]
        self.order_id, self.parcel_id = line.order_id, line.parcel_id
        if self.consumable:
            told = [delivery_of(supply[3], self.rules) for supply in self.supplies]
            found = [delivery for delivery in told if delivery[0][0]]
            if found:
                self.delivered, self.delivery_inferred = min(found)
        else:
            self.delivered, self.delivery_inferred = delivery_of(line, self.rules)

    def _take_rhythm(self, order_days: Sequence[int]) -> None:
        """The rhythm of orders when the newest supply was first seen: later ones move no window."""
        newest = _key(self.supplies[-1][3])
        if newest != self.supply:
            self.supply, self.rhythm = newest, rhythm_of(order_days, self.rules.replenishment)

    def _take_subscription(self) -> None:
        """A plan without an order line is owned from its start."""
        newest = newest_subscription(self.item.subscriptions)
        self.cycle = f"subscription/{newest.subscription_id}"
        self.ordered = newest.started if newest.started[0] else newest.latest
        self.delivered = self.ordered
        self.gone = (
            newest.status == "subscription_cancelled"
            and (newest.paid_through_at or newest.latest[0]) <= self.now
        )

    def _take_usage(self, base: ItemRecord | None) -> None:
        """First use, setup and first value since the cycle began; use proves a delivery nobody reported."""
        start = self.ordered[0]
        value: list[Stamp] = []
        used: list[Stamp] = []
        sources = (self.item,) if base is None else (self.item, base)
        for source in sources:
            self._take_firsts(source, start, value, used)
        sessions = _sessions(sources, start)
        if sessions:
            used.append(sessions[0])
            mastered = self.rules.stages.sessions_for_first_value
            if len(sessions) >= mastered:
                value.append(sessions[mastered - 1])
        if self.consumable:
            value += self._bought_again()
        if value:
            self.first_value = min(value)
            if self.item.first_value_at:
                self._remember_first_value()
        if value or used:
            self._prove_delivery(min(value + used))
        if not (self.usage_reported or self.first_value[0]):
            self._infer_first_value()

    def _take_firsts(self, source: ItemRecord, start: int, value: list[Stamp], used: list[Stamp]) -> None:
        """The first of each kind of usage at or after a time, where there is one: the lists are sorted."""
        for kind, stamps in (
            (value, source.results), (value, source.milestones), (value, source.consumed),
            (used, source.setup_started), (used, source.limits), (used, source.setup_completed),
        ):  # fmt: skip
            for stamp in stamps:
                if stamp[0] >= start:
                    kind.append((stamp[0], stamp[1]))
                    if stamps is source.setup_completed:
                        self.setup_completed = stamp[0]
                    break

    def _prove_delivery(self, first: Stamp) -> None:
        """What is in use was delivered."""
        self.used = first[0]
        if not self.delivered[0] or (self.delivery_inferred and self.used < self.delivered[0]):
            self.delivered, self.delivery_inferred = first, True

    def _bought_again(self) -> list[Stamp]:
        """Who buys again what has arrived has used it; two orders before the first arrival are one supply.

        A delivery that was reported before its own order is taken for one at the order.
        """
        if len(self.supplies) < 2:
            return []
        told = [(delivery_of(supply[3], self.rules)[0][0], supply[0]) for supply in self.supplies]
        arrived = min([max(at) for at in told if at[0]], default=FAR)
        return [supply[:2] for supply in self.supplies if supply[0] > arrived][:1]

    def _remember_first_value(self) -> None:
        item = self.item
        if item.cycle == self.cycle and self.first_value[0] > item.first_value_at:
            self.first_value = (item.first_value_at, self.first_value[1])

    def _infer_first_value(self) -> None:
        if not self.delivered[0]:
            return
        inferred_at = self.delivered[0] + self.rules.stages.inferred_first_value_after_ms
        self.first_value, self.value_inferred = (inferred_at, self.delivered[1]), True


def _key(line: Line) -> str:
    return f"{line.order_id}/{line.line_id}"


def _supplies(lines: Sequence[Line]) -> tuple[list[Supply], bool]:
    """Lines that still count, oldest first, as (ordered at, by, left, line); and whether all is gone."""
    supplies: list[Supply] = []
    acquired = False
    for line in lines:
        quantity = line.quantity
        if line.gift or quantity <= 0:
            continue
        acquired = True
        left = 0 if line.void or line.lost else quantity - line.cancelled_quantity - line.refunded_quantity
        if left > 0:
            at, by = line.placed if line.placed[0] else line.content
            supplies.append((at, by, left, line))
    if len(supplies) > 1:
        supplies.sort(key=_in_time)
    return supplies, acquired and not supplies


def _in_time(supply: Supply) -> Mark:
    return (supply[0], supply[1], supply[3].line_id)


def delivery_of(line: Line, rules: Policy) -> tuple[Stamp, bool]:
    """When and by which event a line was delivered, and whether that is inferred; time 0 when it was not."""
    if line.delivered[0]:
        return line.delivered, False
    placed = line.placed if line.placed[0] else line.content
    if line.fulfilment == "digital" or (
        line.fulfilment == "in_store" and rules.deliveries.delivered_in_store
    ):
        return placed, False
    if not rules.deliveries.feed:
        return (placed[0] + rules.deliveries.inferred_after_ms, placed[1]), True
    return (0, ""), False


def newest_subscription(held: Sequence[Subscription]) -> Subscription:
    """The subscription that was heard of last."""
    return max(held, key=lambda subscription: (subscription.latest, subscription.subscription_id))


def _sessions(sources: Sequence[ItemRecord], start: int) -> list[Stamp]:
    if len(sources) == 1:
        sessions = sources[0].sessions
        return sessions if not sessions or sessions[0][0] >= start else [s for s in sessions if s[0] >= start]
    return sorted([stamp for source in sources for stamp in source.sessions if stamp[0] >= start])
