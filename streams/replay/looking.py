"""Pure. One customer as the rules see them at one time, to look at only: nothing is decided, nothing is put.

A step of its own over records that nobody writes back: whoever explains or audits asks the rules themselves
(`View`, `stage_of`, `friction.blocking`) and so cannot disagree with them.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from state.records.customer import FlagNow
from state.records.item import ItemRecord
from streams.journey import friction
from streams.journey.candidates import records_of
from streams.journey.stages import stage_of
from streams.journey.step import At, Records, Step, World
from streams.journey.view import View
from streams.journey.words import Move, Stage


class Owned(Struct, frozen=True):
    """One item at this time. `changes_at` is when its stage changes by time alone, `FAR` for never."""

    item: ItemRecord
    view: View
    stage: Stage
    since: int
    changes_at: int


class Look:
    """Everything about one customer that the records hold at `now_ms`."""

    __slots__ = ("step",)

    def __init__(self, world: World, records: Records, customer_id: str, now_ms: int) -> None:
        self.step = Step(world, records, [], customer_id, At(now_ms), None)

    def owned(self, item: ItemRecord, at_ms: int | None = None) -> Owned:
        """An item as the rules see it now, or as they will see it if nothing happens until `at_ms`."""
        step = self.step
        entry, rules = step.world.known(step.customer.brand, item.product_id)
        base = step.peek(item.product_id) if item.unit_id else None
        if base is not None and base.newest_unit != item.unit_id:
            base = None
        now = step.now if at_ms is None else at_ms
        view = View(item, base, entry, rules, step.customer.order_days, now)
        return Owned(item, view, *stage_of(view))

    def of_product(self, product_id: str) -> list[Owned]:
        """The item of a product, and those of the units bought last where events name units."""
        return [self.owned(item) for item in records_of(self.step, product_id)]

    def blocking(self, move: Move, order_id: str, product_id: str) -> list[FlagNow]:
        """The flags that block a move about an order's item now."""
        return [flag for flag in self.step.customer.flags if self.blocks(flag, move, order_id, product_id)]

    def blocks(self, flag: FlagNow, move: Move, order_id: str, product_id: str) -> bool:
        """Whether this flag alone blocks the move."""
        customer = self.step.customer
        held = customer.flags
        customer.flags = [flag]
        try:
            return friction.blocking(self.step, move, order_id, product_id) is not None
        finally:
            customer.flags = held


def is_owned(owned: Iterable[Owned]) -> bool:
    """Whether any of them is held still."""
    return any(one.stage not in (Stage.NONE, Stage.ENDED) for one in owned)
