from typing import Any

import pytest

from schemas.records import Eligibility
from streams.checkers.essentials import Essentials
from tests.streams.checkers.cases import DAY, Story, T, opened, with_limits, wrongs


def essential(at_ms: int, **fields: Any) -> tuple[str, Eligibility]:
    plain: dict[str, Any] = {"placement": "essential", "candidate": "battery", "send_by": at_ms + 3 * DAY}
    return opened(at_ms, **plain | {"relation": "required_to_start", "message_class": "service"} | fields)


def shipped() -> Story:
    story = Story()
    story.orders(T - 2 * DAY, "drill")
    story.parcel(T - DAY, "in_transit")
    return story


def test_a_battery_on_the_way_is_right() -> None:
    story = shipped()
    story.look(T, essential(T))
    assert wrongs(Essentials, story) == []


def test_before_the_shipment_it_is_wrong() -> None:
    story = Story()
    story.orders(T, "drill")
    story.look(T, essential(T))
    assert wrongs(Essentials, story) == ["e-1 came before anything was under way"]


def test_something_bought_in_a_shop_needs_no_shipment() -> None:
    story = Story()
    story.orders(T, "drill", fulfilment="in_store")
    story.look(T, essential(T))
    assert wrongs(Essentials, story) == []


def test_without_a_delivery_feed_nobody_knows_of_shipments() -> None:
    story = Story(limits=with_limits(delivery_feed=False))
    story.orders(T, "drill")
    story.look(T, essential(T))
    assert wrongs(Essentials, story) == []


def test_a_mere_add_on_is_wrong() -> None:
    story = shipped()
    story.look(T, essential(T, candidate="case", relation="add_on"))
    assert wrongs(Essentials, story) == ["e-1 offers what is not required to start"]


@pytest.mark.parametrize(("late_by_ms", "wrong"), [(-1, 0), (0, 0), (1, 1)])
def test_it_lasts_three_days_at_most(late_by_ms: int, wrong: int) -> None:
    story = shipped()
    story.look(T, essential(T, send_by=T + 3 * DAY + late_by_ms))
    assert len(wrongs(Essentials, story)) == wrong


def test_what_is_owned_is_not_offered() -> None:
    story = shipped()
    story.orders(T - DAY, "battery", order_id="order-0")
    story.look(T, essential(T))
    assert wrongs(Essentials, story) == ["e-1 offers battery, which is owned"]


def test_a_gift_is_not_owned() -> None:
    story = shipped()
    story.orders(T - DAY, "battery", order_id="order-0", gift=True)
    story.look(T, essential(T))
    assert wrongs(Essentials, story) == []
