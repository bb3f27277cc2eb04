from typing import Any

import pytest

from streams.checkers.rests import Rests
from tests.streams.checkers.cases import DAY, Story, T, ended, opened, wrongs

ONE_MS_EARLY = [(-1, 1), (0, 0), (1, 0)]


def declined(story: Story, at_ms: int, eligibility_id: str, intent: str = "no", **fields: Any) -> None:
    offer = opened(at_ms, eligibility_id, **fields)
    story.look(at_ms, offer)
    story.replies(at_ms, intent, ended(offer, "declined"), eligibility_id=eligibility_id)


@pytest.mark.parametrize(("late_by_ms", "wrong"), ONE_MS_EARLY)
@pytest.mark.parametrize(("intent", "days"), [("no", 14), ("not_now", 7)])
def test_all_offers_rest(intent: str, days: int, late_by_ms: int, wrong: int) -> None:
    story = Story()
    declined(story, T, "e-1", intent)
    at_ms = T + days * DAY + late_by_ms
    story.look(at_ms, opened(at_ms, "e-2", candidate="drill-pro", placement="upgrade"))
    assert len(wrongs(Rests, story)) == wrong


@pytest.mark.parametrize(("late_by_ms", "wrong"), ONE_MS_EARLY)
def test_the_same_offer_rests_longer(late_by_ms: int, wrong: int) -> None:
    story = Story()
    declined(story, T, "e-1")
    at_ms = T + 90 * DAY + late_by_ms
    story.look(at_ms, opened(at_ms, "e-2"))
    assert len(wrongs(Rests, story)) == wrong


def test_a_service_offer_rests_with_its_own_kind_alone() -> None:
    story = Story()
    declined(story, T, "e-1")
    essential = {"message_class": "service", "placement": "essential", "candidate": "battery"}
    declined(story, T + DAY, "e-2", **essential)
    assert wrongs(Rests, story) == []
    story.look(T + 60 * DAY, opened(T, "e-3", **essential))
    assert len(wrongs(Rests, story)) == 1


@pytest.mark.parametrize(("late_by_ms", "wrong"), ONE_MS_EARLY)
def test_two_declines_in_a_row_rest_all_offers_for_a_month(late_by_ms: int, wrong: int) -> None:
    story = Story()
    declined(story, T, "e-1")
    declined(story, T + 14 * DAY, "e-2", candidate="drill-pro")
    at_ms = T + 44 * DAY + late_by_ms
    story.look(at_ms, opened(at_ms, "e-3", candidate="case"))
    assert len(wrongs(Rests, story)) == wrong


def test_a_yes_in_between_breaks_the_row() -> None:
    story = Story()
    declined(story, T, "e-1")
    declined(story, T + 14 * DAY, "e-2", "yes", candidate="lamp")
    declined(story, T + 15 * DAY, "e-3", candidate="drill-pro")
    story.look(T + 30 * DAY, opened(T, "e-4", candidate="case"))
    assert wrongs(Rests, story) == []


def test_a_no_after_the_end_rests_too() -> None:
    story = Story()
    story.look(T, opened(T))
    story.look(T + DAY, ended(opened(T), "expired"))
    story.replies(T + 9 * DAY, None, text="No thanks", eligibility_id="e-1")
    story.look(T + 10 * DAY, opened(T, "e-2", candidate="case"))
    assert len(wrongs(Rests, story)) == 1


def test_a_no_to_what_was_bought_already_rests_nothing() -> None:
    story = Story()
    story.look(T, opened(T))
    story.look(T + DAY, ended(opened(T), "accepted"))
    story.replies(T + 2 * DAY, "no", eligibility_id="e-1")
    story.look(T + 9 * DAY, opened(T, "e-2", candidate="case"))
    assert wrongs(Rests, story) == []


def test_a_no_to_something_unknown_rests_nothing() -> None:
    story = Story()
    story.replies(T, "no", eligibility_id="e-9")
    story.look(T, opened(T))
    assert wrongs(Rests, story) == []
