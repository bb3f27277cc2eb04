"""What is counted of a transaction, and only of one that stands."""

from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.framing import encode
from schemas.records import Ticket, Usage
from state import keys
from state.memory import MemoryStore
from state.store import SCAN_MAX, Batch
from streams.engine.commit import Commit
from streams.engine.deciding import Decider
from streams.engine.position import Mark, Position
from streams.engine.totals import LATE_MS, REMEMBERED, Distribution, Done, Totals
from streams.inputs.records import InputRecord
from tests.streams.engine.test_deciding import NOW, Failing, decider, due_customer, slice_, usage, world

BOUNDS = (0.1, 1.0, 10.0)


def committed(one: Decider, totals: Totals, now_ms: int = NOW, speed: float = 1.0) -> None:
    commit = one.finish()
    totals.committed(commit, now_ms, speed)
    one.committed(commit, Mark(1, NOW))


def record(event: Usage | Ticket, number: int = 0, written_ms: int = NOW) -> InputRecord:
    topic = "journey.usage" if isinstance(event, Usage) else "journey.tickets"
    return InputRecord(topic, 0, number, written_ms, event.customer_id.encode(), encode(event))


@pytest.mark.parametrize(("value", "bucket"), [(0.0, 0), (0.1, 0), (0.11, 1), (1.0, 1), (10.0, 2), (10.5, 3)])
def test_a_bound_is_part_of_its_bucket(value: float, bucket: int) -> None:
    one, many = Distribution(BOUNDS), Distribution(BOUNDS)
    one.observe(value)
    many.observe_all([round(100 * value)], 100)
    assert one.counts == many.counts == [int(index == bucket) for index in range(4)]


@given(st.lists(st.integers(-5, 20_000)))
def test_many_values_at_once_are_the_same_as_one_by_one(values: list[int]) -> None:
    one, many = Distribution(BOUNDS), Distribution(BOUNDS)
    for value in values:
        one.observe(max(0, value) / 1000)
    many.observe_all(list(values), 1000)
    assert one.counts == many.counts
    assert one.total == pytest.approx(many.total)


def test_an_event_is_counted_by_its_topic_with_the_time_to_its_commit() -> None:
    one, totals = decider(), Totals()
    one.take(deque([usage(1), usage(2)]), slice_())
    assert not totals.inputs
    committed(one, totals, NOW + 300)
    assert totals.inputs == {"journey.usage": 2}
    assert totals.event_to_output.total == pytest.approx(0.6)
    one.take(deque([usage(3)]), slice_())
    committed(one, totals, NOW + 300)
    assert totals.inputs == {"journey.usage": 3}


def test_a_faster_clock_makes_no_longer_times() -> None:
    one, totals = decider(), Totals()
    one.take(deque([usage(1)]), slice_())
    committed(one, totals, NOW + 50_000, speed=100)
    assert totals.event_to_output.total == pytest.approx(0.5)


def test_a_repeated_event_and_a_late_one_are_told_apart_from_the_others() -> None:
    one, totals = decider(), Totals()
    late = Usage("late", "c", NOW - LATE_MS - 1, type="session", product_id="p")
    in_time = Usage("in time", "c", NOW - LATE_MS, type="session", product_id="p")
    one.take(deque([usage(1), usage(1), record(late), record(in_time)]), slice_())
    committed(one, totals)
    assert (totals.repeated, totals.late) == ({"journey.usage": 1}, {"journey.usage": 1})


def test_a_repetition_is_forgotten_after_many_others() -> None:
    totals = Totals()
    totals._note([("t", f"e{number}", NOW, NOW) for number in range(20 * REMEMBERED)], NOW, 1.0)
    assert totals.repeated["t"] == 0
    totals._note([("t", "e0", NOW, NOW)], NOW, 1.0)
    assert totals.repeated["t"] == 0


def test_what_failed_is_a_dead_letter_and_no_event() -> None:
    one, totals = decider(), Totals()
    one._journey = Failing(world(), "u2")
    records = deque([usage(1), usage(2), usage(3)])
    while records:
        one.take(records, slice_())
    committed(one, totals)
    assert totals.inputs == {"journey.usage": 3}
    assert totals.letters == {("journey.usage", "decision_failed"): 1}
    assert (totals.faults, totals.repeated) == (1, {})
    assert sum(totals.event_to_output.counts) == 2


def test_a_wakeup_is_as_late_as_its_commit() -> None:
    store, totals = MemoryStore(), Totals()
    due_customer(store, "c", NOW - 2_000)
    one = decider(store)
    one.look(one.due(NOW, 10), slice_())
    committed(one, totals, NOW + 500)
    assert totals.looked == 1
    assert totals.lateness.total == pytest.approx(2.5)


def test_what_is_said_is_counted_in_the_words_of_the_journey() -> None:
    one, totals = decider(), Totals()
    ticket = Ticket("t1", "c", NOW, ticket_id="7", status="open", topic="broken")
    one.take(deque([record(ticket)]), slice_())
    committed(one, totals)
    assert totals.friction == {("troubleshooting", "open"): 1}
    assert totals.outputs["journey.friction"] == totals.outputs["journey.customers"] == 1


def test_a_record_in_hand_is_not_read_again() -> None:
    one, totals = decider(), Totals()
    one.take(deque([usage(1)]), slice_())
    committed(one, totals)
    read = totals.read
    assert read > 0
    one.take(deque([usage(2)]), slice_())
    committed(one, totals)
    assert totals.read == read < totals.asked


def test_the_position_knows_how_many_wakeups_are_to_come() -> None:
    store, totals = MemoryStore(), Totals()
    one = decider(store)
    for number in range(20):
        ticket = Ticket(f"t{number}", f"c{number % 7}", NOW, ticket_id="7", status="open", topic="broken")
        one.take(deque([record(ticket, number), usage(number, f"c{number % 5}")]), slice_())
        committed(one, totals)
        assert one.position.wakeups == len(store.scan(keys.WAKEUPS, limit=SCAN_MAX)) > 0


def test_events_of_a_history_are_counted_and_have_no_latency() -> None:
    totals = Totals()
    done = Done(replayed={"journey.usage": 3})
    totals.committed(Commit([], [], Batch(), Position(), 3, done), NOW, 1.0)
    assert totals.inputs == {"journey.usage": 3}
    assert sum(totals.event_to_output.counts) == 0
