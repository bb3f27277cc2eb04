import pytest

from streams.checkers.offer_caps import DailyCap, OfferCaps
from tests.streams.checkers.cases import DAY, HOUR, Story, T, ended, guide, help_, opened, wrongs

ONE_MS_EARLY = [(-1, 1), (0, 0), (1, 0)]


def expired_offer(story: Story, at_ms: int, eligibility_id: str, **fields: str) -> None:
    offer = opened(at_ms, eligibility_id, **fields)
    story.look(at_ms, offer)
    story.look(at_ms + HOUR, ended(offer, "expired"))


@pytest.mark.parametrize(("late_by_ms", "wrong"), ONE_MS_EARLY)
def test_offers_are_a_week_apart(late_by_ms: int, wrong: int) -> None:
    story = Story()
    expired_offer(story, T, "e-1")
    expired_offer(story, T + 7 * DAY + late_by_ms, "e-2")
    assert len(wrongs(OfferCaps, story)) == wrong


@pytest.mark.parametrize(("late_by_ms", "wrong"), ONE_MS_EARLY)
def test_there_are_at_most_two_in_a_month(late_by_ms: int, wrong: int) -> None:
    story = Story()
    expired_offer(story, T, "e-1")
    expired_offer(story, T + 10 * DAY, "e-2")
    expired_offer(story, T + 30 * DAY + late_by_ms, "e-3")
    assert len(wrongs(OfferCaps, story)) == wrong


@pytest.mark.parametrize(("late_by_ms", "wrong"), ONE_MS_EARLY)
def test_the_gap_counts_from_when_the_offer_was_sent(late_by_ms: int, wrong: int) -> None:
    story = Story()
    story.look(T, opened(T))
    story.feedback(T + DAY, "sent", "e-1")
    story.look(T + 8 * DAY + late_by_ms, opened(T + 8 * DAY, "e-2"))
    assert len(wrongs(OfferCaps, story)) == wrong


@pytest.mark.parametrize("report", ["failed", "suppressed"])
def test_what_never_reached_the_customer_does_not_count(report: str) -> None:
    story = Story()
    story.look(T, opened(T))
    story.feedback(T, report, "e-1")
    story.look(T + DAY, ended(opened(T), "expired"), opened(T + DAY, "e-2"))
    assert wrongs(OfferCaps, story) == []


def test_what_was_taken_back_unsent_does_not_count() -> None:
    story = Story()
    story.look(T, opened(T))
    story.look(T + DAY, ended(opened(T), "revoked"), opened(T + DAY, "e-2"))
    assert wrongs(OfferCaps, story) == []


def test_service_offers_are_exempt_and_do_not_count() -> None:
    story = Story()
    for day in range(4):
        expired_offer(story, T + day * DAY, f"e-{day}", message_class="service")
    expired_offer(story, T + 4 * DAY, "e-4")
    expired_offer(story, T + 5 * DAY, "e-5", message_class="service")
    assert wrongs(OfferCaps, story) == []


@pytest.mark.parametrize(("late_by_ms", "wrong"), ONE_MS_EARLY)
def test_three_moves_in_a_day_are_enough(late_by_ms: int, wrong: int) -> None:
    story = Story()
    for number in range(3):
        story.look(T + number, guide(T, f"g-{number}"))
    story.look(T + DAY + late_by_ms, guide(T, "g-4"))
    assert len(wrongs(DailyCap, story)) == wrong


def test_help_counts_but_is_never_refused_for_it() -> None:
    story = Story()
    for number in range(4):
        story.look(T, help_(T, f"h-{number}"))
    assert wrongs(DailyCap, story) == []
    story.look(T, guide(T))
    assert wrongs(DailyCap, story) == ["g-1 is move 5 in a day"]
