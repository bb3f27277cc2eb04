"""Of an event that no rule looks at only the fact is kept, and that says the same as deciding it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.records import OrderLine, Usage
from state.facts_view import facts_of
from state.layouts import Codecs
from streams.journey import quiet
from streams.journey.step import Step, World
from tests.streams.journey.lives import Script, acts, live, scripts, uses
from tests.streams.journey.story import DAY, Story
from tests.streams.journey.worlds import world_of

Act = Callable[[Story], Any]
NOTHING = world_of("pre_arrival")


@settings(max_examples=200)
@given(scripts(most=40, of=st.one_of(acts, uses, uses, uses)))
def test_to_decide_what_is_only_kept_would_say_the_same(script: Script) -> None:
    story = live(script)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quiet, "is_only_kept", lambda _step, _event: False)
        decided = live(script)
    assert story.said == decided.said
    codecs = Codecs()
    assert facts_of(story.store, "anna", codecs) == facts_of(decided.store, "anna", codecs)


def is_only_kept(story: Story, act: Act) -> bool:
    """Whether of the usage event in this act only the fact is kept."""
    told: list[bool] = []

    def watched(step: Step, event: Usage) -> bool:
        told.append(real(step, event))
        return told[-1]

    real = quiet.is_only_kept
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quiet, "is_only_kept", watched)
        act(story)
    assert len(told) == 1
    return told[0]


def session(story: Story) -> Story:
    return story.use("session")


def in_use(given: World = NOTHING) -> Story:
    """A kettle that showed its worth at day 2, now at day 9."""
    story = Story(given).profile().order("kettle").at(days=1).delivered()
    return story.at(days=2).use("result").at(days=9)


# the fact


def test_of_a_session_after_first_value_only_the_fact_is_kept() -> None:
    assert is_only_kept(in_use(), session)


def test_a_session_before_first_value_is_decided() -> None:
    story = Story(NOTHING).profile().order("kettle").at(days=1).delivered().at(days=2)
    assert not is_only_kept(story, session)


@pytest.mark.parametrize(("late_ms", "kept"), [(-1, False), (0, False), (1, True)])
def test_only_what_happened_after_first_value_is_only_kept(late_ms: int, kept: bool) -> None:
    story = in_use()
    first = story.now - 7 * DAY
    late = Usage("late", "anna", first + late_ms, "test", "session", "kettle")
    assert is_only_kept(story, lambda s: s.send(late)) == kept


@pytest.mark.parametrize(("name", "kept"), [("brewed", True), ("100 cups", False)])
def test_a_milestone_that_earns_an_upgrade_is_decided(name: str, kept: bool) -> None:
    assert is_only_kept(in_use(), lambda s: s.use("milestone", name=name)) == kept


def test_a_limit_is_decided() -> None:
    assert not is_only_kept(in_use(), lambda s: s.use("limit_reached", name="full"))


def test_use_that_counts_for_a_unit_as_well_is_decided() -> None:
    line = OrderLine(line_id="1", product_id="kettle", unit_id="k1", quantity=1)
    story = Story(NOTHING).order(line).at(days=1).delivered().use("result", unit_id="k1").at(days=9)
    assert is_only_kept(story, lambda s: s.use("session", unit_id="k1"))
    assert not is_only_kept(story, session)


@pytest.mark.parametrize("is_reported", [True, False])
def test_where_use_proves_delivery_a_full_list_is_decided(is_reported: bool) -> None:
    story = Story(NOTHING).order("kettle").at(days=1)
    if is_reported:
        story.delivered()
    for day in range(2, 8):
        story.at(days=day).use("session")
    assert is_only_kept(story.at(days=9), session) == is_reported


# the time


def test_whose_look_is_due_is_decided() -> None:
    story = in_use().at(days=31.5)
    due = story.now + DAY // 2
    assert story.store.next_due() == due
    story.now = due - 1
    assert is_only_kept(story, session)
    story.now = due
    assert not is_only_kept(story, session)


def test_in_another_world_everything_is_decided_once() -> None:
    story = in_use()
    story.journey.world = world_of("pre_arrival", version=2)
    assert not is_only_kept(story, session)
    assert is_only_kept(story, session)


# the moments


def test_what_waits_behind_the_same_gate_goes_on_waiting() -> None:
    story = in_use(world_of("goal_question", "maintain", more="[asks]\ngap = '60 d'\n"))
    story.order("lamp", order_id="o2").delivered("o2", "p2").use("result", "lamp").at(days=20)
    assert story.withheld("goal_question")
    assert is_only_kept(story, lambda s: s.use("session", "lamp"))


def test_what_no_gate_holds_back_any_more_is_decided() -> None:
    story = Story(world_of("maintain")).order("kettle").at(days=1).delivered()
    story.at(days=2).use("result").at(days=95)
    assert story.withheld("maintain") == ["no_consent"]
    assert not is_only_kept(story, session)


def test_a_gate_that_looks_again_at_another_time_is_decided() -> None:
    story = in_use(world_of("maintain"))
    story.conditions["current"] = False
    story.at(days=95)
    story.now += 1
    assert story.withheld("maintain") == ["catching_up"]
    assert not is_only_kept(story, session)


def test_a_moment_that_was_given_up_for_want_of_facts_is_decided() -> None:
    story = in_use(world_of("next_step")).at(days=16)
    assert story.withheld("next_step") == ["generic"]
    assert not is_only_kept(story, session)


def test_what_was_given_up_in_another_stage_is_past() -> None:
    story = in_use(world_of("next_step")).at(days=33)
    assert story.stages()[-1] == "care"
    assert is_only_kept(story, session)


def test_while_help_is_wanted_use_is_decided() -> None:
    story = in_use(world_of("help")).ticket("new")
    assert not is_only_kept(story, session)
    story.at(days=9, hours=1)
    assert story.opened("help")
    assert is_only_kept(story, session)
