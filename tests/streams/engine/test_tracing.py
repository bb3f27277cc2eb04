"""What is said because of an event bears its trace, and nothing else does."""

from collections import deque
from typing import Any

from msgspec.structs import replace

from schemas.framing import encode
from schemas.records import Ticket
from state.memory import MemoryStore
from streams.engine.deciding import Decider
from streams.inputs.deadletters import account
from streams.inputs.records import InputRecord
from streams.inputs.tracing import HEADER
from tests.streams.engine.test_deciding import NOW, Failing, commit, decider, slice_, usage, world
from tests.streams.inputs.test_tracing import TRACE

HOUR_MS = 3_600_000


def ticket(customer_id: str, trace: str = "") -> InputRecord:
    event = Ticket(f"t-{customer_id}", customer_id, NOW, ticket_id="7", status="open", topic="broken")
    return InputRecord("journey.tickets", 0, 0, NOW, customer_id.encode(), encode(event), trace)


def traces(done: Any) -> dict[tuple[str, bytes | None], bytes | None]:
    """The trace of each output by its topic and key."""
    return {(it.topic, it.key): dict(it.headers).get(HEADER) for it in done.outputs}


def test_what_an_event_led_to_bears_its_trace() -> None:
    one = decider()
    one.take(deque([ticket("a"), ticket("b", TRACE), ticket("c")]), slice_())
    found = traces(commit(one))
    assert found["journey.friction", b"b"] == TRACE.encode()
    assert found["journey.friction", b"a"] is found["journey.friction", b"c"] is None
    assert found["journey.customers", b"b"] is None
    one.take(deque([ticket("d")]), slice_())
    assert set(traces(commit(one)).values()) == {None}


def test_a_step_that_is_taken_back_leaves_its_trace_on_its_dead_letter_alone() -> None:
    one = decider()
    one._journey = Failing(world(), "u2")
    records = deque([ticket("a"), replace(usage(2, "b"), trace=TRACE), ticket("c")])
    while records:
        one.take(records, slice_())
    done = commit(one)
    assert set(traces(done).values()) == {None}
    (letter,) = done.letters
    assert dict(letter.headers)[HEADER] == TRACE.encode()
    assert account(letter.headers).offset == 2


def test_two_events_of_one_transaction_keep_their_own_traces() -> None:
    one, other = decider(), TRACE.replace("4bf9", "0000")
    one.take(deque([ticket("a", TRACE)]), slice_())
    one.take(deque([ticket("b", other)]), slice_())
    found = traces(commit(one))
    assert found["journey.friction", b"a"] == TRACE.encode()
    assert found["journey.friction", b"b"] == other.encode()


def opened_help(one: Decider) -> bytes | None:
    """The trace of the help that comes some time after a ticket was opened."""
    one.look(one.due(NOW + HOUR_MS, 10), slice_(NOW + HOUR_MS))
    return traces(commit(one))["journey.eligibility", b"a"]


def test_a_moment_that_comes_later_bears_the_trace_of_the_event_that_led_to_it() -> None:
    store = MemoryStore()
    one = decider(store)
    one.take(deque([ticket("a", TRACE)]), slice_())
    commit(one)
    assert opened_help(decider(store)) == TRACE.encode()


def test_a_later_event_without_a_trace_takes_its_place() -> None:
    store = MemoryStore()
    one = decider(store)
    one.take(deque([ticket("a", TRACE), usage(1, "a")]), slice_())
    commit(one)
    assert opened_help(decider(store)) is None
