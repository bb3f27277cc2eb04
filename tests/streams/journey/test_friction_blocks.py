from typing import Any

import pytest

from streams.journey.words import Flag
from tests.streams.journey.story import DAY, DAY_0, Story

DAY_0_DATE = DAY_0 // DAY


def ordered() -> Story:
    """A lamp on its way; its add-on was offered and is over at day 1."""
    return Story().profile().order("lamp").at(days=1, hours=1)


# what a flag blocks


WIDE: list[tuple[str, Any]] = [
    ("shipping_problem", lambda story: story.parcel("exception")),
    ("troubleshooting", lambda story: story.ticket("open", order_id="o1")),
    ("billing_problem", lambda story: story.purchase("payment_failed")),
    ("open_question", lambda story: story.reply("question", signals_friction=True)),
    ("return_in_progress", lambda story: story.ticket("open", "return", order_id="o1")),
    ("negative_reply", lambda story: story.reply("frustrated")),
]


@pytest.mark.parametrize(("flag", "raise_it"), WIDE)
def test_an_open_flag_blocks_offers_to_the_whole_customer(flag: str, raise_it: Any) -> None:
    story = Story().profile().order("teapot")
    raise_it(story)
    story.at(hours=1).order("lamp", order_id="o2")
    assert story.flags(flag) == ["open"]
    assert [r.reason for r in story.of("journey.decisions") if r.order_id == "o2"] == ["friction"]
    assert not story.opened("order_add_on")


def test_a_flag_that_cools_off_blocks_its_order_and_no_other() -> None:
    story = Story().profile().purchase("payment_failed").order("lamp").order("lamp", order_id="o2")
    assert not story.opened("order_add_on")
    story.at(hours=2).purchase("payment_recovered")
    assert [r.order_id for r in story.opened("order_add_on")] == ["o2"]
    assert ("o1", "cooling_off") in {(r.order_id, r.reason) for r in story.of("journey.decisions")}


def test_a_routine_return_blocks_its_order_and_no_other() -> None:
    story = Story().profile().purchase("return_registered").order("lamp").order("lamp", order_id="o2")
    assert [r.order_id for r in story.opened("order_add_on")] == ["o2"]
    assert ("o1", "friction") in {(r.order_id, r.reason) for r in story.of("journey.decisions")}


def test_a_return_that_is_talked_about_is_not_routine() -> None:
    story = Story().profile().purchase("return_registered").ticket("open", "return", order_id="o1")
    assert not story.order("lamp", order_id="o2").opened("order_add_on")


def test_an_ask_is_blocked_as_an_offer_is() -> None:
    story = Story().profile().order("kettle").delivered().at(days=1).use("result").at(days=6).ticket("open")
    assert not story.at(days=8).opened("goal_question")
    assert story.withheld("goal_question")[-1] == "friction"


def test_what_was_blocked_comes_back_when_the_cooling_off_ends() -> None:
    story = (
        Story()
        .profile()
        .order("kettle")
        .delivered()
        .at(days=1)
        .use("result")
        .at(days=6)
        .ticket("open", order_id="o1")
    )
    story.at(days=8).ticket("solved", order_id="o1")
    assert not story.at(days=11, ms=-1).opened("goal_question")
    assert story.at(days=11).opened("goal_question")


def test_help_is_never_blocked_by_friction() -> None:
    story = ordered().ticket("open").purchase("payment_failed").at(days=2)
    assert story.opened("help")


def test_a_guide_goes_on_while_another_thing_is_repaired() -> None:
    story = ordered().ticket("open", product_id="kettle").delivered()
    assert story.opened("setup_guide")


def test_a_guide_waits_for_the_shipping_problem_of_its_own_order() -> None:
    story = ordered().parcel("exception", parcel_id="p2", line_ids=("9",)).delivered(line_ids=("1",))
    assert story.withheld("setup_guide") == ["friction"]


# revoked in the same transaction


@pytest.mark.parametrize(("flag", "raise_it"), WIDE)
def test_an_open_offer_that_it_blocks_is_revoked_in_the_same_transaction(flag: str, raise_it: Any) -> None:
    story = Story().profile().order("lamp").at(hours=1)
    assert story.opened("order_add_on")
    before = len(story.said)
    raise_it(story)
    step = [record for _, _, record in story.said[before:]]
    assert getattr(step[0], "flag", None) == flag
    revoked = [r for r in step if getattr(r, "status", None) == "revoked"]
    assert [(r.placement, r.reason) for r in revoked] == [("order_add_on", "friction_started")]
    assert revoked[0].cause_event_id == step[0].cause_event_id is not None


def test_an_open_ask_that_it_blocks_is_revoked_in_the_same_transaction() -> None:
    story = Story().profile().order("kettle").delivered().at(days=1).use("result").at(days=8)
    before = len(story.said)
    story.ticket("open")
    step = [record for _, _, record in story.said[before:]]
    assert [r.placement for r in step if getattr(r, "status", None) == "revoked"] == ["goal_question"]


def test_an_offer_that_was_sent_and_can_still_be_sent_again_is_revoked_too() -> None:
    story = Story().profile().order("lamp").at(hours=1)
    story.sent(story.opened("order_add_on")[0]).at(hours=2).ticket("open")
    assert story.changes("order_add_on", "revoked")


def test_a_permission_that_only_waits_for_its_answer_is_not_revoked() -> None:
    story = Story().profile().order("lamp").at(hours=1)
    story.sent(story.opened("order_add_on")[0]).at(days=2).ticket("open")
    assert not story.changes("order_add_on", "revoked")


def test_a_look_that_finds_a_late_parcel_revokes_as_well() -> None:
    story = Story().profile().order("kettle").delivered().at(days=1).use("result").at(days=4)
    story.order("lamp", order_id="o2").at(days=5).parcel("in_transit", "o2", "p2", estimate_on=DAY_0_DATE + 5)
    story.at(days=8, ms=-1)
    assert story.opened("goal_question")
    assert story.at(days=8).changes("goal_question", "revoked")[0].reason == "friction_started"


def test_what_was_revoked_before_it_was_sent_may_come_again() -> None:
    story = Story().profile().order("coffee").delivered().at(days=25).ticket("open")
    story.at(days=26).ticket("solved").at(days=29)
    first, again = story.opened("refill")
    assert (
        story.changes("refill", "revoked")[0].eligibility_id == first.eligibility_id != again.eligibility_id
    )


# precedence and many at once


def test_an_open_flag_tells_its_reason_before_one_that_cools_off() -> None:
    story = Story().profile().purchase("payment_failed").at(hours=1).purchase("payment_recovered")
    story.ticket("open").order("lamp")
    assert story.withheld("order_add_on") == ["friction"]


def test_two_flags_block_until_both_are_over() -> None:
    story = Story().profile().order("kettle").delivered().at(days=1).use("result").at(days=6)
    story.ticket("open", order_id="o1").purchase("payment_failed")
    story.at(days=7).ticket("solved", order_id="o1").at(days=8).purchase("payment_recovered")
    assert not story.at(days=11, ms=-1).opened("goal_question")
    assert story.at(days=11).opened("goal_question")


def test_help_is_held_while_many_customers_have_the_same_problem() -> None:
    story = ordered()
    story.conditions = {"held_flags": frozenset({int(Flag.SHIPPING_PROBLEM)})}
    story.parcel("exception").at(days=1, hours=3)
    assert story.withheld("help") == ["mass_incident"]
    story.conditions = {}
    assert story.at(days=1, hours=5).opened("help")


def test_help_for_another_problem_is_not_held() -> None:
    story = ordered()
    story.conditions = {"held_flags": frozenset({int(Flag.SHIPPING_PROBLEM)})}
    assert story.ticket("open").at(days=1, hours=3).opened("help")


# nothing is inferred from silence


def test_a_stalled_start_is_not_inferred_while_usage_is_silent_everywhere() -> None:
    story = Story().profile().order("kettle").delivered().at(days=5)
    story.conditions = {"stale_sources": frozenset({"usage"})}
    assert not story.at(days=8).opened("stalled_start")
    assert story.withheld("stalled_start") == ["inputs_stale"]
    story.conditions = {}
    assert story.at(days=8, hours=7).opened("stalled_start")
