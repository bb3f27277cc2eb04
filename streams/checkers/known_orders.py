"""What is known of a customer's orders, parcels and subscriptions, kept as the events themselves.

Nothing is folded: each question is answered from all events, slowly and plainly. "Surely" means under every
reading that late, repeated and contradicting events allow; where they leave a doubt, the answer is no.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from schemas.records import Delivery, OrderLine, Purchase

ORDERED = frozenset({"order_placed", "order_updated"})
UNDONE = frozenset({"order_cancelled", "order_refunded", "return_registered", "return_closed"})
SHIPPED = frozenset(
    {
        "in_transit",
        "out_for_delivery",
        "attempt_fail",
        "delivered",
        "available_for_pickup",
        "exception",
        "expired",
        "returned_to_sender",
        "lost",
    }
)
"""Statuses of a parcel that has left the shop."""
TROUBLE = frozenset({"attempt_fail", "exception", "expired", "returned_to_sender", "lost"})
AT_ONCE = frozenset({"digital", "in_store"})
"""Fulfilments that are delivered at the order."""


@dataclass(slots=True)
class Order:
    """One order: its purchases and the reports of its parcels."""

    order_id: str
    ordered: list[Purchase] = field(default_factory=list)
    undone: list[Purchase] = field(default_factory=list)
    parcels: dict[str, list[Delivery]] = field(default_factory=dict)

    def lines(self) -> Iterator[OrderLine]:
        """Every version of every line ever stated."""
        for purchase in self.ordered:
            yield from purchase.lines

    def product_ids(self) -> frozenset[str]:
        """Products of all lines ever stated."""
        return frozenset(line.product_id for line in self.lines())

    def surely_holds(self, product_id: str) -> bool:
        """Whether every word on this order has the product in it for the customer, nothing undone."""
        stated = [line for line in self.lines() if line.product_id == product_id]
        ids = {line.line_id for line in stated}
        versions = [line for line in self.lines() if line.line_id in ids]
        return (
            bool(stated)
            and not self.undone
            and all(v.product_id == product_id and v.quantity > 0 and not v.gift for v in versions)
            and not any(d.status in {"lost", "returned_to_sender"} for d in self.deliveries())
        )

    def deliveries(self) -> Iterator[Delivery]:
        """Every report about every parcel."""
        for reports in self.parcels.values():
            yield from reports

    def placed_last_ms(self) -> int | None:
        """The latest time at which it may have been placed; None when no event says so."""
        return max((purchase.occurred_at for purchase in self.ordered), default=None)

    def shipped_ms(self, since_ms: int = 0) -> int | None:
        """Since when something of it is under way, by the earliest report after `since_ms`; None for none."""
        shipped = [d.occurred_at for d in self.deliveries() if d.status in SHIPPED]
        return min((at_ms for at_ms in shipped if at_ms > since_ms), default=None)

    def may_be_delivered(self, product_id: str) -> bool:
        """Whether some event lets one think that a line with this product reached the customer."""
        lines = [line for line in self.lines() if line.product_id == product_id]
        return any(line.fulfilment in AT_ONCE for line in lines) or any(
            d.status == "delivered" for d in self.deliveries()
        )


class Orders:
    """Everything bought by one customer."""

    __slots__ = ("_by_product", "by_id", "subscriptions")

    def __init__(self) -> None:
        self.by_id: dict[str, Order] = {}
        self.subscriptions: dict[str, list[Purchase]] = {}
        self._by_product: dict[str, dict[str, Order]] = {}

    def take(self, event: Purchase | Delivery) -> None:
        """Add an event."""
        if isinstance(event, Delivery):
            self._order(event.order_id).parcels.setdefault(event.parcel_id, []).append(event)
            return
        if event.subscription is not None:
            self.subscriptions.setdefault(event.subscription.product_id, []).append(event)
        if event.order_id is None:
            return
        order = self._order(event.order_id)
        if event.type in ORDERED:
            order.ordered.append(event)
            for line in event.lines:
                self._by_product.setdefault(line.product_id, {})[event.order_id] = order
        elif event.type in UNDONE:
            order.undone.append(event)

    def names(self, ref: str) -> bool:
        """Whether an order or a subscription has this id."""
        subscriptions = (event.subscription for events in self.subscriptions.values() for event in events)
        return ref in self.by_id or any(
            held is not None and held.subscription_id == ref for held in subscriptions
        )

    def with_product(self, product_id: str | None) -> list[Order]:
        """Orders that ever named the product."""
        return list(self._by_product.get(product_id or "", {}).values())

    def knows(self, product_id: str) -> bool:
        """Whether any purchase names the product."""
        return product_id in self._by_product or product_id in self.subscriptions

    def surely_owned(self, product_id: str) -> bool:
        """Whether some order surely holds the product."""
        return any(order.surely_holds(product_id) for order in self.with_product(product_id))

    def may_be_delivered(self, product_id: str) -> bool:
        """Whether some event lets one think that the product reached the customer, or began as a plan."""
        return product_id in self.subscriptions or any(
            order.may_be_delivered(product_id) for order in self.with_product(product_id)
        )

    def only_order_of(self, product_id: str | None) -> Order | None:
        """The one order that an item surely belongs to; None when there are several or none."""
        found = self.with_product(product_id)
        return found[0] if len(found) == 1 else None

    def _order(self, order_id: str) -> Order:
        return self.by_id.setdefault(order_id, Order(order_id))
