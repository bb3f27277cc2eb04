from typing import Any

import pytest

from schemas.records import OrderLine, Relation
from state import keys
from streams.journey.policy_set import PolicySet
from streams.loading.policy_file import policy_of_text
from tests.streams.journey.story import DAY, DAY_0, Story, product, world


def line(product_id: str = "kettle", line_id: str = "1", **more: Any) -> OrderLine:
    return OrderLine(line_id=line_id, product_id=product_id, quantity=1, **more)


def under(text: str) -> Story:
    file = policy_of_text(f'version = "test"\n{text}', "test")
    return Story(world(PolicySet(file.version, file.base, file.overrides)))


def stage(story: Story, product_id: str = "kettle") -> str:
    return story.stages(product_id)[-1]


# fulfilment


@pytest.mark.parametrize("fulfilment", ["digital", "in_store"])
def test_digital_and_in_store_lines_are_delivered_at_the_order(fulfilment: Any) -> None:
    story = Story().order(line(fulfilment=fulfilment))
    told = story.of("journey.stages")
    assert [(r.to_stage, r.since, r.inferred) for r in told] == [("unboxing", DAY_0, False)]


def test_each_line_is_delivered_by_its_own_fulfilment() -> None:
    story = Story().order(line("kettle"), line("lamp", "2", fulfilment="digital"))
    assert (stage(story, "kettle"), stage(story, "lamp")) == ("checkout", "unboxing")


def test_a_shop_may_say_that_in_store_lines_are_not_taken_home_at_once() -> None:
    story = under("[deliveries]\ndelivered_in_store = false").order(line(fulfilment="in_store"))
    assert stage(story) == "checkout"


def test_a_pickup_counts_at_collection() -> None:
    story = Story().order(line(fulfilment="pickup")).at(days=1).parcel("available_for_pickup").at(days=2)
    assert stage(story) == "checkout"
    story.delivered()
    assert (stage(story), story.of("journey.stages")[-1].since) == ("unboxing", DAY_0 + 2 * DAY)


@pytest.mark.parametrize(("ms", "expected"), [(-1, "checkout"), (0, "unboxing"), (1, "unboxing")])
def test_a_shop_without_a_delivery_feed_gets_an_inferred_delivery_after_n_days(
    ms: int, expected: str
) -> None:
    story = under('[deliveries]\nfeed = false\ninferred_after = "5 d"').order("kettle").at(days=5, ms=ms)
    assert stage(story) == expected
    told = story.at(days=6).of("journey.stages")[-1]
    assert (told.to_stage, told.since, told.inferred) == ("unboxing", DAY_0 + 5 * DAY, True)


def test_a_shop_with_a_delivery_feed_gets_no_inferred_delivery() -> None:
    assert stage(Story().order("kettle").at(days=100)) == "checkout"


def test_a_parcel_that_is_reported_counts_before_an_inference() -> None:
    story = under("[deliveries]\nfeed = false").order("kettle").at(days=2).delivered().at(days=6)
    told = story.of("journey.stages")[-1]
    assert (told.since, told.inferred) == (DAY_0 + 2 * DAY, False)


# parcels


def test_a_parcel_delivers_the_lines_that_it_names() -> None:
    story = Story().order("kettle", "lamp").delivered(line_ids=("1",))
    assert (stage(story, "kettle"), stage(story, "lamp")) == ("unboxing", "checkout")
    assert stage(story.at(days=1).delivered(parcel_id="p2", line_ids=("2",)), "lamp") == "unboxing"


def test_a_line_in_two_parcels_is_delivered_with_the_last_of_them() -> None:
    story = Story().order("kettle").parcel("in_transit", parcel_id="p2", line_ids=("1",))
    assert stage(story.delivered(line_ids=("1",))) == "checkout"
    assert stage(story.at(days=1).delivered(parcel_id="p2")) == "unboxing"


def test_else_the_last_parcel_of_the_order_counts() -> None:
    story = Story().order("kettle", "lamp").parcel("in_transit", parcel_id="p2").delivered()
    assert stage(story, "kettle") == stage(story, "lamp") == "checkout"
    story.at(days=3).delivered(parcel_id="p2")
    assert stage(story, "kettle") == stage(story, "lamp") == "unboxing"
    assert story.of("journey.stages")[-1].since == DAY_0 + 3 * DAY


def test_a_parcel_that_was_announced_and_not_yet_seen_is_waited_for() -> None:
    story = Story().order("kettle").delivered(parcels_total=2)
    assert stage(story) == "checkout"
    assert stage(story.at(days=1).delivered(parcel_id="p2")) == "unboxing"


def test_a_line_that_no_parcel_names_waits_for_those_that_name_none() -> None:
    story = Story().order("kettle", "lamp").delivered(line_ids=("1",)).parcel("in_transit", parcel_id="p2")
    assert stage(story, "lamp") == "checkout"
    assert stage(story.delivered(parcel_id="p2"), "lamp") == "unboxing"


def test_a_delivery_that_comes_before_its_order_counts_once_the_order_is_known() -> None:
    story = Story().delivered().at(days=1).order("kettle")
    assert story.stages() == ["unboxing"]


def test_a_delivery_counts_from_its_first_report() -> None:
    story = Story().order("kettle").at(days=1).delivered().at(days=2).delivered()
    assert [r.since for r in story.of("journey.stages")] == [DAY_0, DAY_0 + DAY]


# gifts


GIFT = line(gift=True, price_minor=10_000, currency="EUR")


def test_a_gift_gives_its_buyer_no_stage_and_nothing_of_its_use() -> None:
    story = Story().profile().order(GIFT).at(days=1).parcel("in_transit").at(days=2).delivered()
    story.use("result").at(days=400)
    assert not story.stages()
    assert {r.placement for r in story.of("journey.eligibility")} == {"order_add_on"}


def test_a_gift_gives_its_buyer_an_add_on() -> None:
    assert Story().profile().order(GIFT).opened("order_add_on")


def test_a_gift_gives_its_buyer_shipping_help() -> None:
    story = Story().profile().order(GIFT).at(days=2).parcel("exception").at(days=3)
    assert [r.placement for r in story.of("journey.eligibility")][-1] == "help"


def test_a_gift_that_arrives_with_the_buyers_own_things_is_still_a_gift() -> None:
    story = Story().profile().order(line("lamp", gift=True), line("kettle", "2")).delivered()
    assert (story.stages("lamp"), stage(story, "kettle")) == ([], "unboxing")
    assert [r.product_id for r in story.opened("setup_guide")] == ["kettle"]


# the order as a bounded record


def is_kept(story: Story, order_id: str = "o1") -> bool:
    return story.store.get(keys.order(story.customer, order_id)) is not None


@pytest.mark.parametrize(("ms", "kept"), [(-1, True), (0, False), (1, False)])
def test_an_order_is_closed_30_days_after_its_last_parcel(ms: int, kept: bool) -> None:
    story = Story().order("kettle").at(days=2).delivered().at(days=5).delivered(parcel_id="p2")
    assert is_kept(story.at(days=35, ms=ms)) == kept


def test_an_order_that_still_waits_for_a_parcel_is_kept() -> None:
    assert is_kept(Story().order("kettle").at(days=2).parcel("in_transit").at(days=100))


def test_a_closed_order_that_is_told_again_changes_nothing() -> None:
    story = Story().order("kettle").at(days=2).delivered().at(days=40)
    before = story.stages()
    story.send(_placed_at_day_0())
    assert story.at(days=41).stages() == before


def test_a_closed_order_that_was_cancelled_stays_cancelled() -> None:
    story = Story().order("kettle").at(days=1).purchase("order_cancelled").at(days=40)
    assert not is_kept(story)
    story.send(_placed_at_day_0())
    assert stage(story.at(days=41)) == "ended"


def _placed_at_day_0() -> Any:
    """What the very first event of `Story().order("kettle")` said, once more."""
    first = Story()
    told: list[Any] = []
    first.send = told.append  # type: ignore[method-assign, assignment]
    first.order("kettle")
    return told[0]


def test_a_line_that_an_update_moved_to_another_product_counts_no_more_for_the_one_it_left() -> None:
    story = Story().order("kettle").at(hours=1).order("lamp", type="order_updated")
    assert (stage(story, "kettle"), stage(story, "lamp")) == ("ended", "checkout")
    story.at(hours=2).order("kettle", type="order_updated")
    assert (stage(story, "kettle"), stage(story, "lamp")) == ("checkout", "ended")


def test_a_line_that_was_moved_before_its_order_is_read_counts_for_where_it_went() -> None:
    story = Story().at(hours=1).order("lamp", type="order_updated")
    story.send(_placed_at_day_0())
    assert story.at(days=1).delivered().stages("kettle") == ["ended"]
    assert stage(story, "lamp") == "unboxing"


def test_what_is_required_to_start_is_seen_in_transit_only_by_what_needs_it() -> None:
    needs = product("drill", relations=(Relation(kind="required_to_start", product_id="battery"),))
    story = Story(world(products=(needs, product("battery", price_minor=1_000)))).profile()
    story.order("drill").at(days=1, hours=1).parcel("in_transit")
    assert [r.stage for r in story.opened("essential")] == ["checkout"]
