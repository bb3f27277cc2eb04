"""The moments between the order and its delivery: `order_add_on`, `pre_arrival`, `essential` in transit."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.records import OrderLine, Product
from tests.streams.journey.story import DAY, DAY_0, HOUR, Story, product
from tests.streams.journey.worlds import world_of


def kettle(*relations: tuple[str, str], **more: Any) -> Product:
    return product("kettle", relations=relations, **more)


def ordered(*products: Product, lines: tuple[str, ...] = ("kettle",)) -> Story:
    return Story(world_of("order_add_on", products=products)).profile().order(*lines)


def test_an_order_add_on_opens_at_the_order_and_for_24_hours() -> None:
    (opened,) = Story().profile().order("kettle").opened("order_add_on")
    assert (opened.stage, opened.move, opened.order_id) == ("checkout", "offer", "o1")
    assert (opened.opens_at, opened.send_by) == (DAY_0, DAY_0 + DAY)


def test_an_order_add_on_ends_exactly_24_hours_after_the_order() -> None:
    story = Story().profile().order("kettle")
    assert story.at(days=1, ms=-1).changes("order_add_on", "expired") == []
    (ended,) = story.at(days=1).changes("order_add_on", "expired")
    assert (ended.decided_at, ended.reason) == (DAY_0 + DAY, "send_window_over")


def test_an_order_add_on_ends_at_shipment() -> None:
    story = Story().profile().order("kettle").at(hours=3).parcel("in_transit")
    (ended,) = story.changes("order_add_on", "expired")
    assert (ended.decided_at, ended.reason) == (DAY_0 + 3 * HOUR, "moment_passed")


def test_no_order_add_on_opens_once_the_order_was_shipped() -> None:
    story = Story().parcel("in_transit").profile().order("kettle")
    assert story.opened("order_add_on") == []


def test_an_order_add_on_is_first_what_is_required_to_start() -> None:
    (opened,) = ordered(
        kettle(("add_on", "filter"), ("required_to_start", "plug")),
        product("filter", price_minor=100),
        product("plug", price_minor=100),
    ).opened("order_add_on")
    assert (opened.candidate, opened.relation) == ("plug", "required_to_start")


def test_what_is_required_to_start_has_no_price_limit_and_may_be_complex() -> None:
    story = ordered(kettle(("required_to_start", "plug")), product("plug", price_minor=99_999, complex=True))
    assert story.opened("order_add_on")[0].candidate == "plug"


@pytest.mark.parametrize("relation", ["add_on", "protects", "refill"])
def test_an_order_add_on_is_an_accessory_a_protection_plan_or_a_refill(relation: str) -> None:
    story = ordered(kettle((relation, "extra")), product("extra", price_minor=100))
    assert story.opened("order_add_on")[0].relation == relation


@pytest.mark.parametrize("relation", ["next_step", "upgrade", "maintains"])
def test_an_order_add_on_is_nothing_else(relation: str) -> None:
    story = ordered(kettle((relation, "extra")), product("extra", price_minor=100))
    assert story.opened("order_add_on") == []


def test_an_order_add_on_needs_no_tutorial() -> None:
    story = ordered(kettle(("add_on", "extra")), product("extra", price_minor=100, complex=True))
    assert story.opened("order_add_on") == []
    assert story.withheld("order_add_on") == ["no_candidate"]


@pytest.mark.parametrize(("price_minor", "opens"), [(2_999, True), (3_000, True), (3_001, False)])
def test_an_order_add_on_costs_at_most_30_percent_of_the_item(price_minor: int, *, opens: bool) -> None:
    story = ordered(kettle(("add_on", "extra")), product("extra", price_minor=price_minor))
    assert bool(story.opened("order_add_on")) is opens


def test_an_order_add_on_is_priced_in_the_currency_of_the_item() -> None:
    extra = Product(
        product_id="extra", version="test-1", category="extra", kind="durable", price_minor=10, currency="USD"
    )
    assert ordered(kettle(("add_on", "extra")), extra).opened("order_add_on") == []


def test_an_order_add_on_without_a_known_price_is_not_offered() -> None:
    extra = Product(product_id="extra", version="test-1", category="extra", kind="durable")
    assert ordered(kettle(("add_on", "extra")), extra).opened("order_add_on") == []


def test_an_order_add_on_is_not_in_the_order() -> None:
    products = (
        kettle(("add_on", "a"), ("add_on", "b")),
        product("a", price_minor=9),
        product("b", price_minor=9),
    )
    story = ordered(*products, lines=("kettle", "a"))
    assert story.opened("order_add_on")[0].candidate == "b"


def test_an_order_add_on_is_not_owned() -> None:
    story = Story(world_of("order_add_on")).profile()
    story.order("plug", order_id="o0").delivered("o0").at(days=30).order("kettle")
    assert [opened.candidate for opened in story.opened("order_add_on")] == ["filter"]


def test_an_add_on_that_was_returned_is_not_owned() -> None:
    story = Story(world_of("order_add_on")).profile().order("plug", order_id="o0").delivered("o0")
    story.at(days=10).purchase(
        "order_refunded", OrderLine(line_id="1", product_id="plug", quantity=1), order_id="o0"
    )
    assert story.at(days=30).order("kettle").opened("order_add_on")[0].candidate == "plug"


def test_an_order_add_on_has_one_click_and_an_easy_no() -> None:
    (opened,) = Story().profile().order("kettle").opened("order_add_on")
    assert opened.channels[0] == "order_page"
    assert "no" in opened.decline_options


def test_an_order_gets_one_add_on_however_many_items_it_has() -> None:
    assert len(Story().profile().order("kettle", "lamp").opened("order_add_on")) == 1


def test_an_order_that_is_updated_gets_no_second_add_on() -> None:
    story = Story().profile().order("kettle").at(hours=1).order("kettle", "lamp", type="order_updated")
    assert len(story.at(days=3).opened("order_add_on")) == 1


def test_a_cancelled_order_takes_its_add_on_back() -> None:
    story = Story().profile().order("kettle").at(hours=1).purchase("order_cancelled")
    (revoked,) = story.changes("order_add_on", "revoked")
    assert revoked.reason == "item_ended"


def test_an_order_that_is_delivered_at_once_has_no_checkout_to_add_to() -> None:
    line = OrderLine(line_id="1", product_id="kettle", quantity=1, fulfilment="in_store")
    assert Story().profile().order(line).opened("order_add_on") == []


def test_pre_arrival_opens_in_transit_and_ends_at_delivery() -> None:
    story = Story().profile().order("kettle").at(days=2)
    assert story.opened("pre_arrival") == []
    (opened,) = story.parcel("in_transit").opened("pre_arrival")
    assert (opened.stage, opened.move, opened.parcel_id) == ("checkout", "guide", "p1")
    (ended,) = story.at(days=4).delivered().changes("pre_arrival", "completed")
    assert ended.decided_at == DAY_0 + 4 * DAY


def test_a_label_that_was_printed_is_not_in_transit() -> None:
    assert Story().profile().order("kettle").parcel("info_received").opened("pre_arrival") == []


def test_every_parcel_has_its_own_pre_arrival_but_only_one_is_open_at_a_time() -> None:
    story = Story(world_of("pre_arrival")).profile().order("kettle", "lamp")
    story.parcel("in_transit", line_ids=("1",)).at(hours=1).parcel(
        "in_transit", parcel_id="p2", line_ids=("2",)
    )
    assert [opened.parcel_id for opened in story.opened("pre_arrival")] == ["p1"]
    assert story.withheld("pre_arrival") == ["already_open"]
    story.at(hours=30).delivered(line_ids=("1",))
    assert [opened.parcel_id for opened in story.opened("pre_arrival")] == ["p1", "p2"]


def test_a_delivered_parcel_needs_no_pre_arrival() -> None:
    story = Story().profile().order("kettle").delivered().parcel("in_transit")
    assert story.opened("pre_arrival") == []


def test_in_transit_the_essential_stands_below_the_tracking_of_a_shipping_update_and_nowhere_else() -> None:
    (opened,) = Story().profile().order("kettle").at(days=2).parcel("in_transit").opened("essential")
    assert (opened.stage, opened.candidate, opened.message_class) == ("checkout", "plug", "service")
    assert opened.channels == ("shipping_update",)


def test_in_transit_the_essential_has_no_other_channel_than_the_shipping_update() -> None:
    story = Story(world_of("essential")).profile().reply("stop", channel="shipping_update")
    story.order("kettle").at(days=2).parcel("in_transit")
    assert story.opened("essential") == []
    assert story.withheld("essential") == ["no_channel"]


def test_in_transit_the_essential_may_be_sent_for_3_days() -> None:
    (opened,) = Story().profile().order("kettle").at(days=2).parcel("in_transit").opened("essential")
    assert opened.send_by - opened.opens_at == 3 * DAY


def test_the_essential_says_what_the_catalogue_calls_required_to_start_and_nothing_else() -> None:
    story = Story().profile().order("lamp").parcel("in_transit")
    assert story.opened("essential") == []


def test_the_essential_is_not_offered_to_who_owns_it() -> None:
    story = Story().profile().order("plug", order_id="o0").delivered("o0")
    story.at(days=30).order("kettle").at(days=31).parcel("in_transit")
    assert story.opened("essential") == []
    assert story.withheld("essential") == ["covered"]


def test_the_essential_is_not_offered_to_who_ordered_it_too() -> None:
    story = Story().profile().order("kettle", "plug").at(days=1).parcel("in_transit")
    assert story.opened("essential") == []
    assert story.withheld("essential") == ["covered"]
