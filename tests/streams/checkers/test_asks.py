import pytest

from streams.checkers.asks import Asks
from tests.streams.checkers.cases import DAY, Story, T, ask, ended, opened, wrongs

ONE_MS_EARLY = [(-1, 1), (0, 0), (1, 0)]


def unanswered(story: Story, at_ms: int, eligibility_id: str) -> None:
    question = ask(at_ms, eligibility_id)
    story.look(at_ms, question)
    story.feedback(at_ms, "sent", eligibility_id)
    story.look(at_ms + 21 * DAY, ended(question, "expired"))


@pytest.mark.parametrize(("late_by_ms", "wrong"), ONE_MS_EARLY)
def test_questions_are_a_month_apart(late_by_ms: int, wrong: int) -> None:
    story = Story()
    story.look(T, ask(T), ended(ask(T), "expired"))
    story.look(T + 30 * DAY + late_by_ms, ask(T, "q-2"))
    assert len(wrongs(Asks, story)) == wrong


@pytest.mark.parametrize(("late_by_ms", "wrong"), ONE_MS_EARLY)
def test_an_answer_stays_fresh_for_half_a_year(late_by_ms: int, wrong: int) -> None:
    story = Story()
    story.answers_goal(T)
    story.look(T + 180 * DAY + late_by_ms, ask(T))
    assert len(wrongs(Asks, story)) == wrong


@pytest.mark.parametrize(("late_by_ms", "wrong"), ONE_MS_EARLY)
def test_two_questions_without_answer_are_enough_for_half_a_year(late_by_ms: int, wrong: int) -> None:
    story = Story()
    unanswered(story, T, "q-1")
    unanswered(story, T + 40 * DAY, "q-2")
    story.look(T + 220 * DAY + late_by_ms, ask(T, "q-3"))
    assert len(wrongs(Asks, story)) == wrong


def test_a_reply_of_any_kind_is_an_answer() -> None:
    story = Story()
    unanswered(story, T, "q-1")
    unanswered(story, T + 40 * DAY, "q-2")
    story.replies(T + 62 * DAY, "no", eligibility_id="q-2")
    story.look(T + 71 * DAY, ask(T, "q-3"), opened(T))
    assert wrongs(Asks, story) == []


def test_a_question_that_was_not_sent_does_not_count() -> None:
    story = Story()
    story.look(T, ask(T))
    story.look(T + DAY, ended(ask(T), "revoked"), ask(T + DAY, "q-2"))
    assert wrongs(Asks, story) == []
