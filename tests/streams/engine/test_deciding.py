"""One partition's decisions without Kafka: slices, poison, looks, and what one commit holds."""

import re
from collections import deque
from time import perf_counter_ns
from typing import Any

import pytest

from schemas.codecs import decode_customer_snapshot
from schemas.framing import encode
from schemas.records import CustomerSnapshot, Erasure, Product, Usage
from state import keys
from state.decided import DecidedRecords
from state.errors import StoreUnavailable
from state.layouts import Codecs
from state.memory import MemoryStore
from state.records.customer import CustomerRecord
from state.records.parts import Target
from state.store import Batch
from streams.engine import position as positions
from streams.engine.commit import Commit
from streams.engine.deciding import Decider, Slice
from streams.engine.position import Mark, Position
from streams.inputs.deadletters import account
from streams.inputs.decode import InputDecoder
from streams.inputs.records import InputRecord, Rejection
from streams.journey.advance import Journey
from streams.journey.catalogue import Catalogue
from streams.journey.control import ControlState
from streams.journey.identity import Identity
from streams.journey.step import World
from streams.loading.policy_file import load_policies
from streams.replay.driver import FAULT_RETRY_MS
from tests.streams.inputs.bad_records import PARTITIONS, bad_records

NOW = 1_700_000_000_000
FOREVER = 2**62


def world(version: int = 1) -> World:
    catalogue = Catalogue("1", [Product("p", "1", "things", kind="durable")])
    return World(load_policies(), catalogue, Identity(b"k"), ControlState(), version)


def usage(number: int, customer_id: str = "c") -> InputRecord:
    event = Usage(f"u{number}", customer_id, NOW - 1000 + number, type="session", product_id="p")
    return InputRecord("journey.usage", 0, number, NOW, customer_id.encode(), encode(event))


def decider(store: MemoryStore | None = None, **others: Any) -> Decider:
    return Decider(store or MemoryStore(), world(), InputDecoder(), Position(), **others)


def slice_(now_ms: int = NOW, *, until_ns: int = FOREVER) -> Slice:
    return Slice(now_ms, True, until_ns)


def commit(one: Decider) -> Commit:
    done = one.finish()
    one.committed(done, Mark(1, NOW))
    return Commit(list(done.outputs), list(done.letters), done.changes, done.position, done.steps)


class Failing(Journey):
    """A journey in which some events, and every look, fail after they changed the customer."""

    def __init__(self, given: World, *fails: str, error: Exception | None = None) -> None:
        super().__init__(given)
        self.fails = fails
        self.error = error or ValueError("broken")

    def on_event(self, work: Any, event: Any, at: Any) -> None:
        super().on_event(work, event, at)
        if event.event_id in self.fails:
            work.records.customer(event.customer_id).brand = "half done"
            raise self.error

    def on_wake_up(self, work: Any, customer_id: str, target: Target, at: Any) -> None:
        if "look" in self.fails:
            raise self.error
        super().on_wake_up(work, customer_id, target, at)


def test_a_slice_ends_with_the_step_in_which_its_time_is_over_and_leaves_the_rest() -> None:
    one = decider()
    records = deque(usage(number) for number in range(100))
    one.take(records, slice_(until_ns=perf_counter_ns()))
    assert one.steps == 1
    assert records[0].offset == one.steps
    assert one.finish().position.inputs == {"journey.usage": one.steps}


def test_records_in_hand_are_let_go_of_when_they_are_too_many() -> None:
    one = decider(in_hand_max=40)
    most = 0
    for number in range(100):
        one.take(deque([usage(number, f"c{number}")]), slice_())
        commit(one)
        most = max(most, one._overlay.held)
    assert most == 40


def test_the_position_is_the_last_change_and_says_what_was_read() -> None:
    one = decider()
    one.take(deque([usage(6), usage(7)]), slice_())
    done = one.finish()
    assert list(done.changes.values)[-1] == positions.KEY
    said = positions.decode(done.changes.values[positions.KEY] or b"")
    assert said == done.position
    assert said.inputs == {"journey.usage": 8}
    assert said.customers == 1
    assert said.heard == {}  # usage has no expected interval of its own
    assert said.now_ms == NOW


def test_a_record_whose_decision_fails_goes_to_the_dead_letters_alone() -> None:
    one, twin = decider(), decider()
    one._journey = Failing(world(), "u2")
    records = deque(usage(number, f"c{number}") for number in range(5))
    while records:
        one.take(records, slice_())
    twin.take(deque(usage(number, f"c{number}") for number in range(5) if number != 2), slice_())
    done, expected = one.finish(), twin.finish()
    (letter,) = done.letters
    assert (letter.key, letter.value) == (usage(2, "c2").key, usage(2, "c2").value)
    rejection = account(letter.headers).rejection
    assert (rejection.reason, rejection.schema) == ("decision_failed", "Usage")
    assert re.fullmatch(r"ValueError in engine\.test_deciding, line \d+", rejection.field)
    assert done.outputs == expected.outputs
    without = {key: value for key, value in done.changes.values.items() if key != positions.KEY}
    assert without == {k: v for k, v in expected.changes.values.items() if k != positions.KEY}
    assert done.position.inputs == {"journey.usage": 5}
    assert (one.counts.events, one.counts.rejected, one.counts.faults) == (4, 1, 1)


@pytest.mark.parametrize("error", [StoreUnavailable("full")])
def test_a_store_that_fails_is_no_fault_of_the_record(error: Exception) -> None:
    one = decider()
    one._journey = Failing(world(), "u1", error=error)
    with pytest.raises(type(error)):
        one.take(deque([usage(0), usage(1)]), slice_())


def test_bad_bytes_are_dead_letters_and_change_no_record() -> None:
    one = decider()
    bad = InputRecord("journey.usage", 0, 3, NOW, b"c", b"\xff\x00")
    one.take(deque([bad]), slice_())
    done = one.finish()
    assert [letter.value for letter in done.letters] == [b"\xff\x00"]
    assert list(done.changes.values) == [positions.KEY]
    assert done.position.inputs == {"journey.usage": 4}


def test_no_bad_record_changes_a_stored_one_and_each_comes_out_as_it_came_in() -> None:
    store = MemoryStore()
    one = decider(store)
    one.take(deque(usage(number, f"c{number}") for number in range(3)), slice_())
    commit(one)
    before = store.scan(keys.RECORDS)
    decoder = InputDecoder(partitions=PARTITIONS)
    bad = [it for it in bad_records(7, 5_000) if isinstance(decoder.decode(it), Rejection)]
    assert len(bad) > 4_500  # what was damaged may still be valid
    one = Decider(store, world(), decoder, one.position)
    queue = deque(bad)
    while queue:
        one.take(queue, slice_())
    done = commit(one)
    assert [(letter.key, letter.value) for letter in done.letters] == [(it.key, it.value) for it in bad]
    assert not done.outputs
    assert store.scan(keys.RECORDS) == before


def due_customer(store: MemoryStore, customer_id: str, due_ms: int) -> None:
    record = CustomerRecord()
    record.due_ms = due_ms
    batch = Batch()
    batch.replace(keys.customer(customer_id), None, Codecs().customer.encode(record))
    store.write(batch)


def test_a_look_that_fails_comes_back_a_day_later_and_no_other_is_held_up() -> None:
    store = MemoryStore()
    due_customer(store, "a", NOW - 2)
    one = decider(store)
    one._journey = Failing(world(), "look")
    one.look(one.due(NOW, 10), slice_())
    commit(one)
    assert store.next_due() == NOW + FAULT_RETRY_MS
    assert one.counts.faults == 1


def test_a_due_look_is_taken_and_goes_from_the_index_with_the_commit() -> None:
    store = MemoryStore()
    due_customer(store, "a", NOW - 2)
    one = decider(store)
    one.look(one.due(NOW, 10), slice_())
    assert store.next_due() == NOW - 2
    commit(one)
    assert store.next_due() is None


def test_what_was_decided_under_another_world_is_found_once() -> None:
    store = MemoryStore()
    one = decider(store)
    one.take(deque(usage(number, f"c{number}") for number in range(3)), slice_())
    commit(one)
    assert not one.stale(100)
    assert not one.redeciding
    one.world = world(version=2)
    found = one.stale(100)
    assert {wakeup.customer_id for wakeup in found} == {"c0", "c1", "c2"}
    one.look(found, slice_())
    commit(one)
    again = Decider(store, world(version=2), InputDecoder(), Position())
    assert not again.stale(100)


def test_stale_records_that_a_slice_had_no_time_for_come_again_and_the_pass_is_not_over_before() -> None:
    one = decider()
    one.take(deque(usage(number, f"c{number}") for number in range(30)), slice_())
    assert one.stale(100) == deque()
    assert commit(one).position.redecided == 1
    one.world = world(version=2)
    one.look(one.stale(20), slice_(until_ns=perf_counter_ns()))
    assert commit(one).position.redecided == 0
    while one.redeciding:
        one.look(one.stale(20), slice_(until_ns=perf_counter_ns()))
    done = commit(one)
    assert done.position.redecided == 2
    assert {it.version for it in DecidedRecords(one._store, Codecs()).after(None, 1_000)} == {2}


@pytest.mark.parametrize("version", [1, 2])
def test_who_begins_under_the_same_world_reads_nothing_anew(version: int) -> None:
    one = decider()
    one.take(deque(usage(number, f"c{number}") for number in range(3)), slice_())
    one.stale(100)
    done = commit(one)
    again = Decider(one._store, world(version), InputDecoder(), done.position)
    assert again.redeciding == (version == 2)


def test_one_snapshot_per_customer_and_commit_and_a_tombstone_after_an_erasure() -> None:
    store = MemoryStore()
    one = decider(store)
    one.take(deque([usage(0), usage(1), usage(2)]), slice_())
    snapshots = [out for out in commit(one).outputs if out.topic == "journey.customers"]
    assert len(snapshots) <= 1
    for out in snapshots:
        assert isinstance(decode_customer_snapshot(out.value or b"", 10), CustomerSnapshot)
    erasure = encode(Erasure("e", "c", NOW))
    one.take(deque([InputRecord("journey.erasures", 0, 0, NOW, b"c", erasure)]), slice_())
    done = commit(one)
    assert [out.value for out in done.outputs if out.topic == "journey.customers"] == [None]
    assert store.get(keys.customer("c")) is None
    assert done.position.customers == 0


def test_a_second_decider_goes_on_where_the_first_one_committed() -> None:
    store, other = MemoryStore(), MemoryStore()
    first, whole = decider(store), decider(other)
    records = [usage(number) for number in range(6)]
    first.take(deque(records[:3]), slice_())
    commit(first)
    second = Decider(store, world(), InputDecoder(), positions.stored(store) or Position())
    second.take(deque(records[3:]), slice_(NOW + 1))
    commit(second)
    whole.take(deque(records[:3]), slice_())
    commit(whole)
    whole.take(deque(records[3:]), slice_(NOW + 1))
    commit(whole)
    assert store.scan(keys.RECORDS) == other.scan(keys.RECORDS)
    assert positions.stored(store) == positions.stored(other)


def test_time_never_goes_back() -> None:
    one = decider()
    one.take(deque([usage(0)]), slice_(NOW + 5))
    one.take(deque([usage(1)]), slice_(NOW))
    assert one.finish().position.now_ms == NOW + 5


def test_topics_take_the_prefix_of_the_installation() -> None:
    event = Usage("u", "c", NOW, type="session", product_id="p")
    one = Decider(MemoryStore(), world(), InputDecoder(prefix="shop."), Position(), prefix="shop.")
    one.take(deque([InputRecord("shop.usage", 0, 0, NOW, b"c", encode(event))]), slice_())
    assert {out.topic.split(".")[0] for out in one.finish().outputs} <= {"shop"}
    assert one.counts.events == 1
