"""From sales to gaps, with two clocks: when a gap was, and from when until when it was known.

A gap between two purchases is known from the second one on, and no longer from the return that takes either
of them away. With both times in the table, what was known at any moment is a mask over it, so that learning
for an evaluation at some moment cannot look behind it, by construction.

A return of a line that is named is taken from that line. Where the history names none: from the newest
purchase that has enough left, else from the newest back; more than was bought is dropped.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from streams.journey.policy import Replenishment
from streams.journey.replenishment import DAY_MS, log_gaps, rhythm_of, supplies_of
from streams.learning.history import Sale

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]

NEVER_MS: Final = 1 << 62

Pair: TypeAlias = tuple[str, str]
"""Customer and product."""


class Moment(NamedTuple):
    """A customer has a new supply of a product, and what is known of them right then."""

    at_ms: int
    pair: Pair
    purchases: tuple[tuple[int, int], ...]
    rhythm: float | None

    @property
    def day(self) -> int:
        """The day of the new supply, since 1970-01-01."""
        return self.at_ms // DAY_MS


@dataclass(slots=True)
class _Gap:
    product: int
    pair: int
    from_day: int
    days: int
    log_days: float
    rhythm: float
    known_ms: int
    gone_ms: int = NEVER_MS


@dataclass(slots=True)
class _Bought:
    at_ms: int
    pieces: int
    line: str


@dataclass(slots=True)
class _Owner:
    """One customer with one product."""

    bought: list[_Bought] = field(default_factory=list)
    supplies: list[tuple[int, int]] = field(default_factory=list)
    gaps: list[_Gap] = field(default_factory=list)
    rhythms: dict[int, float | None] = field(default_factory=dict)
    """The rhythm of the customer on each day of supply."""


@dataclass(frozen=True, slots=True, eq=False)
class GapTable:
    """Columns, one row per gap. Products and pairs are numbered from 0."""

    product: Ints
    pair: Ints
    days: Ints
    log_days: Floats
    """Per piece for products that scale."""
    rhythm: Floats
    """Of the customer when the gap began, NaN where there was none yet."""
    known_ms: Ints
    gone_ms: Ints
    supply_ms: Ints
    """The time of each new supply of anybody, in order; not of the length of the other columns."""

    def known_at(self, at_ms: int) -> GapTable:
        """The gaps and supplies that were known before `at_ms`."""
        rows = (self.known_ms < at_ms) & (self.gone_ms >= at_ms)
        return GapTable(
            product=self.product[rows],
            pair=self.pair[rows],
            days=self.days[rows],
            log_days=self.log_days[rows],
            rhythm=self.rhythm[rows],
            known_ms=self.known_ms[rows],
            gone_ms=self.gone_ms[rows],
            supply_ms=self.supply_ms[self.supply_ms < at_ms],
        )


class GapLog:
    """Folds sales, in order of time, into gaps and moments of some products, or of all that are sold.

    Gaps of products in `scaling` are per piece. Sales of other products still count as orders of a customer.
    """

    def __init__(
        self,
        rules: Replenishment,
        products: Sequence[str] | None = None,
        scaling: AbstractSet[str] = frozenset(),
    ) -> None:
        self.moments: list[Moment] = []
        self.products = {product: number for number, product in enumerate(products or ())}
        """Product id to number; numbers go by the order of `products`, or of the first sales."""
        self.owners: dict[Pair, _Owner] = defaultdict(_Owner)
        self._rules = rules
        self._scaling = scaling
        self._takes_all = products is None
        self._pairs: dict[Pair, int] = {}
        self._order_days: dict[str, list[int]] = defaultdict(list)
        self._gaps: list[_Gap] = []
        self._supply_ms: list[int] = []

    def add_all(self, sales: Iterable[Sale]) -> GapLog:
        """Add all of `sales`, which are in order of time, and return this log."""
        for sale in sales:
            pair = (sale.customer_id, sale.product_id)
            if sale.pieces > 0:
                order_days = self._order(sale)
                if self._takes_all or sale.product_id in self.products:
                    self._buy(pair, sale, order_days)
            elif pair in self.owners:
                _give_back(self.owners[pair].bought, sale)
                self._measure(pair, sale.at_ms)
        return self

    def actual_gaps(self) -> dict[tuple[Pair, int], tuple[int, bool]]:
        """For each pair and day of supply: the days to the next one, and whether no other gap follows."""
        actual = {}
        for pair, owner in self.owners.items():
            days = [day for day, _ in owner.supplies]
            for place, (day, later) in enumerate(pairwise(days), 2):
                actual[pair, day] = (later - day, place == len(days))
        return actual

    def table(self) -> GapTable:
        """All gaps that were known at some time."""

        def column(values: Iterable[int]) -> Ints:
            return np.fromiter(values, dtype=np.int64)

        gaps = self._gaps
        return GapTable(
            product=column(gap.product for gap in gaps),
            pair=column(gap.pair for gap in gaps),
            days=column(gap.days for gap in gaps),
            log_days=np.fromiter((gap.log_days for gap in gaps), dtype=np.float64),
            rhythm=np.fromiter((gap.rhythm for gap in gaps), dtype=np.float64),
            known_ms=column(gap.known_ms for gap in gaps),
            gone_ms=column(gap.gone_ms for gap in gaps),
            supply_ms=column(self._supply_ms),
        )

    def _order(self, sale: Sale) -> list[int]:
        """The newest order days of the customer, with this one."""
        order_days, day = self._order_days[sale.customer_id], sale.at_ms // DAY_MS
        if not order_days or order_days[-1] != day:
            order_days.append(day)
            del order_days[: -self._rules.purchases_max]
        return order_days

    def _buy(self, pair: Pair, sale: Sale, order_days: Sequence[int]) -> None:
        owner, day = self.owners[pair], sale.at_ms // DAY_MS
        self.products.setdefault(sale.product_id, len(self.products))
        owner.bought.append(_Bought(sale.at_ms, sale.pieces, sale.line))
        self._measure(pair, sale.at_ms)
        if day not in owner.rhythms:
            rhythm = owner.rhythms[day] = rhythm_of(order_days, self._rules)
            self._supply_ms.append(sale.at_ms)
            purchases = tuple((bought.at_ms, bought.pieces) for bought in owner.bought)
            self.moments.append(Moment(sale.at_ms, pair, purchases, rhythm))

    def _measure(self, pair: Pair, at_ms: int) -> None:
        """Compare the pair's gaps with those that were known, and write down what changed at `at_ms`."""
        owner = self.owners[pair]
        owner.supplies = supplies_of((bought.at_ms, bought.pieces) for bought in owner.bought)
        if len(owner.supplies) < 2 and not owner.gaps:
            return
        logs = log_gaps(owner.supplies, scales=pair[1] in self._scaling)
        known = {(gap.from_day, gap.days, gap.log_days): gap for gap in owner.gaps}
        owner.gaps = []
        for (day, _), (later, _), log_days in zip(owner.supplies, owner.supplies[1:], logs, strict=False):
            gap = known.pop((day, later - day, log_days), None)
            owner.gaps.append(gap or self._new_gap(pair, day, later - day, log_days, at_ms))
        for gap in known.values():
            gap.gone_ms = at_ms

    def _new_gap(self, pair: Pair, day: int, days: int, log_days: float, at_ms: int) -> _Gap:
        rhythm = self.owners[pair].rhythms.get(day)
        number = self._pairs.setdefault(pair, len(self._pairs))
        product = self.products[pair[1]]
        gap = _Gap(product, number, day, days, log_days, np.nan if rhythm is None else rhythm, at_ms)
        self._gaps.append(gap)
        return gap


def _give_back(bought: list[_Bought], sale: Sale) -> None:
    """Take `-sale.pieces` from what was bought, and drop purchases of which nothing is left."""
    pieces = -sale.pieces
    newest_first = [one for one in reversed(bought) if not sale.line or one.line == sale.line]
    enough = next((one for one in newest_first if one.pieces >= pieces), None)
    for one in [enough] if enough else newest_first:
        taken = min(one.pieces, pieces)
        one.pieces -= taken
        pieces -= taken
    bought[:] = [one for one in bought if one.pieces]
