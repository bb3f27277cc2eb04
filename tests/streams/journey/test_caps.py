from typing import Any

import pytest

from streams.journey.policy_set import PolicySet
from streams.loading.policy_file import policy_of_text
from tests.streams.journey.story import DAY, DAY_0, HOUR, PRODUCTS, Story, product, world

BASES = ("tent", "bike", "desk", "oven")
PRODUCTS_WITH_ADD_ONS = (
    *PRODUCTS,
    *(product(base, relations=(("add_on", f"{base}-extra"),)) for base in BASES),
    *(product(f"{base}-extra", price_minor=500) for base in BASES),
)
WORLD = world(products=PRODUCTS_WITH_ADD_ONS)
EDGES = [(-1, False), (0, True), (1, True)]


def offered(base: str = "tent") -> Story:
    """An add-on was offered at day 0."""
    story = Story(WORLD).profile().order(base, order_id=base)
    assert story.opened("order_add_on")
    return story


def add_on_at(story: Story, base: str, *, days: float = 0, hours: float = 0, ms: int = 0) -> str:
    """What an order at that time brings: "opened", or the reason why not."""
    said = len(story.said)
    order_id = f"{base} at {days} {hours}"
    story.at(days=days, hours=hours, ms=ms).order(base, order_id=order_id)
    told = [
        r
        for _, _, r in story.said[said:]
        if getattr(r, "order_id", "") == order_id and hasattr(r, "placement")
    ]
    return str(getattr(told[-1], "status", told[-1].reason))


def last_offer(story: Story) -> Any:
    return story.opened("order_add_on")[-1]


# offers


def test_at_most_one_offer_is_open() -> None:
    story = offered()
    assert add_on_at(story, "bike", hours=5) == "already_open"


@pytest.mark.parametrize(("ms", "opens"), EDGES)
def test_there_are_at_least_7_days_between_offers(ms: int, opens: bool) -> None:
    assert add_on_at(offered(), "bike", days=7, ms=ms) == ("opened" if opens else "offer_gap")


@pytest.mark.parametrize(("ms", "opens"), EDGES)
def test_there_are_at_most_2_offers_in_30_days(ms: int, opens: bool) -> None:
    story = offered()
    assert add_on_at(story, "bike", days=8) == "opened"
    assert add_on_at(story, "desk", days=16) == "offer_cap"
    assert add_on_at(story, "oven", days=30, ms=ms) == ("opened" if opens else "offer_cap")


def test_a_withheld_offer_comes_when_the_cap_lifts_if_its_window_still_lasts() -> None:
    story = offered()
    assert add_on_at(story, "bike", days=6, hours=20) == "offer_gap"
    story.at(days=7)
    assert last_offer(story).product_id == "bike"
    assert last_offer(story).opens_at == DAY_0 + 7 * DAY


def test_the_gap_tells_before_the_count() -> None:
    story = offered()
    assert add_on_at(story, "bike", days=8) == "opened"
    assert add_on_at(story, "desk", days=10) == "offer_gap"


# the daily cap


def three_moves() -> Story:
    """Three guides of three things, all followed, at hours 0, 1 and 2."""
    story = Story(WORLD).profile()
    for hour, name in enumerate(("filter", "bulb", "plug")):
        story.at(hours=hour).order(name, order_id=name).delivered(name)
        assert story.opened("setup_guide")[-1].product_id == name
        story.use("setup_completed", name)
    return story


def test_three_moves_in_a_day_are_enough() -> None:
    story = three_moves().at(hours=3).order("teapot", order_id="t").delivered("t")
    assert len(story.opened("setup_guide")) == 3
    assert story.withheld("setup_guide") == ["daily_cap"]


@pytest.mark.parametrize(("ms", "opens"), EDGES)
def test_the_daily_cap_lifts_24_hours_after_the_first_of_the_three(ms: int, opens: bool) -> None:
    story = three_moves().at(hours=3).order("teapot", order_id="t").delivered("t").at(hours=24, ms=ms)
    assert len(story.opened("setup_guide")) == 3 + opens


def test_the_daily_cap_counts_every_move() -> None:
    story = Story(WORLD).profile().order("tent", order_id="t").at(hours=1).delivered("t")
    story.use("setup_completed", "tent").at(hours=2).ticket("open", product_id="lamp").at(hours=3)
    assert [r.move for r in story.of("journey.eligibility") if r.status == "opened"] == [
        "offer",
        "guide",
        "help",
    ]
    story.order("filter", order_id="f").delivered("f")
    assert story.withheld("setup_guide") == ["daily_cap"]


def test_help_is_never_held_back_by_the_daily_cap() -> None:
    story = three_moves().at(hours=3).ticket("open").at(hours=4)
    assert story.opened("help")


def test_service_offers_are_not_exempt_from_the_daily_cap() -> None:
    story = Story(WORLD).profile().order("coffee", order_id="c").delivered("c").at(days=1)
    opens = (
        Story(WORLD).profile().order("coffee", order_id="c").delivered("c").at(days=30).opened("refill")[0]
    )
    before = (opens.opens_at - DAY_0 - 3 * HOUR) // HOUR
    for n, name in enumerate(("filter", "bulb", "plug")):
        story.at(hours=before + n).order(name, order_id=name).delivered(name).use("setup_completed", name)
    assert story.at(ms=opens.opens_at - DAY_0 + 5 * HOUR).withheld("refill")[:1] == ["daily_cap"]


# service offers


def test_service_offers_are_exempt_from_the_gap_and_the_count() -> None:
    story = Story(WORLD).profile().order("coffee", order_id="c").delivered("c")
    assert add_on_at(story, "tent", days=0, hours=1) == "opened"
    assert add_on_at(story, "bike", days=9) == "opened"
    story.at(days=14)
    assert story.opened("refill")
    assert add_on_at(story, "desk", days=14, hours=1) in {"offer_cap", "already_open"}


def test_a_service_offer_does_not_count_against_the_gap_of_other_offers() -> None:
    story = Story(WORLD).profile().order("coffee", order_id="c").delivered("c").at(days=13)
    story.order("coffee", order_id="d")
    assert "accepted" in [r.status for r in story.changes("refill")]
    assert add_on_at(story, "tent", days=13, hours=2) == "opened"


def goal_then_refill(*, sent: bool) -> Story:
    """A next step was opened at day 11, and coffee runs low while it is open."""
    story = (
        Story(WORLD).profile().order("kettle", "coffee", order_id="k").delivered("k").at(days=1).use("result")
    )
    story.at(days=8).goal("better tea", story.opened("goal_question")[0])
    offer = story.opened("next_step")[0]
    return (story.sent(offer) if sent else story).at(days=14)


def test_an_unsent_offer_gives_way_to_a_service_offer() -> None:
    story = goal_then_refill(sent=False)
    assert [(r.status, r.reason) for r in story.changes("next_step")][-1] == ("superseded", "service_first")
    assert story.opened("refill")


def test_a_service_offer_is_not_exempt_from_the_one_open_rule() -> None:
    story = goal_then_refill(sent=True)
    assert [r.status for r in story.changes("next_step")] == ["opened"]
    assert (story.opened("refill"), story.withheld("refill")) == ([], ["already_open"])
    assert story.at(days=16).opened("refill")


def test_a_service_offer_does_not_supersede_another() -> None:
    story = Story(WORLD).profile().order("coffee", order_id="c").delivered("c").at(days=10)
    story.order("kettle", order_id="k").delivered("k")
    assert story.opened("essential")
    assert story.at(days=13).withheld("refill") == ["already_open"]
    assert "superseded" not in [r.status for r in story.changes("essential")]


def test_a_service_offer_is_not_exempt_from_friction() -> None:
    story = Story(WORLD).profile().order("coffee", order_id="c").delivered("c").at(days=5).ticket("open")
    assert (story.at(days=20).opened("refill"), story.withheld("refill")) == ([], ["friction"])


# one of each move, and none is evicted


def test_a_guide_is_not_evicted_by_another() -> None:
    story = Story(WORLD).profile().order("tent", order_id="t").at(days=2).delivered("t")
    story.at(days=3).order("filter", order_id="f").delivered("f")
    assert [r.product_id for r in story.opened("setup_guide")] == ["tent"]
    assert story.withheld("setup_guide") == ["already_open"]
    story.use("setup_completed", "tent")
    assert [r.product_id for r in story.opened("setup_guide")] == ["tent", "filter"]


def test_permissions_of_different_moves_are_open_side_by_side() -> None:
    story = Story(WORLD).profile().order("kettle", order_id="k").at(days=2).delivered("k").at(days=2, hours=1)
    story.ticket("open", product_id="lamp", ticket_id="t").at(days=2, hours=2)
    assert {r.placement for r in story.of("journey.eligibility") if r.status == "opened"} >= {
        "setup_guide",
        "help",
    }
    assert story.changes("setup_guide")[-1].status == "opened"


# what was sent


@pytest.mark.parametrize(("ms", "opens"), EDGES)
def test_caps_count_from_when_it_was_sent_where_that_is_reported(ms: int, opens: bool) -> None:
    story = offered().at(hours=10)
    story.sent(last_offer(story))
    assert add_on_at(story, "bike", days=7, hours=10, ms=ms) == ("opened" if opens else "offer_gap")


def test_else_caps_count_what_was_opened() -> None:
    assert add_on_at(offered(), "bike", days=3) == "offer_gap"


def test_what_a_reporting_sender_never_sent_does_not_count() -> None:
    story = offered()
    story.sent(last_offer(story))
    assert add_on_at(story, "bike", days=8) == "opened"
    assert add_on_at(story, "desk", days=10) == "opened"


@pytest.mark.parametrize("feedback", ["failed", "suppressed"])
def test_what_could_not_be_sent_does_not_count(feedback: str) -> None:
    story = offered()
    story.reply(None, last_offer(story), feedback=feedback)
    assert add_on_at(story, "bike", days=2) == "opened"


def test_what_failed_and_was_sent_later_counts_from_then() -> None:
    story = offered()
    offer = last_offer(story)
    story.reply(None, offer, feedback="failed").at(hours=3).sent(offer)
    assert add_on_at(story, "bike", days=7, hours=2) == "offer_gap"
    assert last_offer(story.at(days=7, hours=3)).product_id == "bike"


def test_a_report_that_comes_after_the_end_still_counts() -> None:
    story = offered()
    story.sent(last_offer(story))
    assert add_on_at(story, "bike", days=8) == "opened"
    late = last_offer(story)
    story.at(days=9, hours=5).sent(late)
    assert [r.status for r in story.changes("order_add_on") if r.eligibility_id == late.eligibility_id] == [
        "opened",
        "expired",
    ]
    assert add_on_at(story, "desk", days=10) == "offer_gap"


def test_a_report_that_is_told_twice_counts_once() -> None:
    story = offered()
    offer = last_offer(story)
    story.sent(offer).at(hours=20).sent(offer)
    assert add_on_at(story, "bike", days=7) == "opened"


# the holdout


def held_out() -> Story:
    file = policy_of_text('version = "test"\n[holdout]\nshare = 1.0', "test")
    given = world(PolicySet(file.version, file.base, file.overrides), PRODUCTS_WITH_ADD_ONS)
    return Story(given).profile().order("tent", order_id="tent")


def test_offers_and_asks_of_the_holdout_go_to_a_topic_of_their_own() -> None:
    story = held_out()
    assert [r.placement for r in story.of("journey.holdout")] == ["order_add_on"]
    assert not story.of("journey.eligibility")


def test_caps_of_the_holdout_count_as_if_it_was_sent() -> None:
    assert add_on_at(held_out(), "bike", days=3) == "offer_gap"


def test_purchases_are_recorded_for_the_holdout_too() -> None:
    story = held_out().at(days=3).order("tent-extra", order_id="bought")
    assert [(r.status, r.reason) for r in story.of("journey.holdout")][-1] == ("accepted", "purchased")


def test_help_and_guides_never_go_to_the_holdout() -> None:
    story = held_out().at(days=2).delivered("tent").at(days=3).ticket("open").at(days=4)
    assert {r.move for r in story.of("journey.eligibility")} == {"guide", "help"}
