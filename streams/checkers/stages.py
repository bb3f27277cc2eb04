"""Stages: each item's changes form a chain, and each stage has a fact under it."""

from collections.abc import Iterator

from schemas.records import Eligibility, Product, StageChange
from streams.checkers.checker import OFFER, Case, Checker
from streams.checkers.history import Record, Step
from streams.checkers.known_orders import Order

STAGES = frozenset({"checkout", "unboxing", "usage", "care", "renewal", "ended"})
DELIVERED = frozenset({"unboxing", "usage", "care"})
SKEW_MAX_MS = 300_000
"""An event may be dated this much after it was processed."""


class Stages(Checker):
    """Where an item stands follows from where it stood, and from something that happened."""

    name = "stages"

    def __init__(self, case: Case) -> None:
        super().__init__(case)
        self._stages: dict[tuple[str, str | None], str] = {}

    def said(self, step: Step, topic: str, record: Record) -> Iterator[str]:
        """Judge changes, and offers about what has ended."""
        yield from super().said(step, topic, record)
        if not isinstance(record, StageChange):
            return
        item = (record.product_id, record.unit_id)
        about = f"{record.product_id} {record.unit_id or ''} {record.from_stage} to {record.to_stage}"
        if record.from_stage != self._stages.get(item):
            yield f"{about}, but it stood in {self._stages.get(item)}"
        if record.to_stage not in STAGES:
            yield f"{about}: no such stage"
        if record.since > record.decided_at + SKEW_MAX_MS:
            yield f"{about} since {record.since}, which is to come"
        self._stages[item] = record.to_stage
        yield from (f"{about} {problem}" for problem in self._problems(step, record))

    def opened(self, step: Step, record: Eligibility) -> Iterator[str]:  # noqa: ARG002 - base
        """No offer is about an item that has ended, unless it goes with one bought since as a gift."""
        stage = self._stages.get((record.product_id or "", record.unit_id))
        if record.move == OFFER and record.product_id is not None and stage == "ended":
            if record.placement == "order_add_on" and self._is_gift(record):
                return
            yield f"{record.placement} {record.eligibility_id} is about {record.product_id}, which has ended"

    def _is_gift(self, record: Eligibility) -> bool:
        order = self.case.known.orders.by_id.get(record.order_id or "")
        lines = order.lines() if order is not None else ()
        return any(line.gift and line.product_id == record.product_id for line in lines)

    def stepped(self, step: Step) -> Iterator[str]:  # noqa: ARG002 - base
        """An erasure forgets where things stood."""
        if self.case.known.erasing:
            self._stages.clear()
        yield from ()

    def _problems(self, step: Step, record: StageChange) -> Iterator[str]:
        known = self.case.known
        product_id = record.product_id
        product = self.case.products.get(product_id)
        bought = known.orders.knows(product_id)
        if not bought:
            yield "although it was never bought"
        elif record.to_stage in DELIVERED and not self._delivered(step, product_id):
            yield "although it was never delivered"
        elif record.to_stage == "usage" and not known.may_have_first_value(
            product_id, step.at_ms, step.limits
        ):
            yield "without first value"
        elif record.to_stage == "care" and not _consumable(product) and not self._care(step, record):
            yield "before first value is old enough"
        elif record.to_stage == "ended" and not self._undone(product_id):
            yield "although nothing was undone"

    def _delivered(self, step: Step, product_id: str) -> bool:
        return not step.limits.delivery_feed or self.case.known.may_be_delivered(product_id)

    def _care(self, step: Step, record: StageChange) -> bool:
        return self.case.known.may_have_first_value(record.product_id, step.at_ms, step.limits)

    def _undone(self, product_id: str) -> bool:
        orders = self.case.known.orders
        cancelled = any(p.type == "subscription_cancelled" for p in orders.subscriptions.get(product_id, []))
        return cancelled or any(_may_end(order) for order in orders.with_product(product_id))


def _may_end(order: Order) -> bool:
    """Whether something was taken back, or lost, or the order changed to nothing."""
    changed = any(line.quantity == 0 for line in order.lines()) or len(order.ordered) > 1
    return (
        changed
        or bool(order.undone)
        or any(d.status in {"lost", "returned_to_sender"} for d in order.deliveries())
    )


def _consumable(product: Product | None) -> bool:
    return product is not None and product.kind == "consumable"
