from typing import Any

import pytest

from schemas.records import OrderLine, Usage
from tests.streams.journey.story import DAY, DAY_0, PRODUCTS, Story, product, world

MORE = world(
    products=(
        *PRODUCTS,
        product("toothbrush", replace_after_days=90),
        product("phone", replace_after_days=900),
        product("tea", "consumable", 500, supply_days=40.0, usage_reported=False),
    )
)


def line(product_id: str = "kettle", quantity: int = 1, line_id: str = "1", **more: Any) -> OrderLine:
    return OrderLine(line_id=line_id, product_id=product_id, quantity=quantity, **more)


def owned(product_id: str = "kettle", quantity: int = 1) -> Story:
    """Ordered at day 0 and delivered at day 1."""
    return Story(MORE).profile().order(line(product_id, quantity)).at(days=1).delivered()


def changes(story: Story, product_id: str = "kettle") -> list[tuple[str, int]]:
    """Stages with the time since when they hold."""
    return [(r.to_stage, r.since) for r in story.of("journey.stages") if r.product_id == product_id]


# checkout and unboxing


def test_what_is_ordered_and_not_delivered_is_in_checkout() -> None:
    story = Story().order("kettle").at(days=3).parcel("in_transit").at(days=60)
    assert story.stages() == ["checkout"]


def test_what_is_delivered_without_first_value_is_in_unboxing() -> None:
    assert owned().at(days=25).stages() == ["checkout", "unboxing"]


def test_the_clock_starts_at_delivery_and_not_at_purchase() -> None:
    story = owned().at(days=8, ms=-1)
    assert changes(story) == [("checkout", DAY_0), ("unboxing", DAY_0 + DAY)]
    assert not story.opened("stalled_start")
    assert story.at(days=8).opened("stalled_start")


# usage


@pytest.mark.parametrize(
    ("kind", "more"), [("result", {}), ("milestone", {"name": "100 cups"}), ("consumed", {"amount": 1.0})]
)
def test_a_result_a_milestone_or_consumption_is_first_value(kind: str, more: dict[str, Any]) -> None:
    story = owned().at(days=2).use(kind, **more)
    assert changes(story)[-1] == ("usage", DAY_0 + 2 * DAY)


def test_the_basics_are_mastered_with_the_third_session() -> None:
    story = owned().at(days=2).use("session").at(days=3).use("session")
    assert story.stages()[-1] == "unboxing"
    story.at(days=4).use("session")
    assert changes(story)[-1] == ("usage", DAY_0 + 4 * DAY)


def test_one_session_that_is_reported_three_times_is_one_session() -> None:
    story = owned().at(days=2)
    session = Usage(
        event_id="u1", customer_id="anna", occurred_at=story.now, type="session", product_id="kettle"
    )
    for _ in range(3):
        story.send(session)
    assert story.stages()[-1] == "unboxing"


@pytest.mark.parametrize(
    "kind", ["setup_started", "setup_completed", "guidance_opened", "site_visit", "limit_reached"]
)
def test_setting_up_reading_and_visiting_are_no_first_value(kind: str) -> None:
    assert owned().at(days=2).use(kind).at(days=25).stages()[-1] == "unboxing"


@pytest.mark.parametrize(("ms", "stage"), [(-1, "unboxing"), (0, "usage"), (1, "usage")])
def test_first_value_is_inferred_14_days_after_delivery_where_usage_is_not_reported(
    ms: int, stage: str
) -> None:
    story = owned("lamp").at(days=15, ms=ms)
    assert story.stages("lamp")[-1] == stage


def test_an_inferred_first_value_is_marked_so() -> None:
    story = owned("lamp").at(days=46)
    told = [(r.to_stage, r.inferred) for r in story.of("journey.stages")]
    assert told == [("checkout", False), ("unboxing", False), ("usage", True), ("care", True)]


def test_real_use_comes_before_an_inference() -> None:
    story = owned("lamp").at(days=3).use("result", "lamp").at(days=20)
    assert [(r.to_stage, r.inferred) for r in story.of("journey.stages")][-1] == ("usage", False)


def test_a_connected_product_without_usage_is_in_a_drawer_and_stays_in_unboxing() -> None:
    assert owned().at(days=300).stages() == ["checkout", "unboxing"]


# care


@pytest.mark.parametrize(("ms", "stage"), [(-1, "usage"), (0, "care"), (1, "care")])
def test_care_begins_when_first_value_is_30_days_old(ms: int, stage: str) -> None:
    story = owned().at(days=5).use("result").at(days=35, ms=ms)
    assert story.stages()[-1] == stage


def test_a_consumable_is_in_care_from_the_opening_of_its_refill_window() -> None:
    story = owned("coffee").at(days=60)
    opened = story.opened("refill")[0]
    assert changes(story, "coffee")[-1] == ("care", opened.opens_at)
    assert story.stages("coffee") == ["checkout", "unboxing", "care"]


def test_a_durable_never_has_a_refill_window() -> None:
    assert not owned().at(days=300).opened("refill")


def test_a_refill_window_counts_also_when_first_value_is_younger_than_30_days() -> None:
    story = owned("coffee").at(days=2)
    story.use("consumed", "coffee").at(days=31)
    assert story.stages("coffee") == ["checkout", "unboxing", "usage", "care"]
    assert changes(story, "coffee")[-1][1] < DAY_0 + 32 * DAY


# renewal


def subscribed(**terms: int) -> Story:
    """A plan whose term of 30 days or more began at day 0."""
    return Story(MORE).profile().subscription("subscription_started", "plan", term_starts_at=DAY_0, **terms)


@pytest.mark.parametrize(("ms", "stage"), [(-1, "unboxing"), (0, "renewal"), (1, "renewal")])
def test_a_long_term_is_in_renewal_30_days_before_it_renews(ms: int, stage: str) -> None:
    story = subscribed(renews_at=DAY_0 + 365 * DAY).at(days=335, ms=ms)
    assert story.stages("plan")[-1] == stage


@pytest.mark.parametrize(("ms", "stage"), [(-1, "unboxing"), (0, "renewal"), (1, "renewal")])
def test_a_short_term_is_in_renewal_in_its_last_third(ms: int, stage: str) -> None:
    story = subscribed(renews_at=DAY_0 + 30 * DAY).at(days=20, ms=ms)
    assert story.stages("plan")[-1] == stage


@pytest.mark.parametrize(("ms", "stage"), [(-1, "renewal"), (0, "unboxing")])
def test_a_renewal_date_that_has_passed_is_not_near_any_more(ms: int, stage: str) -> None:
    story = subscribed(renews_at=DAY_0 + 30 * DAY).at(days=30, ms=ms)
    assert story.stages("plan")[-1] == stage


def test_a_renewed_plan_leaves_renewal_for_its_next_term() -> None:
    story = subscribed(renews_at=DAY_0 + 30 * DAY).at(days=28)
    story.subscription(
        "subscription_renewed", "plan", term_starts_at=DAY_0 + 30 * DAY, renews_at=DAY_0 + 60 * DAY
    )
    assert story.stages("plan")[-2:] == ["renewal", "unboxing"]
    assert story.at(days=50).stages("plan")[-1] == "renewal"


def test_a_paused_plan_does_not_renew() -> None:
    story = subscribed(renews_at=DAY_0 + 30 * DAY).at(days=5)
    assert story.subscription("subscription_paused", "plan").at(days=29).stages("plan") == ["unboxing"]


def test_the_end_of_a_contract_brings_renewal() -> None:
    story = Story(MORE).order(line(contract_ends_at=DAY_0 + 720 * DAY)).at(days=1).delivered()
    assert story.at(days=690, ms=-1).stages()[-1] == "unboxing"
    assert story.at(days=690).stages()[-1] == "renewal"


@pytest.mark.parametrize(("product_id", "days"), [("toothbrush", 1 + 60), ("phone", 1 + 870)])
def test_a_replacement_date_brings_renewal_and_does_not_pass(product_id: str, days: int) -> None:
    story = owned(product_id).at(days=days, ms=-1)
    assert story.stages(product_id)[-1] == "unboxing"
    assert story.at(days=days).stages(product_id)[-1] == "renewal"
    assert story.at(days=days + 400).stages(product_id)[-1] == "renewal"


def test_nothing_is_renewed_that_is_not_delivered() -> None:
    story = Story(MORE).order(line(contract_ends_at=DAY_0 + 30 * DAY)).at(days=25)
    assert story.stages() == ["checkout"]


# ended


@pytest.mark.parametrize("kind", ["order_refunded", "order_cancelled"])
def test_an_item_ends_when_what_was_returned_or_cancelled_equals_what_was_acquired(kind: str) -> None:
    story = owned(quantity=2).at(days=3).purchase(kind, line(quantity=1))
    assert story.stages()[-1] == "unboxing"
    story.at(days=4).purchase(kind, line(quantity=2))
    assert changes(story)[-1] == ("ended", DAY_0 + 4 * DAY)


def test_returned_and_cancelled_quantities_add_up() -> None:
    story = Story(MORE).order(line(quantity=2)).purchase("order_cancelled", line(quantity=1))
    story.at(days=1).delivered().at(days=2)
    assert story.stages()[-1] == "unboxing"
    assert story.purchase("order_refunded", line(quantity=1)).stages()[-1] == "ended"


def test_quantities_are_last_writer_per_order_line() -> None:
    story = owned(quantity=2).at(days=3).purchase("order_refunded", line(quantity=2))
    assert story.stages()[-1] == "ended"
    assert story.at(days=4).purchase("order_refunded", line(quantity=1)).stages()[-1] == "unboxing"


def test_a_refund_that_repeats_a_total_ends_nothing() -> None:
    story = owned(quantity=2)
    for _ in range(2):
        story.purchase("order_refunded", line(quantity=1))
    assert story.stages()[-1] == "unboxing"


def test_a_line_that_grows_is_owned_again() -> None:
    story = owned().at(days=3).purchase("order_refunded", line(quantity=1))
    assert story.purchase("order_updated", line(quantity=2)).stages()[-2:] == ["ended", "unboxing"]


def test_a_whole_order_is_cancelled_without_lines() -> None:
    story = Story(MORE).order("kettle", "lamp").purchase("order_cancelled")
    assert story.stages("kettle") == story.stages("lamp") == ["checkout", "ended"]


@pytest.mark.parametrize("lines", [(), (line(quantity=0),)])
def test_a_refund_without_quantity_is_goodwill_and_never_ends_an_item(lines: tuple[OrderLine, ...]) -> None:
    assert owned().at(days=3).purchase("order_refunded", *lines).at(days=4).stages()[-1] == "unboxing"


def test_a_lost_parcel_ends_its_items_until_it_is_found() -> None:
    story = Story(MORE).order("kettle").at(days=5).parcel("lost")
    assert story.stages() == ["checkout", "ended"]
    assert story.at(days=6).delivered().stages()[-1] == "unboxing"


@pytest.mark.parametrize("changed", [line(quantity=0), line(gift=True), line("lamp")])
def test_an_item_whose_line_was_changed_to_nothing_has_ended(changed: OrderLine) -> None:
    story = Story(MORE).order("kettle").at(days=1).order(changed, type="order_updated")
    assert story.stages() == ["checkout", "ended"]
    assert story.order("kettle", order_id="o2").stages() == ["checkout", "ended", "checkout"]


def test_beyond_the_newest_lines_the_oldest_count_as_settled() -> None:
    story = Story(MORE)
    for day in range(9):
        story.at(days=day).order(line("coffee"), order_id=f"o{day}").delivered(f"o{day}")
    story.at(days=10)
    for day in range(1, 9):
        assert story.stages("coffee")[-1] != "ended"
        story.purchase("order_refunded", line("coffee"), order_id=f"o{day}")
    assert story.stages("coffee")[-1] == "ended"


@pytest.mark.parametrize(("ms", "ended"), [(-1, False), (0, True), (1, True)])
def test_a_cancelled_subscription_ends_at_its_paid_through_date(ms: int, ended: bool) -> None:
    story = subscribed(renews_at=DAY_0 + 30 * DAY).at(days=5)
    story.subscription("subscription_cancelled", "plan", paid_through_at=DAY_0 + 30 * DAY).at(days=30, ms=ms)
    assert (story.stages("plan")[-1] == "ended") == ended


def test_a_plan_that_was_bought_by_an_order_ends_with_its_subscription_too() -> None:
    story = Story(MORE).order(line("plan", fulfilment="digital"))
    story.subscription("subscription_started", "plan", term_starts_at=DAY_0).at(days=5)
    story.subscription("subscription_cancelled", "plan", paid_through_at=DAY_0 + 30 * DAY)
    assert story.at(days=30, ms=-1).stages("plan") == ["unboxing"]
    assert story.at(days=30).stages("plan") == ["unboxing", "ended"]


def test_the_supply_of_a_cancelled_subscription_is_still_owned() -> None:
    story = owned("coffee").subscription("subscription_started", "coffee").at(days=5)
    assert story.subscription("subscription_cancelled", "coffee").at(days=6).stages("coffee")[-1] != "ended"


def test_a_refund_of_an_order_nobody_heard_of_ends_no_subscription() -> None:
    story = subscribed(renews_at=DAY_0 + 300 * DAY).at(days=5)
    story.purchase("order_refunded", line("plan"), order_id="unheard").at(days=6)
    assert story.stages("plan") == ["unboxing"]


def test_a_cancelled_subscription_that_starts_again_is_owned_again() -> None:
    story = subscribed().at(days=5).subscription("subscription_cancelled", "plan").at(days=6)
    assert story.stages("plan")[-1] == "ended"
    assert story.subscription("subscription_started", "plan").stages("plan")[-1] == "unboxing"


# precedence


def test_what_has_ended_is_ended_although_its_renewal_is_near() -> None:
    story = owned("toothbrush").at(days=80)
    assert story.stages("toothbrush")[-1] == "renewal"
    story.purchase("order_refunded", line("toothbrush"))
    assert story.at(days=100).stages("toothbrush")[-1] == "ended"


def test_renewal_comes_before_care_and_usage() -> None:
    story = owned("toothbrush").at(days=10).use("result", "toothbrush").at(days=60)
    assert story.stages("toothbrush")[-1] == "care"
    assert story.at(days=61).stages("toothbrush")[-1] == "renewal"
    young = owned("toothbrush").at(days=55).use("result", "toothbrush").at(days=61)
    assert young.stages("toothbrush")[-2:] == ["usage", "renewal"]


def test_care_comes_before_usage_and_usage_before_unboxing() -> None:
    story = owned().at(days=5).use("result").at(days=40)
    assert story.stages() == ["checkout", "unboxing", "usage", "care"]


def test_a_late_event_puts_a_stage_right_and_says_so() -> None:
    story = owned().at(days=2).parcel("in_transit", parcel_id="p2")
    told = story.of("journey.stages")[-1]
    assert (told.from_stage, told.to_stage, told.corrected) == ("unboxing", "checkout", True)


def test_a_stage_is_said_once_however_often_it_is_looked_at() -> None:
    story = owned().delivered().delivered().at(days=5).use("result").use("result").at(days=30, hours=5)
    assert story.stages() == ["checkout", "unboxing", "usage"]
    assert changes(story)[-1][1] == DAY_0 + 5 * DAY
