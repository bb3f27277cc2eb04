import pytest

from streams.checkers.consent import Consents
from tests.streams.checkers.cases import DAY, Story, T, ask, ended, guide, help_, opened, wrongs


def test_an_offer_with_consent_on_one_of_its_channels_is_right() -> None:
    story = Story()
    story.consents(T - DAY, "email")
    story.look(T, opened(T), ask(T))
    assert wrongs(Consents, story) == []


def test_unknown_consent_denies_offers_and_questions_and_nothing_else() -> None:
    story = Story()
    story.consents(T - DAY, "email", state="unknown")
    story.look(T, opened(T, channels=("in_app",)), ask(T, channels=("in_app",)), guide(T), help_(T))
    assert wrongs(Consents, story) == [
        "next_step e-1 has no consent at all",
        "goal_question q-1 has no consent at all",
    ]


@pytest.mark.parametrize(("channel", "wrong"), [("email", 1), ("in_app", 0), ("sms", 0)])
def test_consent_for_one_channel_opens_own_surfaces_but_no_other_push(channel: str, wrong: int) -> None:
    story = Story()
    story.consents(T - DAY, "sms")
    story.look(T, opened(T, channels=(channel,)))
    assert len(wrongs(Consents, story)) == wrong


def test_a_surface_that_was_refused_stays_closed() -> None:
    story = Story()
    story.consents(T - DAY, "sms")
    story.consents(T - DAY, "in_app", state="denied")
    story.look(T, opened(T, channels=("in_app",)))
    assert wrongs(Consents, story) == ["next_step e-1 has no consent for in_app"]


@pytest.mark.parametrize(("day", "wrong"), [(3, False), (1, True)])
def test_the_later_statement_counts_whenever_it_arrives(*, day: int, wrong: bool) -> None:
    story = Story()
    story.consents(T - 2 * DAY, "email")
    story.consents(T - day * DAY, "email", state="denied")
    story.look(T, opened(T))
    assert bool(wrongs(Consents, story)) == wrong


def test_a_channel_after_stop_is_wrong_for_every_move() -> None:
    story = Story()
    story.consents(T - DAY, "email")
    story.replies(T, "stop", channel="email")
    story.look(T, help_(T, channels=("in_app", "email")))
    assert wrongs(Consents, story) == ["help h-1 may use email after STOP"]


def test_stop_is_heard_in_its_own_step() -> None:
    story = Story()
    question = ask(T - DAY)
    story.look(T - DAY, question)
    story.replies(T, "stop", channel="email")
    assert "goal_question q-1 may use email after STOP" in wrongs(Consents, story)
    story = Story()
    story.consents(T - 2 * DAY, "in_app", "email")
    story.look(T - DAY, question)
    story.replies(T, "stop", ended(question, "rescheduled", channels=("in_app",)), channel="email")
    assert wrongs(Consents, story) == []


def test_the_word_alone_is_a_stop_and_takes_its_other_channels_with_it() -> None:
    story = Story()
    story.replies(T, None, channel="sms", text=" STOP ")
    story.look(T, guide(T, channels=("sms",)))
    assert wrongs(Consents, story) == ["setup_guide g-1 may use sms after STOP"]


@pytest.mark.parametrize(("late_by_ms", "explicit", "wrong"), [(-1, True, 1), (1, True, 0), (1, False, 1)])
def test_only_an_explicit_opt_in_dated_later_lifts_a_stop(
    *, late_by_ms: int, explicit: bool, wrong: int
) -> None:
    story = Story()
    story.replies(T, "stop", channel="email")
    story.consents(T + late_by_ms, "email", explicit=explicit)
    story.look(T + DAY, guide(T))
    assert len(wrongs(Consents, story)) == wrong


def test_start_lifts_a_stop() -> None:
    story = Story()
    story.replies(T, "stop", channel="email")
    story.replies(T + 1, "start", channel="email")
    story.look(T + DAY, opened(T))
    assert wrongs(Consents, story) == []


def test_a_stop_outlives_an_erasure_and_a_consent_does_not() -> None:
    story = Story()
    story.consents(T - DAY, "in_app")
    story.replies(T, "stop", channel="email")
    story.erases(T)
    story.look(T + DAY, opened(T))
    assert wrongs(Consents, story) == [
        "next_step e-1 has no consent at all",
        "next_step e-1 has no consent for email",
        "next_step e-1 may use email after STOP",
    ]


def test_no_channel_at_all_is_wrong() -> None:
    story = Story()
    story.look(T, guide(T, channels=()))
    assert wrongs(Consents, story) == ["g-1 has no channel"]
