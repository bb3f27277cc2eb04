"""Pure. A customer as of now, for the compacted topic `journey.customers`.

It is a function of the customer record alone, so its cost does not grow with what the customer owns: counts
of all items by stage, and the few items whose stage changed last.
"""

from schemas.records import CustomerSnapshot, FlagNow, ItemNow, OpenNow, StageCount
from state.records import customer as stored_customer
from state.records.customer import CustomerRecord
from streams.journey.words import Flag, FlagState, Move, Placement, Scope, Stage


def snapshot(customer_id: str, customer: CustomerRecord, as_of_ms: int) -> CustomerSnapshot:
    """The snapshot of a customer at `as_of_ms`; permissions whose time to send is over are not in it."""
    return CustomerSnapshot(
        customer_id=customer_id,
        sequence=customer.sequence,
        as_of=as_of_ms,
        stages=tuple(
            StageCount(Stage(stage).word, items)
            for stage, items in enumerate(customer.past.stage_counts)
            if items > 0 and stage != Stage.NONE
        ),
        items=tuple(_item(item) for item in customer.past.newest),
        flags=tuple(_flag(flag) for flag in customer.flags),
        open=tuple(_open(held) for held in customer.open if held.send_by > as_of_ms),
    )


def _item(item: stored_customer.ItemNow) -> ItemNow:
    return ItemNow(item.product_id, item.unit_id or None, Stage(item.stage).word, item.since)


def _flag(flag: stored_customer.FlagNow) -> FlagNow:
    scope = Scope.ORDER if flag.order_id else Scope.ITEM if flag.product_id else Scope.CUSTOMER
    return FlagNow(
        Flag(flag.flag).word,
        scope.word,
        flag.order_id or flag.product_id or None,
        FlagState(flag.state).word,
        flag.since,
    )


def _open(held: stored_customer.Open) -> OpenNow:
    return OpenNow(
        held.eligibility_id,
        Placement(held.placement).word,
        Move(held.move).word,
        held.send_by,
        held.answer_until,
    )
