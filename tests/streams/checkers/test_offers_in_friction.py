from typing import Any

import pytest

from streams.checkers.offers_in_friction import OffersInFriction
from tests.streams.checkers.cases import DAY, Story, T, ask, ended, guide, help_, opened, with_limits, wrongs

STATUSES = ("exception", "attempt_fail", "expired", "lost", "returned_to_sender")


def wrong_with(story: Story, at_ms: int = T, **fields: Any) -> int:
    story.look(at_ms, opened(at_ms, **fields))
    return len(wrongs(OffersInFriction, story))


@pytest.mark.parametrize(
    ("status", "wrong"), [("new", 1), ("open", 1), ("pending", 1), ("hold", 1), ("solved", 0)]
)
def test_a_ticket_that_is_not_solved_forbids_offers(status: str, wrong: int) -> None:
    story = Story()
    story.ticket(T - DAY, status)
    assert wrong_with(story) == wrong


def test_it_forbids_questions_too_but_neither_guidance_nor_help() -> None:
    story = Story()
    story.ticket(T - DAY, "open")
    story.look(T, ask(T), guide(T), help_(T))
    assert wrongs(OffersInFriction, story) == ["goal_question q-1 is open although ticket ticket-1 is"]


def test_what_was_open_before_must_be_taken_back_in_the_same_step() -> None:
    offer = opened(T - 2 * DAY)
    for reaction, wrong in (((), 1), ((ended(offer, "revoked"),), 0)):
        story = Story()
        story.look(T - 2 * DAY, offer)
        story.ticket(T - DAY, "new", *reaction)
        assert len(wrongs(OffersInFriction, story)) == wrong


def test_a_ticket_that_was_reopened_forbids_again() -> None:
    story = Story()
    for day, status in ((5, "open"), (4, "solved"), (3, "open")):
        story.ticket(T - day * DAY, status)
    assert wrong_with(story) == 1


def test_the_latest_word_counts_not_the_one_that_came_last() -> None:
    story = Story()
    story.ticket(T - 2 * DAY, "solved")
    story.tell(T - DAY, story.steps[0].event)
    story.ticket(T - DAY, "open", occurred_at=T - 3 * DAY)
    assert wrong_with(story) == 0


def test_two_words_of_one_id_and_time_leave_a_doubt() -> None:
    story = Story()
    for status in ("solved", "open"):
        story.ticket(T - DAY, status, event_id="the-same")
    assert wrong_with(story) == 0


@pytest.mark.parametrize(("late_by_ms", "wrong"), [(-1, 1), (0, 0)])
def test_a_ticket_nobody_closes_forbids_for_30_days(late_by_ms: int, wrong: int) -> None:
    story = Story()
    story.ticket(T - 30 * DAY, "open")
    assert wrong_with(story, T + late_by_ms) == wrong


def test_of_many_tickets_only_the_newest_must_be_remembered() -> None:
    story = Story(limits=with_limits(remembered=2))
    story.ticket(T - 5 * DAY, "open", ticket_id="old")
    for number in range(2):
        story.ticket(T - 4 * DAY, "solved", ticket_id=f"new-{number}")
    assert wrong_with(story) == 0


@pytest.mark.parametrize("status", STATUSES)
def test_a_parcel_in_trouble_forbids(status: str) -> None:
    story = Story()
    story.orders(T - 5 * DAY, "drill")
    story.parcel(T - DAY, status)
    assert wrong_with(story) == 1


@pytest.mark.parametrize("after", ["delivered", "in_transit"])
def test_a_parcel_that_moves_on_is_no_sure_trouble(after: str) -> None:
    story = Story()
    story.orders(T - 5 * DAY, "drill")
    story.parcel(T - 2 * DAY, "exception")
    story.parcel(T - DAY, after)
    assert wrong_with(story) == 0


def test_reading_the_news_does_not_end_the_trouble() -> None:
    story = Story()
    story.orders(T - 5 * DAY, "drill")
    story.parcel(T - 2 * DAY, "lost")
    story.parcel(T - DAY, "update_opened")
    assert wrong_with(story) == 1


def test_a_refund_ends_it() -> None:
    story = Story()
    story.orders(T - 5 * DAY, "drill")
    story.parcel(T - 2 * DAY, "lost")
    story.purchase(T - DAY, "order_refunded")
    assert wrong_with(story) == 0


def test_a_failed_payment_forbids_until_it_is_recovered() -> None:
    story = Story()
    story.purchase(T - 3 * DAY, "payment_failed")
    assert wrong_with(story, T - 2 * DAY) == 1
    story = Story()
    story.purchase(T - 3 * DAY, "payment_failed")
    story.purchase(T - 2 * DAY, "payment_recovered")
    assert wrong_with(story, T - DAY) == 0


def test_the_recovery_of_one_payment_says_nothing_about_another() -> None:
    story = Story()
    story.purchase(T - 3 * DAY, "payment_failed")
    story.purchase(T - 2 * DAY, "payment_recovered", order_id="order-2")
    assert wrong_with(story) == 1


def test_a_return_forbids_offers_about_its_order_alone() -> None:
    story = Story()
    story.orders(T - 5 * DAY, "drill")
    story.orders(T - 5 * DAY, "lamp", order_id="order-2")
    story.purchase(T - DAY, "return_registered")
    story.look(T, opened(T), opened(T, "e-2", product_id="lamp"), opened(T, "e-3", order_id="order-2"))
    assert wrongs(OffersInFriction, story) == ["next_step e-1 is open although return order-1 is"]


@pytest.mark.parametrize("end", ["return_closed", "order_refunded"])
def test_a_return_that_is_over_forbids_nothing(end: str) -> None:
    story = Story()
    story.orders(T - 5 * DAY, "drill")
    story.purchase(T - 2 * DAY, "return_registered")
    story.purchase(T - DAY, end)
    assert wrong_with(story) == 0


@pytest.mark.parametrize(("late_by_ms", "wrong"), [(-1, 1), (0, 0)])
@pytest.mark.parametrize("said", [{"intent": "frustrated"}, {"intent": None, "rating": 2}])
def test_a_frustrated_customer_is_left_alone_for_a_week(said: Any, late_by_ms: int, wrong: int) -> None:
    story = Story()
    story.replies(T - 7 * DAY, **said)
    assert wrong_with(story, T + late_by_ms) == wrong


@pytest.mark.parametrize(("late_by_ms", "wrong"), [(-1, 1), (0, 0)])
def test_a_question_that_signals_friction_forbids_for_two_days(late_by_ms: int, wrong: int) -> None:
    story = Story()
    story.replies(T - 2 * DAY, "question", signals_friction=True)
    assert wrong_with(story, T + late_by_ms) == wrong


def test_an_answered_question_and_an_interested_one_forbid_nothing() -> None:
    story = Story()
    story.replies(T - 3, "question", signals_friction=True)
    story.replies(T - 2, "answered")
    story.replies(T - 1, "question")
    assert wrong_with(story) == 0


def test_what_is_dated_ahead_forbids_only_from_then_on() -> None:
    story = Story()
    story.ticket(T - 1, "open", occurred_at=T + 1)
    assert wrong_with(story) == 0


def test_parcels_of_one_order_are_one_trouble_since_the_first_of_them() -> None:
    story = Story()
    story.orders(T - 35 * DAY, "drill")
    story.parcel(T - 31 * DAY, "lost")
    story.parcel(T - DAY, "exception", parcel_id="parcel-2")
    assert wrong_with(story) == 0


def test_an_order_of_too_many_parcels_is_not_remembered_whole() -> None:
    for parcels, wrong in ((2, 2), (3, 0)):
        story = Story(limits=with_limits(remembered=2))
        for number in range(parcels):
            story.parcel(T - DAY, "lost", parcel_id=f"parcel-{number}")
        assert wrong_with(story) == wrong


def test_a_solved_shipping_ticket_may_end_the_trouble_of_a_parcel() -> None:
    story = Story()
    story.orders(T - 5 * DAY, "drill")
    story.parcel(T - 2 * DAY, "lost")
    story.ticket(T - DAY, "solved", topic="shipping")
    assert wrong_with(story) == 0
