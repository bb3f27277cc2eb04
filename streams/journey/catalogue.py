"""Pure. One immutable snapshot of the product catalogue, indexed the way the rules ask.

A batch of catalogue records becomes one snapshot under one version; the core never sees half a batch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from msgspec import Struct

from schemas.records import Product, Relation

ADD_ONS: Final = ("required_to_start", "add_on", "protects", "refill")
"""Relations of which an order's add-on may speak, the first that fits."""
BUNDLES_MAX: Final = 32
"""Bundles of one product that are asked for when it is to be offered."""


class Entry(Struct, frozen=True, gc=False):
    """A product with its relations grouped by kind, in catalogue order.

    `must_have`: something is required to start with it. `add_on`: something may be offered with its order.
    """

    product: Product
    relations: dict[str, tuple[Relation, ...]]
    earning_milestones: frozenset[str]
    must_have: bool
    add_on: bool

    def related(self, kind: str) -> tuple[Relation, ...]:
        """Relations of one kind; empty when there are none."""
        return self.relations.get(kind, ())


class Catalogue:
    """Products by id under one version."""

    __slots__ = ("_bundles", "_entries", "get", "version")

    def __init__(self, version: str, products: Iterable[Product]) -> None:
        self.version = version
        self._entries = {product.product_id: _entry(product) for product in products}
        self.get: Callable[[str], Entry | None] = self._entries.get
        """The entry of a product, None when the catalogue does not know it."""
        bundles: dict[str, list[str]] = {}
        for entry in self._entries.values():
            for part in entry.product.contains:
                bundles.setdefault(part, []).append(entry.product.product_id)
        self._bundles = {part: tuple(found[:BUNDLES_MAX]) for part, found in bundles.items()}

    def bundles_with(self, product_id: str) -> tuple[str, ...]:
        """The bundles that contain a product."""
        return self._bundles.get(product_id, ())

    def __len__(self) -> int:
        return len(self._entries)


def _entry(product: Product) -> Entry:
    grouped: dict[str, list[Relation]] = {}
    for relation in product.relations:
        grouped.setdefault(relation.kind, []).append(relation)
    return Entry(
        product=product,
        relations={kind: tuple(relations) for kind, relations in grouped.items()},
        earning_milestones=frozenset(m.name for m in product.milestones if m.earns_upgrade),
        must_have="required_to_start" in grouped,
        add_on=not grouped.keys().isdisjoint(ADD_ONS),
    )
