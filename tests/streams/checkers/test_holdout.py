import pytest

from streams.checkers.history import HOLDOUT
from streams.checkers.holdout import Holdouts
from tests.streams.checkers.cases import Story, T, ask, ended, guide, help_, opened, wrongs


def test_a_customer_in_one_arm_is_right() -> None:
    held, spoken = Story(), Story("customer-otto")
    held.look(T, (HOLDOUT, opened(T)[1]), (HOLDOUT, ask(T)[1]), help_(T), guide(T))
    spoken.look(T, opened(T, "e-2"), ask(T, "q-2"))
    assert wrongs(Holdouts, held, spoken) == []


def test_a_customer_in_both_arms_is_wrong() -> None:
    story = Story()
    story.look(T, (HOLDOUT, opened(T)[1]), (HOLDOUT, ended(opened(T), "expired")[1]), ask(T))
    assert wrongs(Holdouts, story) == ["goal_question q-1 is on journey.eligibility, those before it are not"]


@pytest.mark.parametrize("start", [help_(T), guide(T)])
def test_help_and_guidance_are_never_held_out(start: tuple[str, object]) -> None:
    story = Story()
    story.look(T, (HOLDOUT, start[1]))  # type: ignore[arg-type]
    assert len(wrongs(Holdouts, story)) == 1


def test_another_policy_is_another_experiment() -> None:
    story = Story()
    story.look(T, (HOLDOUT, opened(T)[1]), opened(T, "e-2", policy_version="p2"))
    assert wrongs(Holdouts, story) == []


def test_an_opening_on_any_other_topic_is_wrong() -> None:
    story = Story()
    story.look(T, ("journey.decisions", opened(T)[1]))
    assert wrongs(Holdouts, story) == ["next_step e-1 on journey.decisions"]
