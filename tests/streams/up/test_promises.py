"""The traps as a subscriber of the output topics sees them."""

import pytest

from schemas.records import Product
from streams.up.promises import Promises, Said
from tests.streams.up.said import AT_MS, DAY_MS, eligibility, friction, stage

PRODUCTS = {
    "p1": Product("p1", "v", category="lamps", kind="durable"),
    "tea": Product("tea", "v", category="tea", kind="consumable"),
}


def judged(*records: Said) -> Promises:
    promises = Promises(PRODUCTS)
    for record in records:
        promises.said(record)
    return promises


def traps(*records: Said) -> dict[str, int]:
    return dict(judged(*records).traps)


def test_an_offer_after_first_value_without_friction_is_no_trap() -> None:
    assert traps(stage(1, "usage"), eligibility(2)) == {}


@pytest.mark.parametrize("before", ["checkout", "unboxing"])
def test_an_offer_before_first_value_is_a_trap(before: str) -> None:
    assert traps(stage(1, before), eligibility(2)) == {"too early": 1}


def test_a_consumable_gives_value_once_it_is_there() -> None:
    tea = {"product_id": "tea"}
    assert traps(stage(1, "unboxing", **tea), eligibility(2, **tea)) == {}
    assert traps(stage(1, "checkout", **tea), eligibility(2, **tea)) == {"too early": 1}


def test_what_it_needs_to_work_may_be_offered_before() -> None:
    assert traps(stage(1, "checkout"), eligibility(2, placement="essential")) == {}


def test_a_second_offer_is_a_trap_while_the_first_may_be_sent() -> None:
    second = {"eligibility_id": "e2", "product_id": "p1"}
    end = AT_MS + 7 * DAY_MS
    begin = (stage(1, "usage"), eligibility(2))
    assert traps(*begin, eligibility(3, decided_at=end - 1, **second)) == {"two offers": 1}
    assert traps(*begin, eligibility(3, decided_at=end, **second)) == {}
    assert traps(*begin, eligibility(3, "declined"), eligibility(4, **second)) == {}


def test_an_offer_in_friction_is_a_trap_until_it_is_over() -> None:
    begin = (stage(1, "usage"), friction(2, "shipping_problem", "open"))
    assert traps(*begin, eligibility(3)) == {"in friction": 1}
    assert traps(*begin, friction(3, "shipping_problem", "cooling_off"), eligibility(4)) == {}


def test_a_return_blocks_its_own_order_only() -> None:
    begin = (stage(1, "usage"), friction(2, "return_in_progress", "open"))
    assert traps(*begin, eligibility(3, order_id="o2")) == {}
    assert traps(*begin, eligibility(3, order_id="o1")) == {"in friction": 1}


def test_a_channel_that_was_opened_for_something_else_is_a_trap() -> None:
    assert traps(stage(1, "usage"), eligibility(2, channels=("shipping_update",))) == {"wrong context": 1}


def test_an_offer_of_nothing_in_particular_is_a_trap() -> None:
    assert traps(stage(1, "usage"), eligibility(2, candidate=None)) == {"generic": 1}
    assert traps(stage(1, "usage"), eligibility(2, checks=())) == {"generic": 1}


def test_records_are_judged_in_the_order_of_the_sequence() -> None:
    assert traps(eligibility(2), stage(1, "usage")) == {}


def test_a_gap_and_a_repeat_are_seen() -> None:
    assert judged(stage(1, "usage"), stage(3, "care")).missing == 1
    assert judged(stage(1, "usage"), stage(2, "care")).missing == 0
    assert judged(stage(1, "usage"), stage(1, "usage")).repeats == 1
