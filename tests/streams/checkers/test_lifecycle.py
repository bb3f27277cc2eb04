import pytest

from streams.checkers.history import HOLDOUT
from streams.checkers.lifecycle import Lifecycle
from tests.streams.checkers.cases import DAY, Story, T, ended, opened, with_limits, wrongs

SEND_BY, ANSWER_UNTIL = T + 7 * DAY, T + 21 * DAY


def test_one_end_within_the_window_is_right() -> None:
    story = Story()
    offer = opened(T)
    story.look(T, offer)
    story.look(T + DAY, ended(offer, "rescheduled"))
    story.look(SEND_BY, ended(offer, "expired"))
    story.look(SEND_BY + DAY)
    assert wrongs(Lifecycle, story) == []


@pytest.mark.parametrize(("sent", "bound"), [(False, SEND_BY), (True, ANSWER_UNTIL)])
@pytest.mark.parametrize(("late_by_ms", "wrong"), [(0, 0), (1, 1)])
def test_the_bound_is_send_by_or_if_it_was_sent_the_end_of_attribution(
    *, sent: bool, bound: int, late_by_ms: int, wrong: int
) -> None:
    story = Story()
    offer = opened(T)
    story.look(T, offer)
    if sent:
        story.feedback(T, "sent", "e-1")
    story.look(bound + late_by_ms, ended(offer, "expired"))
    assert len(wrongs(Lifecycle, story)) == wrong


def test_a_live_partition_may_be_late_by_what_is_allowed() -> None:
    story = Story(limits=with_limits(late_by_max_ms=DAY))
    offer = opened(T)
    story.look(T, offer)
    story.look(SEND_BY + DAY, ended(offer, "expired"))
    assert wrongs(Lifecycle, story) == []


def test_what_never_ends_is_found_at_the_next_step_and_at_the_end() -> None:
    story, other = Story(), Story("customer-otto")
    story.look(T, opened(T))
    other.look(SEND_BY + 1)
    assert wrongs(Lifecycle, story, other) == [f"e-1 never ended; it should have by {SEND_BY}"]
    story.look(SEND_BY + 1)
    assert f"e-1 is still open after {SEND_BY}" in wrongs(Lifecycle, story)


def test_at_the_end_too() -> None:
    story = Story(limits=with_limits(late_by_max_ms=DAY))
    other = Story("customer-otto")
    story.look(T, opened(T))
    other.look(SEND_BY + DAY)
    assert wrongs(Lifecycle, story, other) == []
    other.look(SEND_BY + DAY + 1)
    assert wrongs(Lifecycle, story, other) == [f"e-1 never ended; it should have by {SEND_BY}"]


def test_two_ends_are_wrong() -> None:
    story = Story()
    offer = opened(T)
    story.look(T, offer)
    story.look(T + 1, ended(offer, "accepted"), ended(offer, "revoked"))
    assert wrongs(Lifecycle, story) == ["e-1 revoked after accepted"]


def test_an_end_without_an_opening_is_wrong() -> None:
    story = Story()
    story.look(T, ended(opened(T), "revoked"))
    assert wrongs(Lifecycle, story) == ["e-1 revoked without an opening"]


def test_two_openings_are_wrong() -> None:
    story = Story()
    story.look(T, opened(T), opened(T))
    assert wrongs(Lifecycle, story) == ["e-1 opened twice"]


def test_an_unknown_status_and_a_missing_reason_are_wrong() -> None:
    story = Story()
    story.look(T, opened(T), ended(opened(T), "forgotten", ""))
    assert wrongs(Lifecycle, story) == ["e-1 forgotten: no such status", "e-1 forgotten without a reason"]


def test_an_expiry_before_the_window_is_over_is_wrong_unless_the_moment_passed() -> None:
    story = Story()
    story.look(T, opened(T))
    story.look(SEND_BY - 1, ended(opened(T), "expired", "send_window_over"))
    assert wrongs(Lifecycle, story) == ["e-1 expired before its window was over"]


def test_the_topic_of_the_opening_is_the_topic_of_the_end() -> None:
    story = Story()
    story.look(T, opened(T))
    story.look(T, (HOLDOUT, ended(opened(T), "revoked")[1]))
    assert wrongs(Lifecycle, story) == ["e-1 revoked on journey.holdout, opened on journey.eligibility"]


@pytest.mark.parametrize("field", ["candidate", "placement", "move"])
def test_an_eligibility_stays_what_it_was(field: str) -> None:
    story = Story()
    story.look(T, opened(T))
    story.look(T, ended(opened(T), "revoked", **{field: "another"}))
    assert wrongs(Lifecycle, story) == [f"e-1 revoked changed {field}"]


def test_a_window_that_is_over_does_not_open() -> None:
    story = Story()
    story.look(T, opened(T, send_by=T))
    assert wrongs(Lifecycle, story) == ["e-1 opened after its window"]
    story = Story()
    story.look(T, opened(T, opens_at=T + 8 * DAY))
    assert wrongs(Lifecycle, story) == ["e-1 has a window that ends before it begins"]
