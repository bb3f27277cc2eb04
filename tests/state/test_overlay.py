"""The working set of one batch."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from state import keys
from state.errors import Damaged, MalformedKey, StoreUnavailable
from state.keys import Wakeup
from state.layouts import Codecs
from state.memory import MemoryStore
from state.overlay import Overlay
from state.records.customer import CustomerRecord, Forgotten
from state.records.item import ItemRecord
from state.records.order import OrderRecord
from state.records.parts import Target
from state.restore import derived_wakeups
from state.store import Batch, Store
from tests.state.stores import FailingStore

CODECS = Codecs()


class CountingStore(FailingStore):
    """Counts reads."""

    reads = 0

    def get(self, key: bytes) -> bytes | None:
        self.reads += 1
        return super().get(key)


def commit(overlay: Overlay, store: Store) -> Batch:
    batch = Batch()
    overlay.commit_to(batch)
    store.write(batch)
    return batch


def stored(store: Store) -> dict[bytes, bytes]:
    return dict(store.scan(keys.RECORDS))


def index(store: Store) -> list[bytes]:
    return [key for key, _ in store.scan(keys.WAKEUPS)]


@pytest.fixture
def filled(store: Store) -> Store:
    """A store with a customer, two items and an order, all of them due, and another customer."""
    overlay = Overlay(store, CODECS)
    for name in ("c1", "c2"):
        overlay.customer(name).due_ms = 10
        overlay.touch_customer(name)
        overlay.put_item(name, ItemRecord("pump", due_ms=20))
        overlay.put_item(name, ItemRecord("pump", "u1", due_ms=30))
        overlay.put_order(name, OrderRecord("o1", due_ms=40))
    commit(overlay, store)
    return store


def test_a_missing_customer_is_fresh_and_nobody_is_told(store: Store) -> None:
    overlay = Overlay(store, CODECS)
    assert overlay.customer("c1") == CustomerRecord()
    assert overlay.customer("c1") is overlay.customer("c1")
    assert not overlay.exists("c1")
    assert len(commit(overlay, store)) == 0


def test_a_missing_item_or_order_is_none(store: Store) -> None:
    overlay = Overlay(store, CODECS)
    assert overlay.item("c1", "pump") is None
    assert overlay.order("c1", "o1") is None
    assert overlay.forgotten(b"h") is None


def test_what_is_committed_is_what_the_next_batch_reads(filled: Store) -> None:
    overlay = Overlay(filled, CODECS)
    assert overlay.exists("c1")
    assert CODECS.customer.encode(overlay.customer("c1")) == CODECS.customer.encode(CustomerRecord(due_ms=10))
    assert overlay.item("c1", "pump") == ItemRecord("pump", due_ms=20)
    assert overlay.item("c1", "pump", "u1") == ItemRecord("pump", "u1", due_ms=30)
    assert overlay.order("c1", "o1") == OrderRecord("o1", due_ms=40)


def test_committing_moves_the_wakeup_of_each_changed_record(filled: Store) -> None:
    overlay = Overlay(filled, CODECS)
    for due_ms, record in ((11, overlay.customer("c1")), (0, overlay.item("c1", "pump"))):
        assert record is not None
        record.due_ms = due_ms
    overlay.touch_customer("c1")
    overlay.put_item("c1", ItemRecord("pump", due_ms=0))
    overlay.remove_order("c1", "o1")
    commit(overlay, filled)
    of_c1 = [wakeup for wakeup in filled.due(100) if wakeup.customer_id == "c1"]
    assert of_c1 == [Wakeup(11, "c1", Target()), Wakeup(30, "c1", Target("pump", "u1"))]
    assert index(filled) == sorted(derived_wakeups(filled))
    assert filled.get(keys.order("c1", "o1")) is None


def test_a_record_that_ends_as_it_began_is_not_written(filled: Store) -> None:
    overlay = Overlay(filled, CODECS)
    customer = overlay.customer("c1")
    customer.sequence += 1
    overlay.touch_customer("c1")
    customer.sequence -= 1
    overlay.put_item("c1", ItemRecord("pump", due_ms=20))
    overlay.remove_order("c1", "o1")
    overlay.put_order("c1", OrderRecord("o1", due_ms=40))
    overlay.remove_order("c1", "unknown")
    assert len(commit(overlay, filled)) == 0


def test_a_change_that_nobody_tells_is_not_written(filled: Store) -> None:
    overlay = Overlay(filled, CODECS)
    overlay.customer("c1").sequence = 9
    assert len(commit(overlay, filled)) == 0


def test_a_customer_nobody_asked_for_cannot_have_changed(filled: Store) -> None:
    overlay = Overlay(filled, CODECS)
    with pytest.raises(LookupError, match="'c1' is not in hand"):
        overlay.touch_customer("c1")
    overlay.customer("c1")
    overlay.settle()
    with pytest.raises(LookupError):
        overlay.touch_customer("c1")


def test_each_record_is_read_once(filled: Store) -> None:
    store = CountingStore(filled)
    overlay = Overlay(store, CODECS)
    for _ in range(3):
        overlay.customer("c1")
        overlay.item("c1", "pump")
        overlay.item("c1", "unknown")
        overlay.exists("c1")
        overlay.settle()
    assert store.reads == 3


def test_committing_twice_writes_each_change_once(filled: Store) -> None:
    overlay = Overlay(filled, CODECS)
    for due_ms in (50, 60):
        overlay.customer("c1").due_ms = due_ms
        overlay.touch_customer("c1")
        assert set(commit(overlay, filled).values) == {keys.customer("c1")}
        assert len(commit(overlay, filled)) == 0
    assert index(filled) == sorted(derived_wakeups(filled))


def test_what_is_in_hand_for_longest_is_let_go_of_first_and_read_again(filled: Store) -> None:
    overlay = Overlay(filled, CODECS)
    for customer_id in ("c1", "c2"):
        overlay.customer(customer_id).sequence = 7
        overlay.touch_customer(customer_id)
    commit(overlay, filled)
    first, second = overlay.customer("c1"), overlay.customer("c2")
    overlay.keep(1)
    assert overlay.held == 1
    assert overlay.customer("c2") is second
    assert overlay.customer("c1") is not first
    assert overlay.customer("c1").sequence == 7
    overlay.keep(5)
    assert overlay.held == 2


def test_a_write_that_fails_is_forgotten_by_dropping(filled: Store) -> None:
    store = FailingStore(filled, failures=1)
    overlay, before, wakeups = Overlay(store, CODECS), stored(filled), index(filled)
    overlay.customer("c1").due_ms = 50
    overlay.touch_customer("c1")
    overlay.erase("c2")
    with pytest.raises(StoreUnavailable):
        commit(overlay, store)
    overlay.drop()
    assert (stored(filled), index(filled)) == (before, wakeups)
    assert overlay.customer("c1").due_ms == 10
    assert overlay.exists("c2")
    assert len(commit(overlay, store)) == 0


class TestSavepoint:
    def test_a_step_that_fails_takes_back_its_own_changes_alone(self, filled: Store) -> None:
        overlay = Overlay(filled, CODECS)
        overlay.customer("c1").sequence = 1
        overlay.touch_customer("c1")
        overlay.put_item("c1", ItemRecord("lamp", due_ms=5))
        overlay.savepoint()
        overlay.customer("c1").sequence = 2
        overlay.touch_customer("c1")
        overlay.put_item("c1", ItemRecord("lamp", due_ms=6))
        overlay.put_item("c1", ItemRecord("hose", due_ms=7))
        overlay.remove_order("c1", "o1")
        overlay.customer("c2").sequence = 3  # changed, and the step failed before it said so
        overlay.rollback()
        assert overlay.customer("c1").sequence == 1
        assert overlay.item("c1", "lamp") == ItemRecord("lamp", due_ms=5)
        assert overlay.item("c1", "hose") is None
        assert overlay.order("c1", "o1") is not None
        assert overlay.customer("c2").sequence == 0
        assert set(commit(overlay, filled).values) == {keys.customer("c1"), keys.item("c1", "lamp")}
        assert index(filled) == sorted(derived_wakeups(filled))

    def test_records_stay_in_hand_after_it_and_may_change_further(self, filled: Store) -> None:
        overlay = Overlay(filled, CODECS)
        customer = overlay.customer("c1")
        for sequence in (1, 2):
            customer.sequence = sequence
            overlay.touch_customer("c1")
            overlay.savepoint()
        assert overlay.customer("c1") is customer
        commit(overlay, filled)
        assert CODECS.customer.decode(filled.get(keys.customer("c1")) or b"").sequence == 2

    def test_a_change_settled_and_undone_is_not_written(self, filled: Store) -> None:
        overlay = Overlay(filled, CODECS)
        for sequence in (1, 0):
            overlay.customer("c1").sequence = sequence
            overlay.touch_customer("c1")
            overlay.settle()
        assert len(commit(overlay, filled)) == 0

    def test_settling_decodes_anew_what_is_read_next(self, filled: Store) -> None:
        overlay = Overlay(filled, CODECS)
        customer = overlay.customer("c1")
        customer.sequence = 1
        overlay.touch_customer("c1")
        overlay.settle()
        assert overlay.customer("c1") == customer
        assert overlay.customer("c1") is not customer


class TestErase:
    def test_leaves_nothing_of_the_customer_and_all_of_others(self, filled: Store) -> None:
        overlay = Overlay(filled, CODECS)
        overlay.put_item("c1", ItemRecord("new", due_ms=3))  # in hand only
        overlay.put_order("c1", OrderRecord("o2"))
        overlay.item("c2", "pump")
        overlay.order("c2", "o1")
        overlay.erase("c1")
        assert not overlay.exists("c1")
        assert overlay.exists("c2")
        assert overlay.item("c2", "pump") is not None
        assert overlay.order("c2", "o1") is not None
        assert overlay.item("c1", "pump") is None
        assert overlay.item("c1", "new") is None
        assert overlay.order("c1", "o1") is None
        overlay.put_forgotten(b"hash", Forgotten(1, 7, 99))
        commit(overlay, filled)
        assert filled.scan(keys.customer_prefix("c1")) == []
        assert {wakeup.customer_id for wakeup in filled.due(100)} == {"c2"}
        assert index(filled) == sorted(derived_wakeups(filled))
        assert overlay.forgotten(b"hash") == Forgotten(1, 7, 99)

    def test_stays_when_the_customer_is_read_again(self, filled: Store) -> None:
        overlay = Overlay(filled, CODECS)
        overlay.erase("c1")
        assert overlay.customer("c1") == CustomerRecord()
        assert not overlay.exists("c1")
        commit(overlay, filled)
        assert filled.scan(keys.customer_prefix("c1")) == []

    def test_makes_room_for_a_new_customer_of_the_same_id(self, filled: Store) -> None:
        overlay = Overlay(filled, CODECS)
        overlay.erase("c1")
        overlay.customer("c1").epoch = 1
        overlay.touch_customer("c1")
        assert overlay.exists("c1")
        commit(overlay, filled)
        assert stored(filled)[keys.customer("c1")] == CODECS.customer.encode(CustomerRecord(epoch=1))
        assert len(filled.scan(keys.customer_prefix("c1"))) == 1

    def test_is_taken_back_with_its_step(self, filled: Store) -> None:
        overlay = Overlay(filled, CODECS)
        overlay.customer("c1").sequence = 1
        overlay.touch_customer("c1")
        overlay.savepoint()
        overlay.erase("c1")
        overlay.rollback()
        assert overlay.customer("c1").sequence == 1
        assert set(commit(overlay, filled).values) == {keys.customer("c1")}
        assert overlay.item("c1", "pump") is not None


@pytest.mark.parametrize(
    ("target", "due_ms"),
    [(Target(), 10), (Target("pump"), 20), (Target("pump", "u1"), 30), (Target(order_id="o1"), 40)],
)
def test_a_wakeup_is_due_while_its_record_says_so(filled: Store, target: Target, due_ms: int) -> None:
    overlay = Overlay(filled, CODECS)
    assert [overlay.is_due(Wakeup(due_ms + n, "c1", target)) for n in (-1, 0, 1)] == [False, True, False]
    overlay.erase("c1")
    assert not overlay.is_due(Wakeup(due_ms, "c1", target))


def test_a_record_that_cannot_be_read_is_never_taken_for_a_missing_one() -> None:
    store, batch = MemoryStore(), Batch()
    batch.put(keys.customer("c1"), CODECS.item.encode(ItemRecord("pump")))
    store.write(batch)
    overlay = Overlay(store, CODECS)
    for _ in range(2):
        with pytest.raises(Damaged):
            overlay.customer("c1")


def test_an_id_that_makes_no_key_leaves_the_working_set_as_it_is(store: Store) -> None:
    overlay = Overlay(store, CODECS)
    with pytest.raises(MalformedKey):
        overlay.customer("")
    assert len(commit(overlay, store)) == 0


ACTS = st.sampled_from(
    ["change", "put", "remove", "erase", "savepoint", "rollback", "settle", "commit", "drop"]
)
SCRIPTS = st.lists(st.tuples(ACTS, st.sampled_from(["a", "b"]), st.integers(0, 3)), max_size=25)


@given(SCRIPTS)
def test_any_script_ends_with_the_state_and_the_index_of_a_plain_dict(
    script: list[tuple[str, str, int]],
) -> None:
    """`now` is what the working set shows, `safe` what a rollback leads to, `kept` what the store holds."""
    store = MemoryStore()
    overlay = Overlay(store, CODECS)
    now, safe, kept = dict[str, int](), dict[str, int](), dict[str, int]()
    for act, name, due_ms in script:
        match act:
            case "change":
                overlay.customer(name).due_ms = due_ms
                overlay.touch_customer(name)
                now[name] = due_ms
            case "put":
                overlay.put_order(name, OrderRecord("o", due_ms))
                now[name + "o"] = due_ms
            case "remove":
                overlay.remove_order(name, "o")
                now.pop(name + "o", None)
            case "erase":
                overlay.erase(name)
                now.pop(name, None), now.pop(name + "o", None)
            case "savepoint" | "settle":
                overlay.savepoint() if act == "savepoint" else overlay.settle()
                safe = dict(now)
            case "rollback":
                overlay.rollback()
                now = dict(safe)
            case "commit":
                commit(overlay, store)
                safe, kept = dict(now), dict(now)
            case _:
                overlay.drop()
                now, safe = dict(kept), dict(kept)
        for who in ("a", "b"):
            order = overlay.order(who, "o")
            assert (overlay.customer(who).due_ms, overlay.exists(who)) == (now.get(who, 0), who in now)
            assert (None if order is None else order.due_ms) == now.get(who + "o")
    assert len(stored(store)) == len(kept)
    assert sorted(wakeup.due_ms for wakeup in store.due(10)) == sorted(filter(None, kept.values()))
    assert index(store) == sorted(derived_wakeups(store))
