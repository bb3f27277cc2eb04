from typing import Any

import pytest

from schemas.records import Eligibility
from streams.checkers.order_add_ons import OrderAddOns
from tests.streams.checkers.cases import DAY, HOUR, Story, T, ended, opened, wrongs


def add_on(at_ms: int, **fields: Any) -> tuple[str, Eligibility]:
    plain = {"placement": "order_add_on", "product_id": None, "order_id": "order-1", "send_by": T + DAY}
    return opened(at_ms, **plain | {"candidate": "case", "relation": "add_on"} | fields)


def test_a_simple_add_on_right_after_the_order_is_right() -> None:
    story = Story()
    story.orders(T, "drill")
    story.look(T + HOUR, add_on(T + HOUR))
    assert wrongs(OrderAddOns, story) == []


@pytest.mark.parametrize(("late_by_ms", "wrong"), [(-1, 0), (0, 1), (1, 1)])
def test_the_window_is_a_day(late_by_ms: int, wrong: int) -> None:
    story = Story()
    story.orders(T, "drill")
    at_ms = T + DAY + late_by_ms
    story.look(at_ms, add_on(at_ms))
    assert len(wrongs(OrderAddOns, story)) == wrong


@pytest.mark.parametrize(("late_by_ms", "wrong"), [(-1, 0), (0, 0), (1, 1)])
def test_the_permission_ends_with_the_window(late_by_ms: int, wrong: int) -> None:
    story = Story()
    story.orders(T, "drill")
    story.look(T, add_on(T, send_by=T + DAY + late_by_ms))
    assert len(wrongs(OrderAddOns, story)) == wrong


def test_an_order_that_is_not_known_has_no_add_on() -> None:
    story = Story()
    story.look(T, add_on(T))
    assert wrongs(OrderAddOns, story) == ["e-1 is about an order that is not known"]


def test_a_permission_that_stays_after_shipment_is_wrong() -> None:
    story = Story()
    offer = add_on(T)
    story.orders(T, "drill")
    story.look(T, offer)
    story.tell(T + HOUR, story.status(T + HOUR, "in_transit"))
    assert wrongs(OrderAddOns, story) == ["e-1 is open although its order is under way"]


def test_a_permission_taken_back_upon_shipment_is_right() -> None:
    story = Story()
    offer = add_on(T)
    story.orders(T, "drill")
    story.look(T, offer)
    story.tell(T + HOUR, story.status(T + HOUR, "in_transit"), ended(offer, "expired"))
    assert wrongs(OrderAddOns, story) == []


def test_a_label_is_no_shipment() -> None:
    story = Story()
    story.orders(T, "drill")
    story.parcel(T, "info_received")
    story.look(T + HOUR, add_on(T + HOUR))
    assert wrongs(OrderAddOns, story) == []


@pytest.mark.parametrize(("price", "wrong"), [(10_000, 0), (9_999, 1)])
def test_an_add_on_costs_at_most_a_share_of_its_line(price: int, wrong: int) -> None:
    story = Story()
    story.orders(T, "bits", price_minor=price, currency="EUR")
    story.look(T, add_on(T))
    assert len(wrongs(OrderAddOns, story)) == wrong


def test_prices_in_two_currencies_do_not_compare() -> None:
    story = Story()
    story.orders(T, "bits", price_minor=1_000_000, currency="SEK")
    story.look(T, add_on(T))
    assert wrongs(OrderAddOns, story) == ["e-1 offers case, which is too dear for the order"]


def test_what_is_in_the_order_is_not_offered() -> None:
    story = Story()
    story.orders(T, "drill", "case")
    story.look(T, add_on(T))
    assert wrongs(OrderAddOns, story) == ["e-1 offers case, which is owned"]


def test_what_was_returned_may_be_offered_again() -> None:
    story = Story()
    story.orders(T - 9 * DAY, "case", order_id="order-0")
    story.purchase(T - 8 * DAY, "order_refunded", order_id="order-0")
    story.orders(T, "drill")
    story.look(T, add_on(T))
    assert wrongs(OrderAddOns, story) == []


def test_what_is_required_to_start_has_no_price_limit() -> None:
    story = Story()
    story.orders(T, "drill")
    story.look(T, add_on(T, candidate="battery", relation="required_to_start"))
    assert wrongs(OrderAddOns, story) == []
