"""Pure. Judges what was said by what was said: the traps as any subscriber of the topics could see them.

    records of all output topics -> in order, customer by customer -> traps, gaps, repeats

The sequence of a customer runs over all output topics, so it puts their records into one order, and shows
what is missing or comes twice. The rules are said again here in their own words and share no code with the
journey. What only the inputs could show is left to the checkers of a replay.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final

from schemas.records import Decision, Eligibility, FrictionChange, Product, StageChange

Said = Eligibility | FrictionChange | StageChange | Decision

OFFER: Final = "offer"
OPENED, RESCHEDULED = "opened", "rescheduled"
FLAG_OPEN: Final = "open"
OF_ONE_ORDER: Final = frozenset({"return_in_progress"})
"""Flags that leave other orders alone."""
BEFORE_VALUE: Final = frozenset({"essential", "order_add_on"})
"""Offers that may come before first value: what it needs to work at all, and one simple add-on."""
OWN_CHANNEL: Final = {"shipping_update": "essential", "order_page": "order_add_on"}
WAITING_MAX: Final = 100_000
"""Records of one customer that wait for an earlier one; more means that it is lost."""


class Promises:
    """What must never happen, counted by name in `traps`, with the sequence's own defects beside it."""

    def __init__(self, products: Mapping[str, Product]) -> None:
        self.traps: Counter[str] = Counter()
        self.repeats = 0
        self._products = products
        self._customers: dict[str, _Customer] = {}

    @property
    def missing(self) -> int:
        """Customers of whom a later record is here and an earlier one is not."""
        return sum(bool(customer.waiting) for customer in self._customers.values())

    def said(self, record: Said) -> None:
        """A record, in the order of its topic and partition."""
        customer = self._customers.get(record.customer_id)
        if customer is None:
            customer = self._customers[record.customer_id] = _Customer()
        if record.sequence < customer.next or record.sequence in customer.waiting:
            self.repeats += 1
            return
        customer.waiting[record.sequence] = record
        if len(customer.waiting) > WAITING_MAX:
            customer.next = min(customer.waiting)
        while (found := customer.waiting.pop(customer.next, None)) is not None:
            customer.next += 1
            self._take(customer, found)

    def _take(self, customer: _Customer, record: Said) -> None:
        if isinstance(record, StageChange):
            customer.stages[record.product_id, record.unit_id] = record.to_stage
        elif isinstance(record, FrictionChange):
            key = (record.flag, record.scope, record.scope_id)
            if record.to_state == FLAG_OPEN:
                customer.flags.add(key)
            else:
                customer.flags.discard(key)
        elif isinstance(record, Eligibility) and record.move == OFFER:
            self._offer(customer, record)

    def _offer(self, customer: _Customer, record: Eligibility) -> None:
        if record.status == OPENED:
            self._opened(customer, record)
            customer.offers[record.eligibility_id] = record.send_by
        elif record.status != RESCHEDULED:
            customer.offers.pop(record.eligibility_id, None)

    def _opened(self, customer: _Customer, record: Eligibility) -> None:
        found = {
            "two offers": any(until > record.decided_at for until in customer.offers.values()),
            "in friction": any(_blocks(flag, scope_id, record) for flag, _, scope_id in customer.flags),
            "too early": self._too_early(customer, record),
            "wrong context": any(
                OWN_CHANNEL.get(channel, record.placement) != record.placement for channel in record.channels
            ),
            "generic": record.candidate is None
            or not any(check.name == "personalised" and check.evidence for check in record.checks),
        }
        self.traps.update(name for name, is_so in found.items() if is_so)

    def _too_early(self, customer: _Customer, record: Eligibility) -> bool:
        if record.placement in BEFORE_VALUE or record.product_id is None:
            return record.product_id is None and record.placement not in BEFORE_VALUE
        stage = customer.stages.get((record.product_id, record.unit_id))
        product = self._products.get(record.product_id)
        consumed = product is not None and product.kind == "consumable"
        return stage in {None, "checkout"} or (stage == "unboxing" and not consumed)


class _Customer:
    """What was said of one customer, up to a sequence number without gaps."""

    __slots__ = ("flags", "next", "offers", "stages", "waiting")

    def __init__(self) -> None:
        self.next = 1
        self.waiting: dict[int, Said] = {}
        self.offers: dict[str, int] = {}
        self.flags: set[tuple[str, str, str | None]] = set()
        self.stages: dict[tuple[str, str | None], str] = {}


def _blocks(flag: str, scope_id: str | None, record: Eligibility) -> bool:
    return flag not in OF_ONE_ORDER or scope_id == record.order_id
