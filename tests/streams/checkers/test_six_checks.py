import pytest

from schemas.records import Check
from streams.checkers.six_checks import SixChecks
from tests.streams.checkers.cases import CHECKS, LIMITS, Story, T, ask, guide, opened, with_limits, wrongs


def test_six_passed_checks_are_right() -> None:
    story = Story()
    story.look(T, opened(T), ask(T), guide(T, decline_options=()))
    assert wrongs(SixChecks, story) == []


@pytest.mark.parametrize("checks", [(), CHECKS[:5], CHECKS[::-1], (*CHECKS, CHECKS[0])])
def test_fewer_more_or_other_checks_are_wrong(checks: tuple[Check, ...]) -> None:
    story = Story()
    story.look(T, opened(T, checks=checks))
    assert wrongs(SixChecks, story) == ["next_step e-1 has other checks than the six"]


@pytest.mark.parametrize(("verdict", "evidence", "wrong"), [
    ("pass", ("goal=speed",), 0),
    ("pass", (), 1),
    ("pass", ("",), 1),
    ("not_applicable", (), 0),
    ("fail", ("goal=speed",), 1),
])  # fmt: skip
def test_a_check_passes_with_evidence_or_does_not_apply(
    verdict: str, evidence: tuple[str, ...], wrong: int
) -> None:
    story = Story()
    story.look(T, opened(T, checks=(*CHECKS[:5], Check("trust_protected", verdict, evidence))))
    assert len(wrongs(SixChecks, story)) == wrong


def test_an_offer_and_a_question_need_an_easy_no() -> None:
    story = Story()
    story.look(T, opened(T, decline_options=()), ask(T, decline_options=()))
    assert len(wrongs(SixChecks, story)) == 2


def test_a_message_is_marketing_or_service() -> None:
    story = Story()
    story.look(T, opened(T, message_class=""))
    assert wrongs(SixChecks, story) == ["next_step e-1 has message class "]


@pytest.mark.parametrize(("late_by_ms", "wrong"), [(-1, 1), (0, 0), (1, 0)])
def test_nothing_opens_before_going_live(late_by_ms: int, wrong: int) -> None:
    story = Story(limits=with_limits(live_from_ms=T))
    story.look(T + late_by_ms, opened(T))
    assert len(wrongs(SixChecks, story)) == wrong


def test_a_placement_that_is_switched_off_is_wrong() -> None:
    story = Story(limits=with_limits(enabled=LIMITS.enabled - {"next_step"}))
    story.look(T, opened(T))
    assert wrongs(SixChecks, story) == ["next_step e-1 is switched off or paused"]
