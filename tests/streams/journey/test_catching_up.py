"""While the inputs are not read to near their end: fold, revoke and close, but open and infer nothing."""

from __future__ import annotations

import pytest

from tests.streams.journey.story import DAY, DAY_0, HOUR, Story
from tests.streams.journey.worlds import world_of


def behind(*placements: str) -> Story:
    """A partition that catches up."""
    story = Story(world_of(*placements))
    story.conditions["current"] = False
    return story


def caught_up(story: Story) -> Story:
    """Everything was read; time goes on for long enough that what waited is looked at."""
    story.conditions.clear()
    return story.at(ms=story.now - DAY_0 + 60_000)


def openings(story: Story) -> list[str]:
    return [r.placement for r in story.of("journey.eligibility") if r.status == "opened"]


def test_nothing_is_opened_while_the_partition_is_not_current() -> None:
    story = (
        behind().profile().order("kettle", "coffee").at(hours=3).parcel("in_transit").at(hours=5).delivered()
    )
    for days in (3, 7, 14, 30, 90):  # read as fast as can be, and looked at now and then
        story.now = DAY_0 + days * DAY
        story.use("result").use("limit_reached").goal("better tea").at(days=days, minutes=10)
    story.ticket("new").at(days=90, hours=2)
    assert openings(story) == []
    assert {"catching_up", "too_late"} <= {r.reason for r in story.of("journey.decisions")}


def test_what_is_held_back_anyway_is_told_so_while_the_partition_catches_up() -> None:
    story = Story(world_of("order_add_on")).profile().ticket("new").order("lamp")
    story.conditions["current"] = False
    story.reply("question", signals_friction=True)
    assert story.withheld("order_add_on") == ["friction"]
    assert caught_up(story).withheld("order_add_on") == ["friction"]


def test_facts_are_folded_and_stages_move_on() -> None:
    story = behind().profile().order("kettle").at(days=2).delivered().at(days=3).use("result")
    assert story.stages() == ["checkout", "unboxing", "usage"]


@pytest.mark.parametrize("placement", ["order_add_on", "setup_guide", "stalled_start", "upgrade"])
def test_what_waited_until_its_window_was_over_is_too_late(placement: str) -> None:
    story = behind(placement).profile().order("kettle", "lamp")
    if placement != "order_add_on":
        story.delivered()
    if placement == "upgrade":
        story.use("result").use("limit_reached")
    story.now = DAY_0 + 8 * DAY
    story.use("session", "lamp").at(days=8, minutes=5)
    story.now = DAY_0 + 40 * DAY
    assert openings(caught_up(story)) == []
    assert story.withheld(placement)[-1] == "too_late"


def test_what_was_open_is_revoked() -> None:
    story = Story().profile().order("kettle").at(hours=1)
    story.conditions["current"] = False
    assert [r.reason for r in story.ticket("new").changes("order_add_on", "revoked")] == ["friction_started"]


def test_what_was_open_is_closed() -> None:
    story = Story().profile().order("kettle").at(hours=1)
    story.conditions["current"] = False
    assert len(story.at(days=2).changes("order_add_on", "expired")) == 1


def test_a_reply_closes_what_was_open() -> None:
    story = Story().profile().order("kettle").at(hours=1)
    story.conditions["current"] = False
    assert len(story.reply("no", story.opened("order_add_on")[0]).changes("order_add_on", "declined")) == 1


def test_what_is_withheld_says_that_it_is_catching_up() -> None:
    assert behind().profile().order("kettle").withheld("order_add_on") == ["catching_up"]


def test_once_current_what_still_holds_is_opened_within_a_minute() -> None:
    story = caught_up(behind().profile().order("kettle").at(hours=3))
    assert openings(story) == ["order_add_on"]


def test_a_ticket_that_was_still_unread_forbids_what_it_forbids() -> None:
    story = behind().profile().order("kettle").at(hours=3).ticket("new")
    assert openings(caught_up(story)) == []
    assert story.withheld("order_add_on")[-1] == "friction"


def late(placement: str) -> Story:
    """The events of a moment, all of them read 60 days later."""
    story = Story(world_of(placement)).profile()
    sent: list[object] = []
    story.send = sent.append  # type: ignore[method-assign, assignment]
    story.order("kettle", "coffee")
    story.now += HOUR
    story.parcel("in_transit")
    story.now += HOUR
    story.delivered()
    story.now += DAY
    story.use("milestone", name="brewed").use("limit_reached")
    del story.send
    story.now = DAY_0 + 60 * DAY
    for event in sent:
        story.send(event)
    return story


@pytest.mark.parametrize("placement", ["essential", "upgrade"])
def test_what_was_over_before_anyone_heard_of_it_is_too_late_and_said_once(placement: str) -> None:
    story = late(placement)
    assert story.withheld(placement) == ["too_late"]
    assert openings(story.at(days=61)) == []
    assert story.withheld(placement) == ["too_late"]


@pytest.mark.parametrize(
    "placement",
    ["order_add_on", "pre_arrival", "setup_guide", "stalled_start", "goal_question", "next_step"],
)
def test_nothing_opens_whose_window_was_over_before_anyone_heard_of_it(placement: str) -> None:
    assert openings(late(placement).at(days=61)) == []


def test_no_late_delivery_is_inferred_while_not_current() -> None:
    story = behind().profile().order("kettle").parcel("in_transit", estimate_on=DAY_0 // DAY + 3)
    story.now = DAY_0 + 20 * DAY
    story.use("session").at(days=20, hours=1)
    assert story.flags("shipping_problem") == []
    story = caught_up(story)
    assert story.flags("shipping_problem") == ["open"]


def test_a_late_delivery_is_known_before_a_moment_of_its_order_that_waited_is_tried_again() -> None:
    story = behind("pre_arrival").profile().order("kettle")
    story.now = DAY_0 + 5 * DAY
    story.parcel("in_transit", estimate_on=DAY_0 // DAY)
    assert story.withheld("pre_arrival") == ["catching_up"]
    story = caught_up(story)
    assert story.flags("shipping_problem") == ["open"]
    assert openings(story) == []
    assert story.withheld("pre_arrival") == ["catching_up", "friction"]


def test_a_delivery_that_is_late_when_another_moment_looks_at_its_order_is_said_at_once() -> None:
    story = Story(world_of("pre_arrival", "setup_guide")).profile()
    story.order("kettle").order("lamp", order_id="o2").delivered(order_id="o2")
    story.parcel("in_transit", estimate_on=DAY_0 // DAY)
    assert story.withheld("pre_arrival") == ["outranked"]
    story.now = DAY_0 + 3 * DAY  # and nobody had looked at what came due
    story.use("setup_completed", "lamp")
    story.at(days=3)
    assert story.flags("shipping_problem") == ["open"]


def test_no_late_delivery_is_inferred_while_the_delivery_source_is_silent() -> None:
    story = Story().profile().order("kettle").parcel("in_transit", estimate_on=DAY_0 // DAY + 3)
    story.conditions["stale_sources"] = frozenset(("deliveries",))
    story.at(days=20)
    assert story.flags("shipping_problem") == []
    story.conditions.clear()
    assert story.at(days=20, hours=6).flags("shipping_problem") == ["open"]


def test_wake_ups_do_not_run_in_circles_while_not_current() -> None:
    story = behind().profile().order("kettle").delivered().ticket("new")
    before = story.looks
    story.at(hours=2)
    assert story.looks - before <= 3 * 120
