import pytest

from streams.checkers.history import HOLDOUT
from streams.checkers.one_per_move import OnePerMove
from tests.streams.checkers.cases import DAY, Story, T, ask, ended, guide, help_, opened, wrongs


def test_one_permission_of_every_move_is_right() -> None:
    story = Story()
    story.look(T, opened(T), ask(T), guide(T), help_(T))
    assert wrongs(OnePerMove, story) == []


def test_two_offers_at_a_time_are_wrong() -> None:
    story = Story()
    story.look(T, opened(T))
    story.look(T + DAY, opened(T + DAY, "e-2", message_class="service"))
    assert wrongs(OnePerMove, story) == ["offer e-2 opened while e-1 is open"]


def test_an_offer_in_the_holdout_counts() -> None:
    story = Story()
    story.look(T, (HOLDOUT, opened(T)[1]), opened(T, "e-2"))
    assert len(wrongs(OnePerMove, story)) == 1


def test_an_offer_that_supersedes_another_one_is_right() -> None:
    story = Story()
    first = opened(T)
    story.look(T, first)
    story.look(T + DAY, ended(first, "superseded"), opened(T + DAY, "e-2"))
    assert wrongs(OnePerMove, story) == []


def test_the_end_after_the_new_opening_comes_too_late() -> None:
    story = Story()
    first = opened(T)
    story.look(T, first)
    story.look(T + DAY, opened(T + DAY, "e-2"), ended(first, "superseded"))
    assert len(wrongs(OnePerMove, story)) == 1


@pytest.mark.parametrize(("late_by_ms", "wrong"), [(-1, 1), (0, 0), (1, 0)])
def test_a_permission_that_was_sent_ends_with_send_by(late_by_ms: int, wrong: int) -> None:
    story = Story()
    story.look(T, opened(T))
    story.feedback(T, "sent", "e-1")
    at_ms = T + 7 * DAY + late_by_ms
    story.look(at_ms, opened(at_ms, "e-2"))
    assert len(wrongs(OnePerMove, story)) == wrong
