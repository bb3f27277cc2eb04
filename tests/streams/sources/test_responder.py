"""Who answers an eligibility, when, and that answers depend on nothing but the eligibility."""

from collections import Counter
from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from schemas.records import Delivery, Eligibility, Purchase, Reply, Usage, Window
from streams.sources.online_retail import OnlineRetail
from streams.sources.parcels import DAY_MS, HOUR_MS
from streams.sources.responder import responder
from streams.sources.source import Event

OPENS_AT = 1_300_000_000_000


def eligibility(name: str, move: str = "offer", **what: object) -> Eligibility:
    opened = Eligibility(
        eligibility_id=name,
        status="opened",
        customer_id="c1",
        sequence=1,
        product_id="85123A",
        placement="next_step",
        move=move,
        message_class="marketing",
        candidate="22423" if move == "offer" else None,
        opens_at=OPENS_AT,
        send_by=OPENS_AT + 7 * DAY_MS,
        answer_until=OPENS_AT + 21 * DAY_MS,
        send_windows=(Window(OPENS_AT + 5 * HOUR_MS, OPENS_AT + 8 * HOUR_MS),),
        channels=("sms", "email"),
        avoid_channels=(),
        checks=(),
        decline_options=("no", "not_now", "stop"),
        reason="moment_came",
        escalate_to_human=False,
        decided_at=OPENS_AT,
        policy_version="p",
        catalogue_version="c",
    )
    return replace(opened, **what)


def many(source: OnlineRetail, move: str = "offer", **what: object) -> Iterator[tuple[Event, ...]]:
    react = responder(3, source.catalogue)
    return (react(eligibility(f"e{n}", move, **what)) for n in range(2000))


def intents(reactions: Iterator[tuple[Event, ...]]) -> Counter[str]:
    return Counter(e.intent for of in reactions for e in of if isinstance(e, Reply) and e.intent)


def test_everything_follows_the_opening_in_order_of_time_and_is_marked(source: OnlineRetail) -> None:
    for events in many(source):
        times = [event.occurred_at for event in events]
        assert times == sorted(times)
        assert all(at_ms > OPENS_AT for at_ms in times)
        assert {event.source for event in events} <= {"made-up:responder:3"}
        assert {event.customer_id for event in events} <= {"c1"}
        assert len({event.event_id for event in events}) == len(events)


def test_messages_are_sent_in_a_send_window_and_most_are_reported(source: OnlineRetail) -> None:
    feedback: Counter[str] = Counter()
    for events in many(source):
        for event in events:
            if isinstance(event, Reply) and event.feedback in ("sent", "failed", "suppressed"):
                feedback[event.feedback] += 1
                assert OPENS_AT + 5 * HOUR_MS <= event.occurred_at < OPENS_AT + 8 * HOUR_MS
                assert event.channel == "sms"
    assert 0.8 * 2000 < feedback["sent"] < 0.95 * 2000
    assert set(feedback) == {"sent", "failed", "suppressed"}


def test_nothing_is_sent_when_no_window_is_left(source: OnlineRetail) -> None:
    late = (Window(OPENS_AT - DAY_MS, OPENS_AT), Window(OPENS_AT + 8 * DAY_MS, OPENS_AT + 9 * DAY_MS))
    assert not [events for events in many(source, send_windows=late) if events]


def test_without_windows_a_message_is_sent_before_its_permission_ends(source: OnlineRetail) -> None:
    sent = [
        event.occurred_at
        for events in many(source, send_windows=(), send_by=OPENS_AT + HOUR_MS)
        for event in events
        if isinstance(event, Reply) and event.feedback == "sent"
    ]
    assert len(sent) > 1500
    assert max(sent) < OPENS_AT + HOUR_MS


@pytest.mark.parametrize(
    ("move", "said"),
    [
        ("offer", {"yes", "no", "not_now", "question", "answered", "frustrated", "stop"}),
        ("ask", {"answer", "no", "not_now", "question", "answered", "frustrated", "stop"}),
        ("guide", {"yes", "question", "answered", "frustrated", "stop"}),
        ("help", {"yes", "no", "question", "answered", "frustrated"}),
    ],
)
def test_each_move_has_its_answers_and_most_are_silence(
    source: OnlineRetail, move: str, said: set[str]
) -> None:
    found = intents(many(source, move))
    assert set(found) == said
    assert found.total() < 0.5 * 2000


def test_a_goal_is_one_that_a_next_step_of_the_product_serves(source: OnlineRetail) -> None:
    product = next(product for product in source.catalogue if product.product_id == "85123A")
    goals = {goal for relation in product.relations for goal in relation.goals}
    answers = [
        answer
        for events in many(source, "ask")
        for event in events
        if isinstance(event, Reply)
        for answer in event.answers
    ]
    assert {(answer.kind, answer.key) for answer in answers} == {("goal", "goal")}
    assert {answer.value for answer in answers} == goals
    elsewhere = intents(many(source, "ask", product_id=None))
    assert elsewhere["answer"] > 0


def test_some_buy_the_candidate_and_it_travels_and_names_the_eligibility(source: OnlineRetail) -> None:
    bought = [events for events in many(source) if any(isinstance(event, Purchase) for event in events)]
    assert 0.02 * 2000 < len(bought) < 0.15 * 2000
    for events in bought:
        (purchase,) = [event for event in events if isinstance(event, Purchase)]
        assert purchase.eligibility_id is not None
        assert {e.eligibility_id for e in events if isinstance(e, Reply)} <= {purchase.eligibility_id}
        assert [line.product_id for line in purchase.lines] == ["22423"]
        travels = [event for event in events if isinstance(event, Delivery)]
        assert {event.order_id for event in travels} == {purchase.order_id}
        used = [event for event in events if isinstance(event, Usage)]
        assert min(event.occurred_at for event in travels) > purchase.occurred_at
        assert all(event.occurred_at > travels[0].occurred_at for event in used)


def test_only_offers_are_bought(source: OnlineRetail) -> None:
    for move in ("guide", "ask", "help"):
        assert not [e for events in many(source, move) for e in events if isinstance(e, Purchase)]
    assert not [e for of in many(source, candidate=None) for e in of if isinstance(e, Purchase)]


def test_an_offer_to_subscribe_starts_a_subscription(source: OnlineRetail) -> None:
    started = [
        event
        for events in many(source, placement="subscribe")
        for event in events
        if isinstance(event, Purchase)
    ]
    assert started
    assert {event.type for event in started} == {"subscription_started"}
    assert all(event.subscription and event.subscription.product_id == "22423" for event in started)


def test_a_reaction_depends_on_the_eligibility_alone(source: OnlineRetail) -> None:
    one, other = responder(3, source.catalogue), responder(3, source.catalogue)
    names = [f"e{n}" for n in range(50)]
    forward = {name: one(eligibility(name)) for name in names}
    backward = {name: other(eligibility(name)) for name in reversed(names)}
    assert forward == backward
    assert forward != {name: responder(4, source.catalogue)(eligibility(name)) for name in names}


def test_only_openings_are_answered(source: OnlineRetail) -> None:
    assert not [of for of in many(source, status="revoked") if of]
    assert not [of for of in many(source, status="rescheduled") if of]


def test_ids_stay_short_whatever_the_eligibility_is_called(source: OnlineRetail) -> None:
    react = responder(3, source.catalogue)
    for n in range(300):
        for event in react(eligibility(f"{n}".rjust(128, "x"))):
            assert len(event.event_id) <= 128


def test_it_answers_without_a_catalogue_too() -> None:
    react = responder(3)
    events = [event for n in range(500) for event in react(eligibility(f"e{n}"))]
    assert [event for event in events if isinstance(event, Purchase)]
