"""Trap: an offer before first value. Placements that may come earlier have guards of their own."""

from collections.abc import Iterator

from schemas.records import Eligibility
from streams.checkers.checker import OFFER, Checker
from streams.checkers.history import Step

AFTER_FIRST_VALUE = frozenset({"next_step", "upgrade", "maintain"})
AFTER_DELIVERY = frozenset({"refill", "subscribe"})
"""About consumables, which give their first value by being consumed."""
GUARDED_ELSEWHERE = frozenset({"order_add_on", "essential"})


class EarlyOffers(Checker):
    """An offer opens only for an item that some reading of the facts lets have its first value."""

    name = "early_offers"

    def opened(self, step: Step, record: Eligibility) -> Iterator[str]:
        """Judge offers."""
        if record.move != OFFER or record.placement in GUARDED_ELSEWHERE:
            return
        about = f"{record.placement} {record.eligibility_id}"
        if record.product_id is None:
            yield f"{about} is an offer about no item"
        elif not self.case.known.orders.knows(record.product_id):
            yield f"{about} is about {record.product_id}, which was never bought"
        elif record.placement in AFTER_DELIVERY and not self._delivered(step, record.product_id):
            yield f"{about} came before {record.product_id} was delivered"
        elif record.placement in AFTER_FIRST_VALUE and not self._valued(step, record.product_id):
            yield f"{about} came before the first value of {record.product_id}"
        elif (
            record.placement == "subscribe"
            and self._orders(record.product_id) < step.limits.reorders_for_subscribe
        ):
            yield f"{about} came before {record.product_id} was reordered often enough"
        elif record.placement not in AFTER_FIRST_VALUE | AFTER_DELIVERY:
            yield f"{about} may never be an offer"

    def _orders(self, product_id: str) -> int:
        return len(self.case.known.orders.with_product(product_id))

    def _valued(self, step: Step, product_id: str) -> bool:
        known = self.case.known
        if known.may_have_first_value(product_id, step.at_ms, step.limits):
            return True
        product = self.case.products.get(product_id)
        return product is not None and product.kind == "consumable" and self._delivered(step, product_id)

    def _delivered(self, step: Step, product_id: str) -> bool:
        known = self.case.known
        return not step.limits.delivery_feed or known.may_be_delivered(product_id)
