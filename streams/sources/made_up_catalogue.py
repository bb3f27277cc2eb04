"""A catalogue for the products of the order log: names and prices are the log's, the rest is made up by seed.

Categories come from the words of the descriptions. Relations come from a table of categories, and among the
products of the category that the table asks for, those come first that real customers bought together with
it; a keyed hash decides where baskets say nothing. What nobody can know from a log (who needs a battery,
whose usage is reported, how long a candle lasts) is hashed. The version of every product says that it is made
up: `made-up-<seed>`.

Baskets are sampled: the `BASKET_LINES` most popular products of an order, so that an order of five hundred
lines is not a hundred thousand pairs.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations
from statistics import median_low

from schemas.records import Milestone, Product, Relation, RelationKind
from streams.sources.chance import Chance
from streams.sources.made_up_categories import (
    ADDS,
    ADDS_OTHERWISE,
    MAINTAINS,
    NEEDS,
    PROTECTS,
    SERVES,
    Category,
    category_of,
)
from streams.sources.order_log import OrderLog

CURRENCY = "GBP"
RELATIONS_MAX = 16
BASKET_LINES = 8
CANDIDATES_MAX = 24
"""So many products of a category, the most bought, are looked at for a relation."""
CHEAP_SHARE = 0.3
"""An add-on costs at most this share of its product, so that it can be a simple one."""
UPGRADE_PRICES = (1.25, 4.0)
"""An upgrade costs so many times its product, from and to."""
BATTERIES = 24
"""So many of the cheapest products play the battery."""


def version_of(seed: int) -> str:
    """Version of the catalogue made up by `seed`."""
    return f"made-up-{seed}"


def made_up_catalogue(log: OrderLog, seed: int) -> tuple[Product, ...]:
    """One product per stock code, in order of their ids; a function of the log and the seed alone."""
    shop = _Shop(log, Chance("catalogue", seed))
    return tuple(sorted((shop.product(item, version_of(seed)) for item in shop.items), key=_product_id))


def _product_id(product: Product) -> str:
    return product.product_id


@dataclass(frozen=True, slots=True)
class _Item:
    """What the log and the table say of a product."""

    index: int
    product_id: str
    name: str
    category: Category
    price_minor: int
    orders: int
    number: int
    """A keyed hash of the product."""
    words: frozenset[str]


class _Shop:
    """All items, indexed the way the relations ask."""

    def __init__(self, log: OrderLog, chance: Chance) -> None:
        self._chance = chance
        self.items = _items(log, chance)
        self._together = _bought_together(log, self.items)
        popular = sorted(self.items, key=lambda item: (-item.orders, item.product_id))
        by_price = sorted(self.items, key=lambda item: (item.price_minor, item.product_id))
        self._candidates: dict[str, list[_Item]] = defaultdict(list)
        self._by_price: dict[str, list[_Item]] = defaultdict(list)
        for item in popular:
            if len(self._candidates[item.category.name]) < CANDIDATES_MAX:
                self._candidates[item.category.name].append(item)
        for item in by_price:
            self._by_price[item.category.name].append(item)
        self._candidates[""] = [item for item in by_price if item.category.kind == "durable"][:BATTERIES]

    def product(self, item: _Item, version: str) -> Product:
        """The record of `item`."""
        draws = self._chance.of("product", item.product_id)
        category = item.category
        durable = category.kind == "durable"
        supply_days = category.supply_days * (0.6 + 0.8 * draws.share()) if category.supply_days else None
        milestones = tuple(
            Milestone(name, earns_upgrade=last)
            for name, last in zip(category.milestones, (False, True), strict=True)
        )
        return Product(
            product_id=item.product_id,
            version=version,
            category=category.name,
            name=item.name,
            kind=category.kind,
            price_minor=item.price_minor,
            currency=CURRENCY,
            complex=draws.happens(category.complex),
            supply_days=round(supply_days, 1) if supply_days else None,
            consumption_unit=category.unit,
            maintenance_interval_days=category.maintenance_days if draws.happens(0.5) else None,
            replace_after_days=category.replace_days if draws.happens(0.5) else None,
            usage_reported=draws.happens(category.reported),
            relations=self._relations(item),
            milestones=milestones if durable else (),
        )

    def _relations(self, item: _Item) -> tuple[Relation, ...]:
        found = [
            *self._needed(item),
            *([Relation("refill", item.product_id)] if item.category.kind == "consumable" else []),
            *self._added(item),
            *self._served(item),
            *self._kept(item),
            *self._upgrades(item),
        ]
        return tuple(found[:RELATIONS_MAX])

    def _needed(self, item: _Item) -> Iterator[Relation]:
        category, share = NEEDS.get(item.category.name, ("", 0.0))
        if self._chance.of("needs", item.product_id).happens(share):
            for other in self._best(item, category, 1):
                yield Relation("required_to_start", other.product_id)

    def _added(self, item: _Item) -> Iterator[Relation]:
        price_max = item.price_minor * CHEAP_SHARE
        for category in ADDS.get(item.category.name, ADDS_OTHERWISE):
            for other in self._best(item, category, 2, price_max=price_max) or self._best(item, category, 1):
                yield Relation("add_on", other.product_id)

    def _served(self, item: _Item) -> Iterator[Relation]:
        """The next step for each goal of the category, found outside of it; one relation per product."""
        goals: dict[str, list[str]] = defaultdict(list)
        for goal in item.category.goals:
            for category in SERVES[goal]:
                for other in self._best(item, category, 1 if category != item.category.name else 0):
                    goals[other.product_id].append(goal)
        behaviours = ("result", item.category.milestones[0])
        for product_id, served in goals.items():
            yield Relation("next_step", product_id, tuple(served), behaviours)

    def _kept(self, item: _Item) -> Iterator[Relation]:
        tables: tuple[tuple[RelationKind, dict[str, str]], ...] = (
            ("protects", PROTECTS),
            ("maintains", MAINTAINS),
        )
        for kind, table in tables:
            if item.category.name in table:
                for other in self._best(item, table[item.category.name], 1):
                    yield Relation(kind, other.product_id)

    def _upgrades(self, item: _Item) -> Iterator[Relation]:
        """The pricier sibling that shares most words."""
        low, high = (item.price_minor * times for times in UPGRADE_PRICES)
        siblings = self._by_price[item.category.name]
        first = bisect_left(siblings, low, key=lambda sibling: sibling.price_minor)
        near = [other for other in siblings[first : first + CANDIDATES_MAX] if other.price_minor <= high]
        if item.category.kind == "durable" and near:
            best = max(near, key=lambda other: (len(other.words & item.words), item.number ^ other.number))
            yield Relation("upgrade", best.product_id)

    def _best(self, item: _Item, category: str, count: int, price_max: float = float("inf")) -> list[_Item]:
        """The `count` best products of `category` for `item`: bought together with it, then by hash."""
        index, number, together = item.index, item.number, self._together
        fitting = [
            (together.get(_pair(index, other.index), 0), number ^ other.number, other)
            for other in self._candidates[category]
            if other.index != index and other.price_minor <= price_max
        ]
        fitting.sort(key=_fit, reverse=True)
        return [other for _orders, _tie, other in fitting[:count]]


def _fit(fitting: tuple[int, int, _Item]) -> tuple[int, int]:
    return fitting[:2]


def _items(log: OrderLog, chance: Chance) -> list[_Item]:
    prices: dict[int, list[int]] = defaultdict(list)
    for product, price_minor in zip(log.product, log.price_minor, strict=True):
        prices[product].append(price_minor)
    return [
        _Item(
            index=index,
            product_id=code,
            name=name.strip(),
            category=category_of(name),
            price_minor=median_low(prices[index]),
            orders=len(prices[index]),
            number=chance.number("item", code),
            words=frozenset(name.split()),
        )
        for index, (code, name) in enumerate(zip(log.codes, log.names, strict=True))
    ]


def _bought_together(log: OrderLog, items: list[_Item]) -> Counter[int]:
    """In how many baskets a pair of products was, by `_pair`; of the most popular products of each basket."""

    def by_popularity(product: int) -> tuple[int, int]:
        return -items[product].orders, product

    pairs: Counter[int] = Counter()
    for invoice in log.invoices:
        if not invoice.is_credit:
            basket = set(log.product[invoice.first : invoice.end])
            pairs.update(_pairs(sorted(basket, key=by_popularity)[:BASKET_LINES]))
    return pairs


def _pairs(products: Iterable[int]) -> Iterator[int]:
    return (_pair(one, other) for one, other in combinations(products, 2))


def _pair(one: int, other: int) -> int:
    """One number for two product indexes, in any order."""
    return (one << 20) | other if one < other else (other << 20) | one
