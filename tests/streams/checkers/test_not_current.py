from dataclasses import replace

import pytest

from schemas.records import FrictionChange
from streams.checkers.not_current import NotCurrent
from tests.streams.checkers.cases import Story, T, ended, opened, wrongs


def inferred(to_state: str = "open", *, guess: bool = True) -> tuple[str, FrictionChange]:
    return "journey.friction", FrictionChange(
        customer_id="", sequence=0, flag="shipping_problem", scope="order", from_state="none",
        to_state=to_state, since=T, severity="normal", stale=False, inferred=guess,
        decided_at=T, policy_version="p1",
        catalogue_version="c1",
    )  # fmt: skip


@pytest.mark.parametrize(("current", "wrong"), [(True, 0), (False, 2)])
def test_nothing_is_opened_or_inferred_while_catching_up(*, current: bool, wrong: int) -> None:
    story = Story()
    story.look(T, opened(T), inferred(), current=current)
    assert len(wrongs(NotCurrent, story)) == wrong


def test_nothing_is_inferred_from_the_silence_of_a_source_that_is_silent_itself() -> None:
    for silent, wrong in ((frozenset({"usage"}), 0), (frozenset({"deliveries"}), 1)):
        story = Story()
        story.look(T, inferred(), inferred(guess=False), inferred("none"))
        story.steps = [replace(story.steps[0], silent=silent)]
        assert len(wrongs(NotCurrent, story)) == wrong


def test_what_is_reported_and_what_ends_is_said_at_once() -> None:
    story = Story()
    story.look(T, opened(T))
    story.look(
        T,
        ended(opened(T), "revoked"),
        inferred(guess=False),
        inferred("none"),
        current=False,
    )
    assert wrongs(NotCurrent, story) == []


@pytest.mark.parametrize(("silent", "wrong"), [("deliveries", 0), ("usage", 1)])
def test_a_silent_source_of_usage_stalls_nobody(silent: str, wrong: int) -> None:
    story = Story()
    story.look(T, opened(T, placement="stalled_start"))
    story.steps = [replace(story.steps[0], silent=frozenset({silent}))]
    assert len(wrongs(NotCurrent, story)) == wrong
