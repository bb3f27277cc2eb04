"""A customer as of now, from the record alone."""

from state.records import customer as stored_customer
from state.records.customer import CustomerRecord
from streams.journey.words import Flag, FlagState, Move, Placement, Stage
from streams.outputs.snapshot import snapshot

NOW = 1_600_000_000_000


def held(eligibility_id: str, send_by: int) -> stored_customer.Open:
    return stored_customer.Open(
        eligibility_id, Placement.REFILL, Move.OFFER, service=True, holdout=False, product_id="p", unit_id="",
        cycle="", order_id="", parcel_id="", stage=Stage.CARE, anchor=0, attempt=0, candidate="p",
        relation="refill", family="", opened_at=0, opens_at=0, send_by=send_by, answer_until=send_by + 5,
    )  # fmt: skip


def test_a_fresh_customer_has_nothing() -> None:
    found = snapshot("c", CustomerRecord(sequence=3), NOW)
    assert (found.customer_id, found.sequence, found.as_of) == ("c", 3, NOW)
    assert not any((found.stages, found.items, found.flags, found.open))


def test_stages_without_items_are_left_out() -> None:
    customer = CustomerRecord()
    customer.past.stage_counts = [9, 0, 2, 0, 1]
    found = snapshot("c", customer, NOW)
    assert [(count.stage, count.items) for count in found.stages] == [("unboxing", 2), ("care", 1)]


def test_only_permissions_that_may_still_be_sent_are_open() -> None:
    customer = CustomerRecord(open=[held("past", NOW), held("still", NOW + 1)])
    assert [it.eligibility_id for it in snapshot("c", customer, NOW).open] == ["still"]


def test_a_flag_names_the_widest_thing_that_it_is_about() -> None:
    flags = [
        stored_customer.FlagNow(Flag.SHIPPING_PROBLEM, "o", FlagState.OPEN, 5, order_id="o", product_id="p"),
        stored_customer.FlagNow(Flag.TROUBLESHOOTING, "p", FlagState.COOLING_OFF, 6, product_id="p"),
        stored_customer.FlagNow(Flag.NEGATIVE_REPLY, "", FlagState.OPEN, 7),
    ]
    found = snapshot("c", CustomerRecord(flags=flags), NOW).flags
    assert [(it.flag, it.scope, it.scope_id, it.state) for it in found] == [
        ("shipping_problem", "order", "o", "open"),
        ("troubleshooting", "item", "p", "cooling_off"),
        ("negative_reply", "customer", None, "open"),
    ]


def test_an_item_without_a_unit_has_none() -> None:
    customer = CustomerRecord()
    customer.past.newest = [stored_customer.ItemNow("p", "", Stage.USAGE, 5)]
    (item,) = snapshot("c", customer, NOW).items
    assert (item.product_id, item.unit_id, item.stage, item.since) == ("p", None, "usage", 5)
