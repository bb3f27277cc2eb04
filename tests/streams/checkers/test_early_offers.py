import pytest

from streams.checkers.early_offers import EarlyOffers
from tests.streams.checkers.cases import DAY, Story, T, help_, opened, owner_of_a_drill, with_limits, wrongs


def test_an_offer_after_a_result_is_right() -> None:
    story = owner_of_a_drill()
    story.look(T, opened(T))
    assert wrongs(EarlyOffers, story) == []


def test_an_offer_before_first_value_is_wrong() -> None:
    story = Story()
    story.orders(T - 9 * DAY, "drill")
    story.parcel(T - 8 * DAY, "delivered")
    story.uses(T - 7 * DAY, "setup_completed")
    story.look(T, opened(T))
    assert wrongs(EarlyOffers, story) == ["next_step e-1 came before the first value of drill"]


@pytest.mark.parametrize(("sessions", "wrong"), [(2, 1), (3, 0)])
def test_the_third_session_is_first_value(sessions: int, wrong: int) -> None:
    story = Story()
    story.orders(T - 9 * DAY, "drill")
    for day in range(sessions):
        story.uses(T - (5 - day) * DAY, "session")
    story.look(T, opened(T))
    assert len(wrongs(EarlyOffers, story)) == wrong


def test_a_repeated_session_is_one_session() -> None:
    story = Story()
    story.orders(T - 9 * DAY, "drill")
    story.uses(T - DAY, "session")
    story.steps += [story.steps[-1]] * 5
    story.look(T, opened(T))
    assert len(wrongs(EarlyOffers, story)) == 1


@pytest.mark.parametrize(("late_by_ms", "wrong"), [(-1, 1), (0, 0), (1, 0)])
def test_first_value_is_inferred_after_14_days_where_usage_is_not_reported(
    late_by_ms: int, wrong: int
) -> None:
    story = Story()
    story.orders(T, "lamp", fulfilment="in_store")
    at_ms = T + 14 * DAY + late_by_ms
    story.look(at_ms, opened(at_ms, product_id="lamp"))
    assert len(wrongs(EarlyOffers, story)) == wrong


def test_silence_is_no_first_value_where_usage_is_reported() -> None:
    story = Story()
    story.orders(T, "drill", fulfilment="in_store")
    story.look(T + 300 * DAY, opened(T + 300 * DAY))
    assert len(wrongs(EarlyOffers, story)) == 1


def test_an_offer_about_what_was_never_bought_is_wrong() -> None:
    story = Story()
    story.uses(T, "result")
    story.look(T, opened(T))
    assert wrongs(EarlyOffers, story) == ["next_step e-1 is about drill, which was never bought"]


def test_a_refill_before_delivery_is_wrong() -> None:
    story = Story()
    story.orders(T - DAY, "beans")
    story.look(T, opened(T, placement="refill", product_id="beans", candidate="beans"))
    story.parcel(T, "delivered")
    story.look(T, opened(T, "e-2", placement="refill", product_id="beans", candidate="beans"))
    assert wrongs(EarlyOffers, story) == ["refill e-1 came before beans was delivered"]


def test_without_a_delivery_feed_a_refill_may_be_inferred() -> None:
    story = Story(limits=with_limits(delivery_feed=False))
    story.orders(T - 9 * DAY, "beans")
    story.look(T, opened(T, placement="refill", product_id="beans", candidate="beans"))
    assert wrongs(EarlyOffers, story) == []


@pytest.mark.parametrize(("orders", "wrong"), [(2, 1), (3, 0)])
def test_a_subscription_needs_reorders(orders: int, wrong: int) -> None:
    story = Story()
    for number in range(orders):
        story.orders(T - 90 * DAY, "beans", order_id=f"order-{number}", fulfilment="in_store")
    story.look(T, opened(T, placement="subscribe", product_id="beans", candidate="beans"))
    assert len(wrongs(EarlyOffers, story)) == wrong


@pytest.mark.parametrize("placement", ["goal_question", "setup_guide", "help"])
def test_other_placements_are_never_offers(placement: str) -> None:
    story = owner_of_a_drill()
    story.look(T, opened(T, placement=placement))
    assert wrongs(EarlyOffers, story) == [f"{placement} e-1 may never be an offer"]


def test_an_offer_about_nothing_is_wrong() -> None:
    story = Story()
    story.look(T, opened(T, product_id=None), help_(T))
    assert wrongs(EarlyOffers, story) == ["next_step e-1 is an offer about no item"]
