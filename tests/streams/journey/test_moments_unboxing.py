"""The moments between delivery and first value: `setup_guide`, `essential`, `stalled_start`."""

from __future__ import annotations

import pytest

from schemas.records import OrderLine
from tests.streams.journey.story import DAY, DAY_0, PRODUCTS, Story, product
from tests.streams.journey.worlds import world_of

ARRIVES = DAY_0 + 2 * DAY


def arrived(*placements: str, product_id: str = "kettle") -> Story:
    """One item, delivered on day 2; with consent for e-mail."""
    return Story(world_of(*placements)).profile().order(product_id).at(days=2).delivered()


def test_a_setup_guide_opens_at_delivery_and_for_7_days() -> None:
    (opened,) = arrived("setup_guide").opened("setup_guide")
    assert (opened.stage, opened.move, opened.opens_at) == ("unboxing", "guide", ARRIVES)
    assert opened.send_by == ARRIVES + 7 * DAY


def test_no_setup_guide_opens_before_delivery_however_long_ago_the_purchase_was() -> None:
    story = Story(world_of("setup_guide")).profile().order("kettle").at(days=40).parcel("in_transit")
    assert story.at(days=60).opened("setup_guide") == []


def test_a_setup_guide_ends_when_setup_is_completed() -> None:
    story = arrived("setup_guide").at(days=3).use("setup_started")
    assert story.changes("setup_guide", "completed") == []
    (ended,) = story.at(days=4).use("setup_completed").changes("setup_guide", "completed")
    assert (ended.reason, ended.decided_at) == ("done", DAY_0 + 4 * DAY)


def test_a_setup_guide_ends_exactly_7_days_after_delivery() -> None:
    story = arrived("setup_guide").at(days=9, ms=-1)
    assert story.changes("setup_guide", "expired") == []
    assert len(story.at(days=9).changes("setup_guide", "expired")) == 1


def test_who_completed_setup_before_delivery_was_reported_gets_no_guide() -> None:
    story = Story(world_of("setup_guide")).profile().order("kettle").at(days=2).use("setup_completed")
    assert story.at(days=3).delivered().opened("setup_guide") == []


def test_the_items_of_one_parcel_share_one_guide() -> None:
    story = Story(world_of("setup_guide")).profile().order("kettle", "lamp", "teapot").at(days=2).delivered()
    assert len(story.at(days=20).opened("setup_guide")) == 1


def test_the_items_of_two_parcels_have_two_guides_one_after_the_other() -> None:
    story = Story(world_of("setup_guide")).profile().order("kettle", "lamp")
    story.at(days=2).delivered(parcel_id="p1", line_ids=("1",))
    story.at(days=3).delivered(parcel_id="p2", line_ids=("2",))
    assert [opened.parcel_id for opened in story.opened("setup_guide")] == ["p1"]
    story.at(days=4).use("setup_completed")
    assert [opened.parcel_id for opened in story.opened("setup_guide")] == ["p1", "p2"]


def test_a_guide_that_one_item_of_a_parcel_does_not_need_is_there_for_the_other() -> None:
    story = Story(world_of("setup_guide")).profile().order("kettle", "lamp").at(days=1).use("setup_completed")
    (opened,) = story.at(days=2).delivered().opened("setup_guide")
    assert opened.product_id == "lamp"


def test_a_second_message_about_the_same_delivery_opens_no_second_guide() -> None:
    story = arrived("setup_guide").at(days=3).delivered().at(days=12).delivered()
    assert len(story.opened("setup_guide")) == 1


def test_guidance_is_always_first() -> None:
    story = arrived().at(days=3)
    said = [
        r.placement for r in story.of("journey.eligibility") if r.status == "opened" and r.stage == "unboxing"
    ]
    assert said == ["setup_guide", "essential"]


def test_the_essential_comes_with_the_guide() -> None:
    story = arrived("setup_guide", "essential")
    (guide,), (essential,) = story.opened("setup_guide"), story.opened("essential")
    assert essential.opens_at == guide.opens_at
    assert essential.sequence > guide.sequence


def test_the_essential_waits_for_a_guide_that_waits_itself() -> None:
    story = Story(world_of("setup_guide", "essential", "pre_arrival")).profile()
    story.order("lamp", order_id="o0").parcel("in_transit", order_id="o0", parcel_id="p0")
    story.order("kettle").at(days=2).delivered()
    assert story.withheld("setup_guide") == ["already_open"]
    assert story.withheld("essential") == ["guide_first"]
    story.at(days=3).delivered("o0", "p0")
    (guide,), (essential,) = story.opened("setup_guide")[:1], story.opened("essential")
    assert guide.product_id == "kettle"
    assert essential.opens_at == guide.opens_at == DAY_0 + 3 * DAY


def test_after_delivery_the_essential_has_the_channels_of_its_policy() -> None:
    (opened,) = arrived("setup_guide", "essential").opened("essential")
    assert opened.channels == ("shipping_update", "email", "in_app")


def test_the_essential_ends_3_days_after_delivery() -> None:
    story = arrived("setup_guide", "essential")
    assert story.opened("essential")[0].send_by == ARRIVES + 3 * DAY
    assert story.at(days=5, ms=-1).changes("essential", "expired") == []
    assert len(story.at(days=5).changes("essential", "expired")) == 1


@pytest.mark.parametrize("value", ["result", "milestone"])
def test_the_essential_ends_at_first_value(value: str) -> None:
    story = arrived("setup_guide", "essential").at(days=3).use(value, name="brewed")
    (ended,) = story.changes("essential", "expired")
    assert (ended.reason, ended.decided_at) == ("moment_passed", DAY_0 + 3 * DAY)


def test_an_essential_said_in_transit_is_not_repeated_after_delivery() -> None:
    story = (
        Story(world_of("setup_guide", "essential")).profile().order("kettle").at(days=1).parcel("in_transit")
    )
    assert len(story.at(days=2).delivered().at(days=20).opened("essential")) == 1


def test_an_essential_that_could_not_be_said_in_transit_is_said_after_delivery() -> None:
    story = Story(world_of("setup_guide", "essential")).order("kettle").at(days=1).parcel("in_transit")
    story.at(days=8).profile().at(days=9).use("guidance_opened")
    assert story.opened("essential") == []
    story.at(days=10).delivered()
    (opened,) = story.opened("essential")
    assert (opened.stage, opened.opens_at) == ("unboxing", DAY_0 + 10 * DAY)


def test_the_essential_is_not_in_the_bundle_that_was_bought() -> None:
    set_ = product("set", relations=(("required_to_start", "plug"),), contains=("kettle", "plug"))
    story = Story(world_of("setup_guide", "essential", products=(set_, *PRODUCTS))).profile().order("set")
    story.at(days=2).delivered()
    assert story.opened("essential") == []
    assert story.withheld("essential") == ["covered"]


def test_a_stalled_start_opens_7_days_after_delivery() -> None:
    story = arrived("stalled_start").at(days=9, ms=-1)
    assert story.opened("stalled_start") == []
    (opened,) = story.at(days=9).opened("stalled_start")
    assert (opened.stage, opened.move, opened.opens_at) == ("unboxing", "guide", ARRIVES + 7 * DAY)


@pytest.mark.parametrize("use", ["setup_started", "setup_completed", "session", "limit_reached"])
def test_a_start_with_setup_or_usage_is_not_stalled(use: str) -> None:
    story = arrived("stalled_start").at(days=9, ms=-1).use(use)
    assert story.at(days=40).opened("stalled_start") == []


@pytest.mark.parametrize("look", ["guidance_opened", "site_visit"])
def test_reading_about_a_product_is_no_use_of_it(look: str) -> None:
    story = arrived("stalled_start").at(days=5).use(look)
    assert len(story.at(days=9).opened("stalled_start")) == 1


def test_a_start_is_stalled_only_where_usage_is_reported() -> None:
    assert arrived("stalled_start", product_id="lamp").at(days=40).opened("stalled_start") == []


def test_a_supply_has_nothing_to_start() -> None:
    assert arrived("stalled_start", product_id="coffee").at(days=40).opened("stalled_start") == []


def test_a_stalled_start_ends_at_first_value() -> None:
    story = arrived("stalled_start").at(days=10).use("setup_started")
    assert story.changes("stalled_start")[1:] == []
    (ended,) = story.at(days=11).use("result").changes("stalled_start", "completed")
    assert ended.decided_at == DAY_0 + 11 * DAY


def test_a_stalled_start_is_said_once() -> None:
    assert len(arrived("stalled_start").at(days=200).opened("stalled_start")) == 1


def test_a_digital_item_gets_its_guide_at_the_order() -> None:
    line = OrderLine(line_id="1", product_id="kettle", quantity=1, fulfilment="digital")
    (opened,) = Story(world_of("setup_guide")).profile().order(line).opened("setup_guide")
    assert opened.opens_at == DAY_0
