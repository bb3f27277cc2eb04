"""Looks are exact: everything that time alone brings has its wake-up, and a look too many changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from state.records.parts import Target
from tests.streams.journey.lives import ITEMS, Script, live, scripts
from tests.streams.journey.story import DAY, DAY_0, HOUR, Story
from tests.streams.journey.worlds import world_of

TARGETS = (
    Target(), *(Target(product_id=item) for item in ITEMS), *(Target(order_id=f"o{n}") for n in (1, 2, 3)),
    Target(product_id="unknown"), Target(order_id="unknown"),
)  # fmt: skip
extra_looks = st.lists(st.tuples(st.integers(0, 120 * 24), st.sampled_from(TARGETS)), min_size=1, max_size=12)


def live_with_looks(script: Script, looks: list[tuple[int, Target]]) -> Story:
    """The same life, looked at again at these hours."""
    more: Script = [(hour * HOUR, lambda s, t=target: s.look(t)) for hour, target in looks]  # type: ignore[misc]
    last = script[-1][0]
    within = [entry for entry in more if entry[0] <= last]
    story = live(sorted([*script, *within], key=lambda entry: entry[0]), until=0)
    for at, act in sorted((e for e in more if last < e[0] <= last + 60 * DAY), key=lambda entry: entry[0]):
        story.at(ms=at)
        act(story)
    return story.at(ms=last + 60 * DAY)


@settings(max_examples=60)
@given(scripts(), extra_looks)
def test_an_extra_look_at_any_time_changes_nothing(script: Script, looks: list[tuple[int, Target]]) -> None:
    assert live_with_looks(script, looks).said == live(script).said


@settings(max_examples=15)
@given(scripts())
def test_looking_at_everything_all_the_time_changes_nothing(script: Script) -> None:
    looks = [(hour, target) for hour in range(3, 60 * 24, 37) for target in TARGETS]
    assert live_with_looks(script, looks).said == live(script).said


@settings(max_examples=40)
@given(scripts())
def test_a_due_time_is_always_after_now(script: Script) -> None:
    story = Story()
    for at, act in script:
        story.at(ms=at)
        act(story)
        due = story.store.next_due()
        assert due is None or due > story.now
    while (due := story.store.next_due()) is not None and due < story.now + 60 * DAY:
        story.at(ms=due - DAY_0)
        assert (story.store.next_due() or due + 1) > due


@settings(max_examples=40)
@given(scripts())
def test_a_withheld_moment_has_a_wake_up_by_the_time_that_it_names(script: Script) -> None:
    story = Promises()
    for at, act in script:
        story.at(ms=at)
        act(story)
    story.at(ms=story.now - DAY_0 + 60 * DAY)
    assert story.broken == []


@settings(max_examples=20)
@given(scripts())
def test_wake_ups_end(script: Script) -> None:
    """What is left after years is maintenance, at its interval."""
    story = live(script, until=900 * DAY)
    before = story.looks
    story.at(ms=story.now - DAY_0 + 360 * DAY)
    assert story.looks - before <= 4 * 3


class Promises(Story):
    """A story that compares what each step promises with the wake-ups that it leaves."""

    def __init__(self) -> None:
        super().__init__()
        self.broken: list[Any] = []

    def _commit(self) -> list[tuple[str, Any]]:
        outputs = super()._commit()
        due = self.store.next_due()
        for topic, record in outputs:
            if topic == "journey.decisions" and record.look_again_at is not None:
                kept = self.now < record.look_again_at and due is not None and due <= record.look_again_at
                self.broken += [] if kept else [record]
        return outputs


# one reason after the other: it lifts in the millisecond that was named, and not before


def lifting(reason: str) -> Story:
    """A moment that is withheld for this reason and nothing else, and is looked at again by itself."""
    more = REASONS[reason][1]
    story = Story(world_of(*REASONS[reason][0], more=more)).profile()
    REASONS[reason][2](story)
    return story


def _upgrades(story: Story) -> Story:
    story.order("kettle", "lamp").delivered().use("result").use("result", "lamp").at(days=3)
    return story.use("limit_reached")


def _upgrade_and_next_step(story: Story) -> Story:
    return _upgrades(story).use("milestone", name="brewed").at(days=4)


LONG = '[caps]\noffer_gap = "0 d"\n[moments.next_step]\ndelay = "{delay} d"\nwindow = "30 d"\n'
REASONS: dict[str, tuple[tuple[str, ...], str, Callable[[Story], Any]]] = {
    "friction": (
        ("upgrade",), "",
        lambda s: s.order("kettle").delivered().use("result").at(days=2)
        .reply("question", signals_friction=True).at(days=3).use("limit_reached"),
    ),
    "cooling_off": (
        ("upgrade",), "",
        lambda s: s.order("kettle").delivered().use("result").at(days=2).ticket("new").at(days=3)
        .ticket("solved").use("limit_reached"),
    ),
    "outranked": (
        ("upgrade", "next_step"), LONG.format(delay=3),
        _upgrade_and_next_step,
    ),
    "already_open": (
        ("upgrade", "next_step"), LONG.format(delay=4),
        lambda s: _upgrade_and_next_step(s).at(days=5),
    ),
    "offer_gap": (
        ("upgrade", "next_step"), '[moments.next_step]\ndelay = "3 d"\nwindow = "30 d"\n',
        lambda s: _upgrade_and_next_step(s).order("kettle-pro", order_id="o2"),
    ),
    "offer_cap": (
        ("upgrade", "next_step"),
        ('[caps]\noffers_in_window = 1\noffers_window = "10 d"\n'
        '[moments.next_step]\ndelay = "3 d"\nwindow = "20 d"\n'),
        lambda s: _upgrade_and_next_step(s).order("kettle-pro", order_id="o2").at(days=12),
    ),
    "daily_cap": (
        ("setup_guide",), "[caps]\ndaily_moves = 1\n",
        lambda s: s.order("kettle").delivered().use("setup_completed").at(hours=3)
        .order("lamp", order_id="o2").delivered("o2", "p2"),
    ),
    "offers_rest": (
        ("upgrade",), "", lambda s: _upgrades(s.at(days=1).reply("not_now")),
    ),
    "asked_recently": (
        ("goal_question",), '[asks]\ngap = "20 d"\n',
        lambda s: s.order("kettle").delivered().use("result").at(days=7).order("lamp", order_id="o2")
        .delivered("o2", "p2").use("result", "lamp").at(days=14),
    ),
    "fresh_answer": (
        ("goal_question",), '[asks]\nanswer_fresh = "10 d"\n',
        lambda s: s.goal("better tea").order("kettle").delivered().use("result").at(days=7),
    ),
    "waiting_for_answer": (
        ("goal_question", "next_step"), "",
        lambda s: s.order("kettle").delivered().at(days=12).use("milestone", name="brewed").at(days=14),
    ),
    "help_recently": (
        ("help",), "",
        lambda s: s.ticket("new").at(hours=1).ticket("solved").at(hours=2)
        .ticket("new", topic="billing", ticket_id="t2").at(hours=3),
    ),
    "wrong_context": (
        ("order_add_on",), "", lambda s: s.parcel("update_opened", "o0").order("kettle"),
    ),
    "ramping_up": (
        ("order_add_on",), '[live]\nfrom = 2025-12-31T23:00:00Z\nramp = "3 h"\n',
        lambda s: s.order("kettle"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("reason", REASONS)
def test_a_reason_lifts_in_the_millisecond_that_was_named(reason: str) -> None:
    story = lifting(reason)
    decision = story.of("journey.decisions")[-1]
    assert decision.reason == reason
    opened = len(story.opened(decision.placement))
    assert decision.look_again_at is not None
    story.at(ms=decision.look_again_at - DAY_0 - 1)
    assert len(story.opened(decision.placement)) == opened
    assert len(story.at(ms=decision.look_again_at - DAY_0).opened(decision.placement)) == opened + 1
