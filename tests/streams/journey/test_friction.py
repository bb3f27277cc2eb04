from typing import Any

import pytest

from state.layouts import Codecs
from state.overlay import Overlay
from state.records.customer import ORDER_FLAGS_MAX, CustomerRecord
from state.records.parts import Target
from tests.streams.journey.story import DAY, DAY_0, Story

DAY_0_DATE = DAY_0 // DAY
STAGES = ["open", "cooling_off", "none"]
EDGES = [(-1, False), (0, True), (1, True)]


def ordered() -> Story:
    """A lamp on its way; its add-on was offered and is over at day 1."""
    return Story().profile().order("lamp").at(days=1, hours=1)


def record(story: Story) -> CustomerRecord:
    return Overlay(story.store, Codecs()).customer(story.customer)


def open_since(story: Story, flag: str) -> int:
    return next(
        int(r.since)
        for r in reversed(story.of("journey.friction"))
        if r.flag == flag and r.to_state == "open"
    )


def ends_at(story: Story, flag: str, *, days: float, hours: float) -> None:
    """The flag cools off since this day for so many hours, to the millisecond."""
    assert story.flags(flag)[-1] == "cooling_off"
    assert story.at(days=days, hours=hours, ms=-1).flags(flag)[-1] == "cooling_off"
    assert story.at(days=days, hours=hours).flags(flag)[-1] == "none"


# shipping_problem


@pytest.mark.parametrize("status", ["exception", "attempt_fail", "expired", "lost", "returned_to_sender"])
def test_a_parcel_in_trouble_is_a_shipping_problem_of_its_order(status: str) -> None:
    story = ordered().parcel(status)
    told = story.of("journey.friction")[-1]
    assert (told.flag, told.to_state, told.scope, told.scope_id) == (
        "shipping_problem",
        "open",
        "order",
        "o1",
    )


@pytest.mark.parametrize(
    "status", ["info_received", "in_transit", "out_for_delivery", "available_for_pickup"]
)
def test_a_parcel_on_its_way_is_no_problem(status: str) -> None:
    assert not ordered().parcel(status).at(days=5).flags("shipping_problem")


def test_a_shipping_ticket_is_a_shipping_problem() -> None:
    assert ordered().ticket("open", "shipping").flags("shipping_problem") == ["open"]


@pytest.mark.parametrize(("ms", "late"), EDGES)
def test_no_delivery_by_the_estimate_plus_grace_is_an_inferred_problem(ms: int, late: bool) -> None:
    story = ordered().parcel("in_transit", estimate_on=DAY_0_DATE + 4).at(days=4 + 1 + 2, ms=ms)
    assert story.flags("shipping_problem") == ["open"] * late
    told = story.at(days=8).of("journey.friction")[-1]
    assert (told.inferred, told.since) == (True, DAY_0 + 7 * DAY)


def test_without_an_estimate_nothing_is_late() -> None:
    assert not ordered().parcel("in_transit").at(days=90).flags("shipping_problem")


def test_a_delivery_in_time_is_not_late() -> None:
    story = ordered().parcel("in_transit", estimate_on=DAY_0_DATE + 4).at(days=6).delivered().at(days=60)
    assert not story.flags("shipping_problem")


def test_a_later_estimate_takes_the_place_of_an_earlier_one() -> None:
    story = ordered().parcel("in_transit", estimate_on=DAY_0_DATE + 4)
    story.at(days=3).parcel("in_transit", estimate_on=DAY_0_DATE + 10)
    assert not story.at(days=13, ms=-1).flags("shipping_problem")
    assert story.at(days=13).flags("shipping_problem") == ["open"]


def test_nothing_is_late_while_the_delivery_source_is_silent() -> None:
    story = ordered().parcel("in_transit", estimate_on=DAY_0_DATE + 4)
    story.conditions = {"stale_sources": frozenset({"deliveries"})}
    assert not story.at(days=9).flags("shipping_problem")
    story.conditions = {}
    assert story.at(days=9, hours=6).flags("shipping_problem") == ["open"]


def test_the_silence_of_another_source_says_nothing_about_deliveries() -> None:
    story = ordered().parcel("in_transit", estimate_on=DAY_0_DATE + 4)
    story.conditions = {"stale_sources": frozenset({"usage"})}
    assert story.at(days=9).flags("shipping_problem") == ["open"]


def test_nothing_is_late_while_the_partition_is_not_current() -> None:
    story = ordered().parcel("in_transit", estimate_on=DAY_0_DATE + 4)
    story.conditions = {"current": False}
    story.at(days=9)
    assert not story.flags("shipping_problem")
    story.conditions = {}
    assert story.at(days=9, minutes=5).flags("shipping_problem") == ["open"]


def test_a_reported_problem_needs_no_silence() -> None:
    story = ordered()
    story.conditions = {"current": False, "stale_sources": frozenset({"deliveries"})}
    assert story.parcel("exception").flags("shipping_problem") == ["open"]


def test_a_delivery_clears_a_shipping_problem_which_cools_off_for_48_hours() -> None:
    story = ordered().parcel("exception").at(days=3).delivered()
    ends_at(story, "shipping_problem", days=3, hours=48)


def test_a_late_parcel_that_comes_cools_off_from_its_delivery() -> None:
    story = ordered().parcel("in_transit", estimate_on=DAY_0_DATE + 4).at(days=9).delivered()
    ends_at(story, "shipping_problem", days=9, hours=48)


@pytest.mark.parametrize("kind", ["order_refunded", "order_cancelled"])
def test_a_refund_clears_a_shipping_problem(kind: str) -> None:
    story = ordered().parcel("lost").at(days=3).purchase(kind)
    ends_at(story, "shipping_problem", days=3, hours=48)


def test_by_ticket_a_shipping_problem_cools_off_for_72_hours() -> None:
    story = ordered().ticket("open", "shipping").at(days=3).ticket("solved", "shipping")
    ends_at(story, "shipping_problem", days=3, hours=72)


def test_a_solved_ticket_clears_the_problem_of_the_parcel_that_it_is_about() -> None:
    story = ordered().parcel("exception").ticket("open", "shipping", order_id="o1").at(days=3)
    story.ticket("solved", "shipping", order_id="o1")
    ends_at(story, "shipping_problem", days=3, hours=72)


def test_a_delivery_does_not_clear_what_a_ticket_still_asks() -> None:
    story = ordered().parcel("exception").ticket("open", "shipping", order_id="o1").at(days=3).delivered()
    assert story.at(days=10).flags("shipping_problem") == ["open"]


def test_one_parcel_in_trouble_is_enough_while_another_arrives() -> None:
    story = ordered().parcel("exception").parcel("delivered", parcel_id="p2").at(days=5)
    assert story.flags("shipping_problem") == ["open"]


def test_trouble_after_a_delivery_attempt_that_was_cleared_raises_the_flag_again() -> None:
    story = (
        ordered()
        .parcel("exception")
        .at(days=3)
        .ticket("solved", "shipping")
        .at(days=4)
        .parcel("attempt_fail")
    )
    assert story.flags("shipping_problem") == ["open", "cooling_off", "open"]


@pytest.mark.parametrize(("status", "severity"), [("exception", "normal"), ("lost", "severe")])
def test_a_lost_parcel_is_severe(status: str, severity: str) -> None:
    assert ordered().parcel(status).of("journey.friction")[-1].severity == severity


# troubleshooting, billing_problem

BY_TOPIC = [
    ("troubleshooting", "troubleshooting"),
    ("billing", "billing_problem"),
    ("colour of the box", "troubleshooting"),
]


@pytest.mark.parametrize(("topic", "flag"), BY_TOPIC)
@pytest.mark.parametrize("status", ["new", "open", "pending", "hold"])
def test_a_ticket_raises_the_flag_of_its_topic_and_an_unknown_one_troubleshooting(
    topic: str, flag: str, status: str
) -> None:
    assert Story().ticket(status, topic).flags(flag) == ["open"]


def test_a_ticket_without_a_topic_is_troubleshooting() -> None:
    assert Story().ticket("open", None).flags("troubleshooting") == ["open"]  # type: ignore[arg-type]


@pytest.mark.parametrize("status", ["solved", "closed"])
def test_a_ticket_that_is_first_heard_of_as_done_raises_nothing(status: str) -> None:
    assert not Story().ticket(status).of("journey.friction")


@pytest.mark.parametrize(("topic", "flag"), BY_TOPIC)
@pytest.mark.parametrize("status", ["solved", "closed"])
def test_a_solved_or_closed_ticket_clears_its_flag_which_cools_off_for_72_hours(
    topic: str, flag: str, status: str
) -> None:
    story = Story().ticket("open", topic).at(days=1).ticket(status, topic)
    ends_at(story, flag, days=1, hours=72)


def test_the_flag_lasts_until_all_such_tickets_are_solved() -> None:
    story = Story().ticket("open").ticket("open", ticket_id="t2").at(days=1).ticket("solved").at(days=2)
    assert story.flags("troubleshooting") == ["open"]
    assert story.ticket("solved", ticket_id="t2").flags("troubleshooting") == ["open", "cooling_off"]
    ends_at(story, "troubleshooting", days=2, hours=72)


def test_closing_a_solved_ticket_does_not_lengthen_the_cooling_off() -> None:
    story = Story().ticket("open").at(days=1).ticket("solved").at(days=3).ticket("closed")
    ends_at(story, "troubleshooting", days=1, hours=72)
    assert story.at(days=5).ticket("closed").flags("troubleshooting") == STAGES


def test_reopening_raises_it_again() -> None:
    story = Story().ticket("open").at(days=1).ticket("solved").at(days=2).ticket("open")
    assert story.flags("troubleshooting") == ["open", "cooling_off", "open"]
    assert open_since(story, "troubleshooting") == DAY_0 + 2 * DAY
    ends_at(story.at(days=3).ticket("solved"), "troubleshooting", days=3, hours=72)


def test_a_ticket_changes_its_flag_with_its_topic() -> None:
    story = Story().ticket("open").at(hours=1).ticket("open", "billing")
    assert (story.flags("troubleshooting")[-1], story.flags("billing_problem")) == ("none", ["open"])


def test_a_failed_payment_is_a_billing_problem_until_it_is_recovered() -> None:
    story = ordered().purchase("payment_failed")
    assert story.flags("billing_problem") == ["open"]
    ends_at(story.at(days=3).purchase("payment_recovered"), "billing_problem", days=3, hours=72)


def test_a_payment_that_fails_again_raises_it_again() -> None:
    story = ordered().purchase("payment_failed").at(days=2).purchase("payment_recovered")
    assert story.at(days=3).purchase("payment_failed").flags("billing_problem") == [
        "open",
        "cooling_off",
        "open",
    ]


def test_the_recovery_of_one_payment_does_not_clear_another() -> None:
    story = ordered().purchase("payment_failed").purchase("payment_failed", order_id="o2")
    story.at(days=2).purchase("payment_recovered", order_id="o2").at(days=9)
    now = {(r.scope_id, r.to_state) for r in story.of("journey.friction")}
    assert now == {("o1", "open"), ("o2", "open"), ("o2", "cooling_off"), ("o2", "none")}


# open_question


def test_a_question_that_signals_friction_is_an_open_question() -> None:
    assert Story().reply("question", signals_friction=True).flags("open_question") == ["open"]


def test_other_questions_are_behaviour() -> None:
    story = (
        Story().reply("question", signals_friction=False).reply("question", text="Do you have it in blue?")
    )
    assert not story.of("journey.friction")


@pytest.mark.parametrize(("ms", "over"), EDGES)
def test_an_open_question_ends_after_48_hours_and_does_not_cool_off(ms: int, over: bool) -> None:
    story = Story().reply("question", signals_friction=True).at(hours=48, ms=ms)
    assert story.flags("open_question") == ["open", "none"][: 1 + over]


def test_an_answered_question_is_over_at_once() -> None:
    story = Story().reply("question", signals_friction=True).at(hours=2).reply("answered")
    assert story.flags("open_question") == ["open", "none"]


def test_a_question_after_the_answer_is_open_again() -> None:
    story = Story().reply("question", signals_friction=True).at(hours=2).reply("answered").at(hours=3)
    assert story.reply("question", signals_friction=True).flags("open_question") == ["open", "none", "open"]


def test_a_question_that_nobody_answers_is_not_stale_but_over() -> None:
    story = Story().reply("question", signals_friction=True).at(hours=50)
    assert [r.stale for r in story.of("journey.friction")] == [False, False]


def test_a_goal_question_without_answer_is_a_pending_ask_and_no_friction() -> None:
    story = Story().profile().order("kettle").delivered().at(days=1).use("result").at(days=7)
    assert story.opened("goal_question")
    story.sent(story.opened("goal_question")[0]).at(days=30)
    assert not story.of("journey.friction")


# what comes back


def test_a_registered_return_is_in_progress_until_it_is_refunded() -> None:
    story = ordered().delivered().purchase("return_registered")
    assert story.flags("return_in_progress") == ["open"]
    ends_at(story.at(days=5).purchase("order_refunded"), "return_in_progress", days=5, hours=7 * 24)


def test_a_closed_return_is_over() -> None:
    story = ordered().delivered().purchase("return_registered").at(days=5).purchase("return_closed")
    ends_at(story, "return_in_progress", days=5, hours=7 * 24)


def test_a_return_ticket_is_a_return_in_progress() -> None:
    story = ordered().ticket("open", "return", order_id="o1")
    assert story.flags("return_in_progress") == ["open"]
    ends_at(
        story.at(days=5).ticket("solved", "return", order_id="o1"), "return_in_progress", days=5, hours=7 * 24
    )


@pytest.mark.parametrize("kind", ["order_refunded", "return_closed"])
def test_a_refund_or_a_closed_return_clears_a_return_ticket_too(kind: str) -> None:
    story = ordered().ticket("open", "return", order_id="o1").at(days=5).purchase(kind)
    ends_at(story, "return_in_progress", days=5, hours=7 * 24)


def test_the_refund_of_another_order_clears_no_return() -> None:
    story = ordered().purchase("return_registered").ticket("open", "return", order_id="o1")
    assert story.at(days=5).purchase("order_refunded", order_id="o2").flags("return_in_progress") == ["open"]


# negative replies


@pytest.mark.parametrize(
    "said", [{"intent": "frustrated"}, {"text": "This is a scam"}, {"rating": 1}, {"rating": 2}]
)
def test_a_frustrated_or_complaining_reply_or_a_bad_rating_is_negative(said: dict[str, Any]) -> None:
    assert Story().reply(**said).flags("negative_reply") == ["open"]


@pytest.mark.parametrize("rating", [3, 4, 5])
def test_a_rating_of_three_or_more_is_not_bad(rating: int) -> None:
    assert not Story().reply(rating=rating).flags("negative_reply")


def test_a_bad_rating_of_support_is_negative_although_it_solved_the_ticket() -> None:
    story = Story().ticket("open").at(days=1).ticket("solved", satisfaction="bad")
    assert story.flags("negative_reply") == ["open"]


def test_a_solved_contact_clears_a_negative_reply_which_cools_off_for_7_days() -> None:
    story = Story().ticket("open").reply("frustrated").at(days=1).ticket("solved")
    ends_at(story, "negative_reply", days=1, hours=7 * 24)


def test_a_contact_that_was_solved_before_does_not_clear_it() -> None:
    story = Story().ticket("open").at(days=1).ticket("solved").at(days=2).reply("frustrated").at(days=5)
    assert story.flags("negative_reply") == ["open"]


def test_time_clears_a_negative_reply() -> None:
    story = Story().reply("frustrated").at(days=7)
    ends_at(story, "negative_reply", days=7, hours=7 * 24)
    assert not any(r.stale for r in story.of("journey.friction"))


# every flag ends

NEVER_CLOSED: list[tuple[str, Any]] = [
    ("shipping_problem", lambda story: story.parcel("exception")),
    ("troubleshooting", lambda story: story.ticket("open")),
    ("billing_problem", lambda story: story.purchase("payment_failed")),
    ("return_in_progress", lambda story: story.purchase("return_registered")),
]


@pytest.mark.parametrize(("flag", "raise_it"), NEVER_CLOSED)
@pytest.mark.parametrize(("ms", "stale"), EDGES)
def test_a_flag_that_nobody_ever_closes_ends_after_30_days_and_is_marked_stale(
    flag: str, raise_it: Any, ms: int, stale: bool
) -> None:
    story = raise_it(ordered()).at(days=31, hours=1, ms=ms)
    told = [(r.to_state, r.stale) for r in story.of("journey.friction") if r.flag == flag]
    assert told == [("open", False), ("none", True)][: 1 + stale]


@pytest.mark.parametrize(("flag", "raise_it"), NEVER_CLOSED)
def test_a_stale_flag_is_not_raised_again_by_a_look_or_another_event(flag: str, raise_it: Any) -> None:
    story = raise_it(ordered()).at(days=40).use("session", "lamp").at(days=60)
    assert story.flags(flag) == ["open", "none"]


def test_a_flag_that_was_closed_is_not_stale() -> None:
    story = ordered().ticket("open").at(days=3).ticket("solved").at(days=60)
    assert not any(r.stale for r in story.of("journey.friction"))


def test_friction_that_is_told_twice_is_said_once() -> None:
    story = ordered().ticket("open").ticket("open").parcel("exception").parcel("exception")
    assert (story.flags("troubleshooting"), story.flags("shipping_problem")) == (["open"], ["open"])


def test_friction_that_is_over_before_it_is_read_only_cools_off() -> None:
    story = Story().at(days=1).ticket("solved")
    first = Story()
    told: list[Any] = []
    first.send = told.append  # type: ignore[method-assign, assignment]
    first.ticket("open")
    story.send(told[0])
    assert story.flags("troubleshooting") == ["cooling_off"]


def many_in_trouble(*severe: int) -> Story:
    """More orders in trouble, an hour apart, than a customer's record tells apart."""
    story = Story()
    for n in range(ORDER_FLAGS_MAX + 4):
        status = "lost" if n in severe else "exception"
        story.at(hours=n).order("lamp", order_id=f"o{n}").parcel(status, f"o{n}")
    return story


def test_of_too_many_orders_in_trouble_the_oldest_are_one_problem_as_severe_as_any() -> None:
    (told,) = [f for f in record(many_in_trouble(2)).past.order_flags if not f.order_id]
    assert (told.since, told.severe) == (DAY_0, True)


def test_a_look_at_one_of_too_many_orders_in_trouble_changes_nothing() -> None:
    story = many_in_trouble()
    before = record(story)
    for n in range(ORDER_FLAGS_MAX + 4):
        assert story.look(Target(order_id=f"o{n}")) == []
    assert record(story) == before
    for n in range(10, ORDER_FLAGS_MAX + 4):
        story.delivered(f"o{n}")
    assert [story.look(Target(order_id=f"o{n}")) for n in range(10)] == [[]] * 10


def test_friction_has_a_word_for_every_scope() -> None:
    story = Story().ticket("open").ticket("open", "billing", "t2", order_id="o1")
    story.ticket("open", "shipping", "t3", product_id="lamp").reply("frustrated")
    told = {(r.flag, r.scope, r.scope_id) for r in story.of("journey.friction")}
    assert told == {
        ("troubleshooting", "customer", None),
        ("billing_problem", "order", "o1"),
        ("shipping_problem", "item", "lamp"),
        ("negative_reply", "customer", None),
    }
