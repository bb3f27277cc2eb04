"""Trap: the guard of `essential`, the one offer that may come between shipment and first value."""

from collections.abc import Iterator

from schemas.records import Eligibility
from streams.checkers.checker import Checker
from streams.checkers.history import Step
from streams.checkers.known_orders import AT_ONCE, Order

PLACEMENT = "essential"


class Essentials(Checker):
    """Something without which the item does not start, not there yet, from the shipment until first value."""

    name = "essentials"

    def opened(self, step: Step, record: Eligibility) -> Iterator[str]:
        """Judge the opening."""
        if record.placement != PLACEMENT:
            return
        known = self.case.known
        if record.relation != "required_to_start":
            yield f"{record.eligibility_id} offers what is not required to start"
        if record.send_by - record.opens_at > step.limits.essential_ms:
            yield f"{record.eligibility_id} is open for longer than {step.limits.essential_ms} ms"
        if known.orders.surely_owned(record.candidate or ""):
            yield f"{record.eligibility_id} offers {record.candidate}, which is owned"
        product = self.case.products.get(record.product_id or "")
        if product is not None and record.candidate in product.contains:
            yield f"{record.eligibility_id} offers {record.candidate}, which the bundle contains"
        if step.limits.delivery_feed and not self._under_way(record):
            yield f"{record.eligibility_id} came before anything was under way"

    def _under_way(self, record: Eligibility) -> bool:
        """By a report, or because it is in use."""
        return bool(self.case.known.usage_of(record.product_id)) or any(
            _started(order, record.product_id)
            for order in self.case.known.orders.with_product(record.product_id)
        )


def _started(order: Order, product_id: str | None) -> bool:
    at_once = any(line.product_id == product_id and line.fulfilment in AT_ONCE for line in order.lines())
    return at_once or order.shipped_ms() is not None
