"""Help first: when it opens, how often, who must not be disturbed, and when a person is needed."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.records import Ticket
from streams.journey.words import Flag
from tests.streams.journey.story import DAY, DAY_0, HOUR, Story
from tests.streams.journey.worlds import world_of

MINUTE = 60_000


def trouble(**more: Any) -> Story:
    """A customer with a new troubleshooting ticket at DAY_0."""
    return Story().profile().ticket("new", **more)


def test_help_opens_30_minutes_after_friction_started() -> None:
    story = trouble().at(minutes=30, ms=-1)
    assert story.opened("help") == []
    (opened,) = story.at(minutes=30).opened("help")
    assert (opened.move, opened.message_class, opened.opens_at) == ("help", "service", DAY_0 + 30 * MINUTE)


def test_friction_that_ends_within_30_minutes_brings_no_help() -> None:
    story = trouble().at(minutes=30, ms=-1).ticket("solved")
    assert story.at(days=10).opened("help") == []


def test_friction_that_is_heard_of_late_brings_help_at_once() -> None:
    story = Story().profile().at(hours=5)
    late = {**story._stamp(), "occurred_at": DAY_0 + HOUR}
    story.send(Ticket(**late, ticket_id="t1", status="new"))
    assert story.opened("help")[0].opens_at == DAY_0 + 5 * HOUR


def test_help_counts_from_the_first_trouble_although_a_later_one_was_heard_of_before() -> None:
    story = Story().profile().at(hours=1).ticket("new", ticket_id="t2").at(hours=1, minutes=10)
    late = {**story._stamp(), "occurred_at": DAY_0}
    story.send(Ticket(**late, ticket_id="t1", status="new"))
    (opened,) = story.at(days=3).opened("help")
    assert opened.opens_at == DAY_0 + HOUR + 10 * MINUTE


def test_help_ends_when_friction_ends() -> None:
    story = trouble().at(hours=5).ticket("solved")
    (ended,) = story.changes("help", "completed")
    assert (ended.reason, ended.decided_at) == ("friction_ended", DAY_0 + 5 * HOUR)


def test_an_episode_gets_one_help_however_long_it_lasts() -> None:
    assert len(trouble().at(days=29).opened("help")) == 1


def test_a_ticket_that_is_touched_again_is_no_new_episode() -> None:
    story = trouble().at(hours=2).ticket("open").at(days=2).ticket("pending").at(days=4).ticket("hold")
    assert len(story.at(days=10).opened("help")) == 1


def test_friction_that_comes_back_is_a_new_episode() -> None:
    story = trouble().at(days=1).ticket("solved").at(days=2).ticket("open").at(days=3)
    assert len(story.opened("help")) == 2
    assert len({opened.eligibility_id for opened in story.opened("help")}) == 2


def two_episodes(ms: int) -> Story:
    """Helped at 00:30, solved, and other friction 30 minutes before that was 24 hours ago."""
    story = trouble().at(hours=1).ticket("solved")
    return story.at(hours=24).ticket("new", topic="billing", ticket_id="t2").at(hours=24, minutes=30, ms=ms)


def test_there_is_one_help_in_24_hours() -> None:
    assert len(two_episodes(-1).opened("help")) == 1
    assert len(two_episodes(0).opened("help")) == 2


def test_a_second_episode_within_24_hours_waits_until_they_are_over() -> None:
    story = trouble().at(hours=1).ticket("solved").at(hours=3).ticket("new", topic="billing", ticket_id="t2")
    story.at(hours=24, minutes=30, ms=-1)
    assert story.withheld("help") == ["help_recently"]
    (decision,) = [r for r in story.of("journey.decisions") if r.placement == "help"]
    assert decision.look_again_at == DAY_0 + DAY + 30 * MINUTE
    assert len(story.opened("help")) == 1
    assert len(story.at(hours=24, minutes=30).opened("help")) == 2


def test_one_help_is_open_at_a_time() -> None:
    story = trouble().at(hours=1).ticket("new", topic="billing", ticket_id="t2").at(days=2)
    assert len(story.opened("help")) == 1
    assert story.withheld("help")[-1] == "already_open"


def test_help_that_waits_for_another_comes_when_that_friction_ends() -> None:
    story = trouble().ticket("new", topic="billing", ticket_id="t2").at(days=2).ticket("solved")
    assert len(story.opened("help")) == 2


def test_no_help_while_an_agent_holds_the_ticket() -> None:
    story = trouble(agent_holds=True).at(days=3)
    assert story.opened("help") == []
    assert story.withheld("help") == ["agent_holds"]


def test_help_opens_when_the_agent_lets_go_of_a_ticket_that_is_still_open() -> None:
    story = trouble(agent_holds=True).at(hours=5).ticket("open", agent_holds=False)
    assert story.opened("help")[0].opens_at == DAY_0 + 5 * HOUR


def test_an_agent_who_holds_one_ticket_is_not_disturbed_by_help_for_another_problem() -> None:
    story = trouble(agent_holds=True).at(hours=1).ticket("new", topic="billing", ticket_id="t2")
    assert story.at(hours=5).opened("help") == []


def test_a_ticket_that_an_agent_held_until_it_was_solved_holds_nothing_back() -> None:
    story = trouble(agent_holds=True).at(hours=1).ticket("solved", agent_holds=True)
    story.at(hours=2).ticket("new", topic="billing", ticket_id="t2").at(hours=3)
    assert len(story.opened("help")) == 1


@pytest.mark.parametrize(
    ("priority", "person"), [("low", False), ("normal", False), ("high", True), ("urgent", True)]
)
def test_severe_friction_is_handed_to_a_person(priority: str, *, person: bool) -> None:
    (opened,) = trouble(priority=priority).at(hours=1).opened("help")
    assert opened.escalate_to_human is person


def test_repeated_friction_is_handed_to_a_person() -> None:
    story = trouble().at(days=1).ticket("solved").at(days=20).ticket("new", topic="billing", ticket_id="t2")
    first, second = story.at(days=21).opened("help")
    assert (first.escalate_to_human, second.escalate_to_human) == (False, True)


@pytest.mark.parametrize(("ms", "person"), [(-1, True), (0, False)])
def test_friction_repeats_within_30_days(ms: int, *, person: bool) -> None:
    story = trouble().at(days=1).ticket("solved").at(days=29, hours=23, minutes=30, ms=ms)
    story.ticket("new", topic="billing", ticket_id="t2").at(days=30, hours=1)
    assert story.opened("help")[-1].escalate_to_human is person


def test_a_frustrated_customer_is_handed_to_a_person() -> None:
    (opened,) = Story().profile().reply("frustrated").at(hours=1).opened("help")
    assert opened.escalate_to_human


def test_friction_of_a_frustrated_customer_is_handed_to_a_person() -> None:
    story = trouble(agent_holds=True).reply("frustrated").at(hours=1).ticket("open", agent_holds=False)
    assert story.opened("help")[0].escalate_to_human


def test_help_for_a_mass_incident_is_held() -> None:
    story = Story().profile().order("kettle").parcel("exception")
    story.conditions["held_flags"] = frozenset((int(Flag.SHIPPING_PROBLEM),))
    story.at(hours=12)
    assert story.opened("help") == []
    assert story.withheld("help") == ["mass_incident"]


def test_help_comes_within_the_hour_after_a_mass_incident() -> None:
    story = Story().profile().order("kettle").parcel("exception")
    story.conditions["held_flags"] = frozenset((int(Flag.SHIPPING_PROBLEM),))
    story.at(hours=12)
    story.conditions.clear()
    assert len(story.at(hours=13).opened("help")) == 1


def test_a_mass_incident_holds_no_help_for_other_friction() -> None:
    story = trouble()
    story.conditions["held_flags"] = frozenset((int(Flag.SHIPPING_PROBLEM),))
    assert len(story.at(hours=1).opened("help")) == 1


def test_help_outranks_everything() -> None:
    story = Story(world_of(more="[caps]\ndaily_moves = 1\n")).profile()
    story.ticket("new").at(minutes=30, ms=-1).order("kettle", order_id="o1").at(minutes=30).delivered()
    said = [r.placement for r in story.of("journey.eligibility") if r.status == "opened"]
    assert said == ["help"]
    assert story.withheld("setup_guide") == ["daily_cap"]


def test_help_is_held_back_by_no_cap() -> None:
    story = Story(world_of(more="[caps]\ndaily_moves = 1\n")).order("kettle").delivered()
    assert len(story.opened("setup_guide")) == 1
    assert len(story.ticket("new").at(hours=1).opened("help")) == 1


def test_help_needs_no_consent_but_a_channel() -> None:
    assert Story().ticket("new").at(hours=1).opened("help")[0].channels == ("in_app", "email", "sms", "push")
    stopped = Story().reply("stop").ticket("new").at(hours=1)
    assert stopped.opened("help") == []
    assert stopped.withheld("help") == ["no_channel"]


def test_help_names_the_friction_that_it_is_for() -> None:
    (opened,) = trouble().at(hours=1).opened("help")
    trust = opened.checks[-1]
    assert trust.name == "trust_protected"
    assert trust.evidence == ("friction=troubleshooting event=e2",)


def test_help_is_never_in_the_holdout() -> None:
    story = Story(world_of(more="[holdout]\nshare = 1.0\n")).profile().ticket("new").at(hours=1)
    assert [r.placement for r in story.of("journey.eligibility")] == ["help"]
    assert story.of("journey.holdout") == []
