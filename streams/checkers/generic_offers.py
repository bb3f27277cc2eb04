"""Trap: a generic offer."""

from collections.abc import Iterator

from schemas.records import Eligibility, Product
from streams.checkers.checker import OFFER, Checker
from streams.checkers.history import Step

ITSELF = frozenset({"refill", "subscribe"})
"""Placements that may offer the item itself: the same again, or the same by subscription."""


class GenericOffers(Checker):
    """An offer names one thing that the catalogue relates to the item, and says what makes it personal."""

    name = "generic_offers"

    def opened(self, step: Step, record: Eligibility) -> Iterator[str]:  # noqa: ARG002 - base
        """Judge offers."""
        if record.move != OFFER:
            return
        about = f"{record.placement} {record.eligibility_id}"
        if record.candidate is None:
            yield f"{about} has no candidate"
        elif not any(_relates(item, record) for item in self._items(record)):
            yield f"{about}: {record.candidate} is no {record.relation} of the item"
        candidate = self.case.products.get(record.candidate or "")
        if candidate is not None and not candidate.sellable:
            yield f"{about}: {record.candidate} is not for sale"
        personal = [check for check in record.checks if check.name == "personalised"]
        if not any(check.verdict == "pass" and check.evidence for check in personal):
            yield f"{about} has nothing personal"

    def _items(self, record: Eligibility) -> list[Product]:
        """The products that the offer may be about: the item, else all of its order."""
        ids = {record.product_id} if record.product_id else set[str]()
        order = self.case.known.orders.by_id.get(record.order_id or "")
        if not ids and order is not None:
            ids = set(order.product_ids())
        return [self.case.products[product_id] for product_id in ids if product_id in self.case.products]


def _relates(item: Product, record: Eligibility) -> bool:
    if record.placement in ITSELF and record.candidate == item.product_id:
        return True
    return any(
        relation.product_id == record.candidate and relation.kind == record.relation
        for relation in item.relations
    )
