"""Pure. What a product goes with among the things of a customer: by the catalogue, at one time.

Each link says which moment a message about the product could have been, if it was time for one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from schemas.records import Product, Relation
from state.records.customer import Claim
from state.records.item import ItemRecord
from state.records.order import OrderRecord
from streams.journey import orders
from streams.journey.candidates import GUARDS, Seeking, records_of
from streams.journey.catalogue import ADD_ONS
from streams.journey.words import Move, Placement, Scope, Stage
from streams.replay.looking import Look, Owned, is_owned

OF_KIND = {
    "required_to_start": Placement.ESSENTIAL,
    "refill": Placement.REFILL,
    "next_step": Placement.NEXT_STEP,
    "maintains": Placement.MAINTAIN,
    "upgrade": Placement.UPGRADE,
}
"""What an offer of a relation is after the order's own day; the rest are next steps of a kind."""
BEFORE_VALUE = (Stage.CHECKOUT, Stage.UNBOXING)


class Link(Struct, frozen=True):
    """The product goes with `product_id` of an order. `moment` None: by its relation, but it was not time."""

    product_id: str
    order_id: str
    owned: Owned | None
    moment: Placement | None


class Related:
    """The catalogue's relations from their far end: which products a product goes with."""

    __slots__ = ("_add_ons", "_owners")

    def __init__(self, products: Iterable[Product]) -> None:
        self._owners: dict[str, list[tuple[str, Relation]]] = {}
        self._add_ons: dict[str, tuple[str, ...]] = {}
        for product in products:
            self._add_ons[product.product_id] = tuple(
                relation.product_id for relation in product.relations if relation.kind == "add_on"
            )
            for relation in product.relations:
                self._owners.setdefault(relation.product_id, []).append((product.product_id, relation))
            if product.kind == "consumable" and not any(r.kind == "refill" for r in product.relations):
                again = Relation(kind="refill", product_id=product.product_id)
                self._owners.setdefault(product.product_id, []).append((product.product_id, again))

    def owners(self, product_id: str) -> list[tuple[str, Relation]]:
        """Products whose relation names this one, in catalogue order."""
        return self._owners.get(product_id, [])

    def add_ons(self, product_id: str) -> tuple[str, ...]:
        """The add-ons of a product, in catalogue order."""
        return self._add_ons.get(product_id, ())

    def popular(self) -> Mapping[str, int]:
        """How many products each add-on is an add-on of."""
        return Counter(target for add_ons in self._add_ons.values() for target in add_ons)


def links(look: Look, related: Related, product_id: str) -> Iterator[Link]:
    """Everything of the customer that the product goes with now."""
    for owner, relation in related.owners(product_id):
        held = look.of_product(owner)
        if not held:
            continue
        for order in _add_on_orders(look, [one.item for one in held]):
            if _may_add(look, owner, relation, order):
                yield Link(owner, order.order_id, None, Placement.ORDER_ADD_ON)
        for one in held:
            if is_owned([one]):
                yield Link(owner, one.view.order_id, one, _moment(one, relation))


def _moment(owned: Owned, relation: Relation) -> Placement | None:
    """What an offer would be after its order's day; a supply gives its value by being used up."""
    if relation.kind == "required_to_start" and owned.stage in BEFORE_VALUE:
        return Placement.ESSENTIAL
    if owned.view.has_value or owned.stage == Stage.CARE:
        return OF_KIND.get(relation.kind, Placement.NEXT_STEP)
    return None


def _add_on_orders(look: Look, items: Iterable[ItemRecord]) -> Iterator[OrderRecord]:
    """Orders of these items that were made within the window of an add-on, and have not been shipped."""
    rule, now = look.step.rules.moments[Placement.ORDER_ADD_ON.word], look.step.now
    for order_id in sorted({line.order_id for item in items for line in item.lines}):
        order = look.step.peek_order(order_id)
        if order is None or not order.placed[0] or order.cancelled > order.placed:
            continue
        opens = order.placed[0] + rule.delay_ms
        if opens <= now < opens + rule.window_ms and not orders.first_shipped(order):
            yield order


def _may_add(look: Look, owner: str, relation: Relation, order: OrderRecord) -> bool:
    """Whether the guards of the order's add-on let this product pass."""
    catalogue = look.step.world.catalogue
    entry, target = catalogue.get(owner), catalogue.get(relation.product_id)
    if relation.kind not in ADD_ONS or entry is None or target is None:
        return False
    in_order = {line.product_id for line in order.lines}
    entries = [catalogue.get(product_id) for product_id in in_order]
    in_order.update(part for one in entries if one is not None for part in one.product.contains)
    owned = records_of(look.step, relation.product_id)
    seeking = Seeking(
        look.step, _claim(look, owner, order), entry, None, relation, target, owned, frozenset(in_order)
    )
    return all(guard(seeking) for _, guard in GUARDS[Placement.ORDER_ADD_ON])


def _claim(look: Look, owner: str, order: OrderRecord) -> Claim:
    rule, opens = look.step.rules.moments[Placement.ORDER_ADD_ON.word], order.placed[0]
    return Claim(
        Placement.ORDER_ADD_ON, Scope.ORDER, owner, "", "", order.order_id, "", Stage.CHECKOUT, anchor=0,
        attempt=0, move=Move.OFFER, service=rule.service, priority=rule.priority, opens_at=opens,
        ends_at=opens + rule.window_ms,
    )  # fmt: skip
