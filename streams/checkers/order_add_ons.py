"""Trap: the guard of `order_add_on`, the one offer that may come before shipment."""

from collections.abc import Iterator, Mapping

from schemas.records import Eligibility, OrderLine, Product
from streams.checkers.book import Permission
from streams.checkers.checker import Checker
from streams.checkers.history import Step
from streams.checkers.known_orders import Order

PLACEMENT = "order_add_on"


class OrderAddOns(Checker):
    """Within a day of the order, before it is under way, and something simple that is not there yet."""

    name = "order_add_ons"

    def opened(self, step: Step, record: Eligibility) -> Iterator[str]:
        """Judge the opening."""
        if record.placement != PLACEMENT:
            return
        order = self.case.known.orders.by_id.get(record.order_id or "")
        placed_ms = order.placed_last_ms() if order else None
        if order is None or placed_ms is None:
            yield f"{record.eligibility_id} is about an order that is not known"
            return
        if max(step.at_ms, record.send_by - 1) >= placed_ms + step.limits.order_add_on_ms:
            yield f"{record.eligibility_id} reaches beyond the window after the order"
        yield from self._simple(step, record, order)

    def _simple(self, step: Step, record: Eligibility, order: Order) -> Iterator[str]:
        candidate = self.case.products.get(record.candidate or "")
        if candidate is None:
            return
        if self.case.known.orders.surely_owned(candidate.product_id):
            yield f"{record.eligibility_id} offers {candidate.product_id}, which is owned"
        if record.relation == "required_to_start":
            return
        if candidate.complex:
            yield f"{record.eligibility_id} offers something that needs a tutorial"
        share = step.limits.add_on_price_share_max
        if not any(_cheap(line, self.case.products, candidate, share) for line in order.lines()):
            yield f"{record.eligibility_id} offers {candidate.product_id}, which is too dear for the order"

    def stepped(self, step: Step) -> Iterator[str]:
        """No permission waits to be sent once something of its order is under way."""
        for permission in self.case.book.permitted(step.at_ms):
            waits = permission.opened.placement == PLACEMENT and not permission.is_sent
            if waits and self._shipped(permission, step):
                yield f"{permission.id} is open although its order is under way"

    def _shipped(self, permission: Permission, step: Step) -> bool:
        order = self.case.known.orders.by_id.get(permission.opened.order_id or "")
        since_ms = step.at_ms - step.limits.order_remembered_ms
        shipped_ms = order.shipped_ms(since_ms) if order else None
        return shipped_ms is not None and shipped_ms <= step.at_ms


def _cheap(line: OrderLine, products: Mapping[str, Product], candidate: Product, share: float) -> bool:
    """Whether the candidate costs at most a share of the line or of its product, in one currency."""
    product = products.get(line.product_id)
    prices = [(line.price_minor, line.currency)]
    if product is not None:
        prices.append((product.price_minor, product.currency))
    return candidate.price_minor is not None and any(
        price is not None and currency == candidate.currency and candidate.price_minor <= price * share
        for price, currency in prices
    )
