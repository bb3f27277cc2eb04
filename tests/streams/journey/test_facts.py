from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from schemas.records import (
    Answer,
    Consent,
    Delivery,
    OrderLine,
    Profile,
    Purchase,
    Reply,
    Subscription,
    Ticket,
    Usage,
)
from state.facts_view import Facts, facts_of
from state.layouts import Codecs
from state.records.customer import Toggle
from state.records.parts import NEVER, NO_FLOOR, Mark, Stamp
from streams.journey.facts import above, bound, earlier, keep_ends, keep_newest, later, wins
from tests.streams.journey.story import DAY, DAY_0, HOUR, Story, world

CODECS = Codecs()
WORLD = world()
NUMBERS = st.lists(st.integers(0, 20), max_size=12)


# the primitives


@given(NUMBERS, st.randoms(use_true_random=False), st.integers(1, 3))
def test_the_newest_of_a_set_do_not_depend_on_order_or_repetition(
    values: list[int], random: Any, k: int
) -> None:
    kept: list[int] = []
    shuffled = values + values
    random.shuffle(shuffled)
    for value in shuffled:
        keep_newest(kept, value, k)
    assert kept == sorted(set(values))[-k:]


@given(NUMBERS, st.randoms(use_true_random=False), st.integers(1, 3))
def test_both_ends_of_a_set_do_not_depend_on_order_or_repetition(
    values: list[int], random: Any, k: int
) -> None:
    kept: list[int] = []
    shuffled = values + values
    random.shuffle(shuffled)
    for value in shuffled:
        keep_ends(kept, value, k)
    every = sorted(set(values))
    assert kept == sorted({*every[:k], *every[-k:]})


STAMPS = st.lists(st.tuples(st.integers(1, 5), st.sampled_from("abc")), min_size=1, max_size=8)


@given(STAMPS)
def test_a_minimum_and_a_maximum_start_from_never(stamps: list[Stamp]) -> None:
    least, most = NEVER, NEVER
    for stamp in stamps:
        least, most = earlier(least, stamp), later(most, stamp)
    assert (least, most) == (min(stamps), max(stamps))


WRITES = st.lists(
    st.tuples(st.tuples(st.integers(1, 3), st.sampled_from("ab")), st.one_of(st.none(), st.integers(0, 3))),
    min_size=1,
    max_size=6,
)


@given(WRITES, st.randoms(use_true_random=False))
def test_the_last_writer_wins_even_when_one_event_id_carries_two_contents(
    writes: list[Any], random: Any
) -> None:
    def written(in_order: list[Any]) -> Any:
        held: Any = (NEVER, None)
        for stamp, content in in_order:
            if wins(stamp, (content,), held[0], (held[1],)):
                held = (stamp, content)
        return held

    shuffled = writes + writes
    random.shuffle(shuffled)
    assert written(shuffled) == written(writes)
    assert written(writes)[0] == max(stamp for stamp, _ in writes)


TOUCHES = st.lists(st.tuples(st.integers(1, 9), st.sampled_from("abcde"), st.booleans()), max_size=14)


def _newest(toggle: Toggle) -> Mark:
    return (*max(toggle.started, toggle.ended), toggle.ref)


def _trim(toggle: Toggle, floor: Mark) -> None:
    if not above(toggle.started, toggle.ref, floor):
        toggle.started = NEVER
    if not above(toggle.ended, toggle.ref, floor):
        toggle.ended = NEVER


@given(TOUCHES, st.randoms(use_true_random=False))
def test_a_bounded_list_ends_the_same_whichever_entry_was_dropped_and_came_back(
    touches: list[tuple[int, str, bool]], random: Any
) -> None:
    def kept(in_order: list[tuple[int, str, bool]]) -> tuple[Mark, list[tuple[str, Stamp, Stamp]]]:
        entries: list[Toggle] = []
        floor = NO_FLOOR
        for at, ref, started in in_order:
            stamp = (at, f"{at}")
            if not above(stamp, ref, floor):
                continue
            held = next((entry for entry in entries if entry.ref == ref), None)
            if held is None:
                held = Toggle(ref)
                entries.append(held)
            if started:
                held.started = later(held.started, stamp)
            else:
                held.ended = later(held.ended, stamp)
            floor = bound(entries, floor, 2, _newest, _trim)
        return floor, sorted((entry.ref, entry.started, entry.ended) for entry in entries)

    shuffled = touches + touches
    random.shuffle(shuffled)
    assert kept(shuffled) == kept(touches)


# the whole fold

PRODUCTS = st.sampled_from(("kettle", "coffee"))
ORDERS = st.sampled_from(("o1", "o2"))
UNITS = st.sampled_from((None, None, "u1", "u2"))
LINES = st.lists(
    st.builds(
        OrderLine,
        line_id=st.sampled_from(("1", "2")),
        product_id=PRODUCTS,
        unit_id=UNITS,
        quantity=st.integers(0, 2),
        gift=st.sampled_from((False, False, True)),
        fulfilment=st.sampled_from(("ship", "digital")),
    ),
    min_size=1,
    max_size=2,
    unique_by=lambda line: line.line_id,
).map(tuple)
SUBSCRIPTIONS = st.builds(
    Subscription, subscription_id=st.sampled_from([f"s{n}" for n in range(6)]), product_id=PRODUCTS
)
STAMPED = {
    "event_id": st.sampled_from([f"e{n}" for n in range(30)]),
    "customer_id": st.just("anna"),
    "occurred_at": st.integers(0, 12).map(lambda hours: DAY_0 + hours * HOUR),
}
EVENTS = st.one_of(
    st.builds(
        Purchase,
        **STAMPED,
        type=st.sampled_from(("order_placed", "order_updated", "order_refunded", "order_cancelled")),
        order_id=ORDERS,
        lines=LINES,
    ),
    st.builds(
        Purchase,
        **STAMPED,
        type=st.sampled_from(("order_cancelled", "return_registered", "return_closed", "order_refunded")),
        order_id=ORDERS,
    ),
    st.builds(
        Purchase,
        **STAMPED,
        type=st.sampled_from(("subscription_started", "subscription_cancelled", "payment_failed")),
        subscription=SUBSCRIPTIONS,
    ),
    st.builds(
        Delivery,
        **STAMPED,
        order_id=ORDERS,
        parcel_id=st.sampled_from(("p1", "p2")),
        status=st.sampled_from(("in_transit", "exception", "delivered", "lost", "update_opened")),
        line_ids=st.sampled_from(((), ("1",))),
        estimate_on=st.sampled_from((None, DAY_0 // DAY)),
    ),
    st.builds(
        Usage,
        **STAMPED,
        type=st.sampled_from(("session", "result", "setup_completed", "milestone", "consumed")),
        product_id=PRODUCTS,
        unit_id=UNITS,
        name=st.sampled_from((None, "brewed", "100 cups")),
    ),
    st.builds(
        Ticket,
        **STAMPED,
        ticket_id=st.sampled_from(("t1", "t2")),
        status=st.sampled_from(("open", "solved", "closed")),
        topic=st.sampled_from((None, "shipping", "return")),
        satisfaction=st.sampled_from((None, "bad")),
        order_id=st.sampled_from((None, "o1")),
    ),
    st.builds(
        Reply,
        **STAMPED,
        channel=st.sampled_from((None, "sms")),
        eligibility_id=st.sampled_from((None, "x", "y")),
        intent=st.sampled_from(("no", "not_now", "question", "frustrated", "answered", "stop", "start")),
        signals_friction=st.booleans(),
    ),
    st.builds(
        Reply,
        **STAMPED,
        eligibility_id=st.sampled_from(("x", "y")),
        feedback=st.sampled_from(("sent", "failed", "seen")),
    ),
    st.builds(
        Reply,
        **STAMPED,
        answers=st.builds(
            Answer,
            kind=st.sampled_from(("goal", "constraint")),
            key=st.sampled_from(("goal", "brand")),
            value=st.sampled_from(("tea", "time")),
        ).map(lambda answer: (answer,)),
    ),
    st.builds(
        Profile,
        **STAMPED,
        time_zone=st.sampled_from((None, "Europe/Berlin")),
        consents=st.builds(
            Consent,
            channel=st.sampled_from(("email", "sms")),
            state=st.sampled_from(("granted", "denied", "unknown")),
            at=STAMPED["occurred_at"],
            explicit=st.booleans(),
        ).map(lambda consent: (consent,)),
    ),
)


def facts_after(events: list[Any], *, hours: int = 13) -> Facts:
    story = Story(WORLD).at(hours=hours)
    for event in events:
        story.send(event)
    return facts_of(story.store, story.customer, CODECS)


@given(st.lists(EVENTS, max_size=8), st.randoms(use_true_random=False))
def test_any_order_and_repetition_of_the_same_events_ends_in_the_same_facts(
    events: list[Any], random: Any
) -> None:
    shuffled = events + random.choices(events, k=3) if events else []
    random.shuffle(shuffled)
    assert facts_after(shuffled) == facts_after(events)


@given(st.lists(EVENTS, max_size=8))
def test_facts_do_not_depend_on_when_events_are_read_nor_on_looks_between_them(events: list[Any]) -> None:
    story = Story(WORLD)
    for event in sorted(events, key=lambda event: event.occurred_at):
        story.at(ms=event.occurred_at - DAY_0)
        story.send(event)
    assert facts_of(story.store, story.customer, CODECS) == facts_after(events, hours=48)


MANY = st.lists(
    st.builds(
        Purchase,
        **STAMPED,
        type=st.sampled_from(("order_placed", "order_refunded", "order_cancelled")),
        order_id=st.sampled_from([f"o{n}" for n in range(12)]),
        lines=st.just((OrderLine(line_id="1", product_id="coffee", quantity=1),)),
    ),
    min_size=9,
    max_size=16,
)


@given(MANY, st.randoms(use_true_random=False))
def test_more_lines_than_are_kept_end_in_the_same_facts_in_any_order(events: list[Any], random: Any) -> None:
    shuffled = events + events[:3]
    random.shuffle(shuffled)
    assert facts_after(shuffled) == facts_after(events)


MANY_TICKETS = st.lists(
    st.builds(
        Ticket,
        **STAMPED,
        ticket_id=st.sampled_from([f"t{n}" for n in range(19)]),
        status=st.sampled_from(("open", "solved")),
        topic=st.just("billing"),
    ),
    min_size=17,
    max_size=24,
)


@given(MANY_TICKETS, st.randoms(use_true_random=False))
def test_more_tickets_than_are_kept_end_in_the_same_facts_in_any_order(
    events: list[Any], random: Any
) -> None:
    shuffled = events + events[:3]
    random.shuffle(shuffled)
    assert facts_after(shuffled) == facts_after(events)
