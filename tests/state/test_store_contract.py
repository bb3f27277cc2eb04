"""What every store keeps, whatever it is made of."""

from collections.abc import Callable

import pytest

from state import keys
from state.errors import StoreClosed
from state.keys import Wakeup
from state.records.parts import Target
from state.store import DUE_MAX, SCAN_MAX, Batch, Store, forget_customer, scan_all

ITEM = Target("pump", "u1")
ORDER = Target(order_id="o1")
THE_CUSTOMER = Target()


def put(store: Store, **values: bytes) -> None:
    batch = Batch()
    for name, value in values.items():
        batch.put(keys.meta(name), value)
    store.write(batch)


def value(due_ms: int, body: bytes = b"body") -> bytes:
    """The head of a record and something behind it."""
    return b"\x21" + due_ms.to_bytes(8, "big") + body


def schedule(store: Store, customer_id: str, target: Target, old: int, new: int) -> None:
    batch = Batch()
    batch.schedule(customer_id, target, old, new)
    store.write(batch)


def test_an_empty_store_has_nothing(store: Store) -> None:
    assert store.get(b"\x00k") is None
    assert store.get_many([b"\x00k", b"\x00l"]) == [None, None]
    assert store.get_many([]) == []
    assert store.scan(keys.META) == []
    assert store.due(10**15) == []
    assert store.next_due() is None


def test_a_value_is_read_back_replaced_and_deleted(store: Store) -> None:
    put(store, a=b"1")
    assert store.get(keys.meta("a")) == b"1"
    put(store, a=b"2")
    assert store.get(keys.meta("a")) == b"2"
    batch = Batch()
    batch.delete(keys.meta("a"))
    store.write(batch)
    assert store.get(keys.meta("a")) is None


def test_an_empty_value_is_not_a_missing_one(store: Store) -> None:
    put(store, a=b"")
    assert store.get_many([keys.meta("a"), keys.meta("b")]) == [b"", None]


def test_deleting_what_is_not_there_changes_nothing(store: Store) -> None:
    batch = Batch()
    batch.delete(keys.meta("a"))
    batch.schedule("c1", THE_CUSTOMER, 5, 0)
    store.write(batch)
    assert store.scan(keys.META) == []


def test_many_values_come_in_the_order_asked_for(store: Store) -> None:
    put(store, a=b"1", b=b"2", c=b"3")
    wanted = [keys.meta(name) for name in ("c", "x", "a", "c")]
    assert store.get_many(wanted) == [b"3", None, b"1", b"3"]


def test_the_last_change_of_a_key_in_a_batch_counts(store: Store) -> None:
    batch = Batch()
    batch.put(keys.meta("a"), b"1")
    batch.delete(keys.meta("a"))
    batch.delete(keys.meta("b"))
    batch.put(keys.meta("b"), b"2")
    store.write(batch)
    assert store.scan(keys.META) == [(keys.meta("b"), b"2")]


def test_a_batch_is_left_as_it_is_and_can_be_cleared(store: Store) -> None:
    batch = Batch()
    batch.put(keys.meta("a"), b"1")
    batch.schedule("c1", THE_CUSTOMER, 0, 5)
    store.write(batch)
    assert len(batch) == 2
    batch.clear()
    assert len(batch) == 0
    assert store.get(keys.meta("a")) == b"1"


def test_a_value_of_megabytes_is_kept(store: Store) -> None:
    big = bytes(range(256)) * 4096 * 3
    put(store, big=big)
    store.flush()
    assert store.get(keys.meta("big")) == big


class TestScan:
    def test_gives_a_prefix_in_order_of_its_keys_and_nothing_else(self, store: Store) -> None:
        put(store, b=b"2", ab=b"4", a=b"1", aa=b"3")
        batch = Batch()
        batch.put(keys.forgotten(b"a"), b"5")
        store.write(batch)
        assert [key for key, _ in store.scan(keys.meta("a"))] == [b"\x00a", b"\x00aa", b"\x00ab"]
        assert store.scan(keys.FORGOTTEN) == [(b"\x20a", b"5")]

    def test_goes_on_behind_a_key_whether_it_is_there_or_not(self, store: Store) -> None:
        put(store, a=b"1", b=b"2", c=b"3")
        assert [key for key, _ in store.scan(keys.META, keys.meta("a"))] == [b"\x00b", b"\x00c"]
        assert [key for key, _ in store.scan(keys.META, keys.meta("aa"))] == [b"\x00b", b"\x00c"]
        assert store.scan(keys.META, keys.meta("c")) == []
        assert [key for key, _ in store.scan(keys.meta("b"), keys.META)] == [b"\x00b"]

    @pytest.mark.parametrize(("limit", "found"), [(1, 1), (2, 2), (3, 3), (4, 3)])
    def test_returns_no_more_than_its_limit(self, store: Store, limit: int, found: int) -> None:
        put(store, a=b"1", b=b"2", c=b"3")
        assert len(store.scan(keys.META, limit=limit)) == found

    def test_refuses_to_scan_nothing_and_everything(self, store: Store) -> None:
        with pytest.raises(ValueError, match="at least 1, not 0"):
            store.scan(keys.META, limit=0)
        with pytest.raises(ValueError, match="needs a prefix"):
            store.scan(b"")

    def test_shows_wakeups_as_entries_without_value(self, store: Store) -> None:
        schedule(store, "c2", THE_CUSTOMER, 0, 9)
        schedule(store, "c1", THE_CUSTOMER, 0, 7)
        wakeups = [keys.wakeup(7, keys.customer("c1")), keys.wakeup(9, keys.customer("c2"))]
        assert store.scan(keys.WAKEUPS) == [(key, b"") for key in wakeups]
        assert store.scan(keys.WAKEUPS, wakeups[0], 1) == [(wakeups[1], b"")]

    def test_pages_are_bounded_and_together_complete(self, store: Store) -> None:
        names = [f"{number:05}" for number in range(SCAN_MAX + 2)]
        put(store, **dict.fromkeys(names, b""))
        assert len(store.scan(keys.META, limit=10**9)) == SCAN_MAX
        assert [key for key, _ in scan_all(store, keys.META)] == [keys.meta(name) for name in names]


class TestWakeups:
    def test_come_in_order_of_time_and_say_what_they_are_for(self, store: Store) -> None:
        schedule(store, "c2", THE_CUSTOMER, 0, 300)
        schedule(store, "c1", ORDER, 0, 200)
        schedule(store, "c1", ITEM, 0, 100)
        assert store.due(300) == [
            Wakeup(100, "c1", ITEM),
            Wakeup(200, "c1", ORDER),
            Wakeup(300, "c2", THE_CUSTOMER),
        ]

    @pytest.mark.parametrize(("until_ms", "count"), [(99, 0), (100, 1), (101, 1)])
    def test_are_due_from_their_millisecond_on(self, store: Store, until_ms: int, count: int) -> None:
        schedule(store, "c1", ITEM, 0, 100)
        assert len(store.due(until_ms)) == count

    def test_stay_until_they_are_moved_or_cancelled(self, store: Store) -> None:
        schedule(store, "c1", ITEM, 0, 100)
        assert store.due(100) == store.due(100) == [Wakeup(100, "c1", ITEM)]
        schedule(store, "c1", ITEM, 100, 150)
        assert store.due(149) == []
        assert store.next_due() == 150
        schedule(store, "c1", ITEM, 150, 0)
        assert store.next_due() is None
        assert store.due(10**15) == []

    def test_written_before_the_first_come_first(self, store: Store) -> None:
        schedule(store, "c1", ITEM, 0, 100)
        assert store.next_due() == 100
        schedule(store, "c1", ITEM, 100, 200)
        assert store.due(100) == []
        schedule(store, "c2", ITEM, 0, 50)
        assert store.next_due() == 50
        assert [wakeup.due_ms for wakeup in store.due(200)] == [50, 200]

    def test_that_go_and_come_back_are_due_once(self, store: Store) -> None:
        schedule(store, "c1", ITEM, 0, 100)
        schedule(store, "c1", ITEM, 100, 200)
        schedule(store, "c1", ITEM, 200, 100)
        assert store.due(10**15) == [Wakeup(100, "c1", ITEM)]

    def test_moved_away_and_back_in_one_batch_stay(self, store: Store) -> None:
        schedule(store, "c1", ITEM, 0, 100)
        batch = Batch()
        batch.schedule("c1", ITEM, 100, 200)
        batch.schedule("c1", ITEM, 200, 100)
        store.write(batch)
        assert store.due(10**15) == [Wakeup(100, "c1", ITEM)]

    @pytest.mark.parametrize(("limit", "found"), [(1, 1), (2, 2), (3, 3), (4, 3), (10**9, 3)])
    def test_are_bounded_per_call(self, store: Store, limit: int, found: int) -> None:
        for due_ms in (100, 200, 300):
            schedule(store, f"c{due_ms}", ITEM, 0, due_ms)
        assert [wakeup.due_ms for wakeup in store.due(10**15, limit)] == [100, 200, 300][:found]

    def test_are_never_more_than_the_bound_of_all_calls(self, store: Store) -> None:
        batch = Batch()
        for number in range(DUE_MAX + 1):
            batch.schedule(f"c{number}", THE_CUSTOMER, 0, 1 + number)
        store.write(batch)
        assert [wakeup.due_ms for wakeup in store.due(10**15, 10**9)] == list(range(1, DUE_MAX + 1))

    def test_are_not_asked_for_without_a_limit(self, store: Store) -> None:
        with pytest.raises(ValueError, match="at least 1, not 0"):
            store.due(5, 0)

    def test_far_in_the_future_stay_in_order(self, store: Store) -> None:
        schedule(store, "c1", ITEM, 0, keys.DUE_MS_MAX)
        schedule(store, "c1", ORDER, 0, 1)
        assert [wakeup.due_ms for wakeup in store.due(keys.DUE_MS_MAX)] == [1, keys.DUE_MS_MAX]


class TestReplace:
    KEY = keys.item("c1", "pump", "u1")

    def test_moves_the_wakeup_along(self, store: Store) -> None:
        old: bytes | None = None
        for due_ms, expected in ((100, 100), (100, 100), (0, None), (70, 70)):
            batch, new = Batch(), value(due_ms)
            batch.replace(self.KEY, old, new)
            store.write(batch)
            assert (store.get(self.KEY), store.next_due()) == (new, expected)
            old = new
        batch = Batch()
        batch.replace(self.KEY, old, None)
        store.write(batch)
        assert (store.get(self.KEY), store.next_due()) == (None, None)

    def test_twice_in_a_batch_ends_with_the_last(self, store: Store) -> None:
        batch = Batch()
        batch.replace(self.KEY, None, value(100))
        batch.replace(self.KEY, value(100), value(200))
        store.write(batch)
        assert store.due(10**15) == [Wakeup(200, "c1", ITEM)]

    def test_of_what_is_no_record_moves_nothing(self, store: Store) -> None:
        batch = Batch()
        batch.replace(keys.meta("log"), None, value(100))
        batch.replace(keys.forgotten(b"h"), None, value(100))
        store.write(batch)
        assert store.next_due() is None
        assert store.get(keys.meta("log")) == value(100)


def test_forgetting_a_customer_takes_every_record_and_wakeup_and_nobody_elses(store: Store) -> None:
    batch = Batch()
    of_c1 = [keys.customer("c1"), keys.order("c1", "o1"), *(keys.item("c1", f"p{n}") for n in range(50))]
    others = [keys.customer("c"), keys.customer("c10"), keys.item("c11", "c1"), keys.forgotten(b"\x00\x02c1")]
    for number, key in enumerate(of_c1 + others):
        batch.replace(key, None, value(1 + number))
    store.write(batch)
    gone = Batch()
    assert forget_customer(store, gone, "c1") == len(of_c1)
    assert gone.values == dict.fromkeys(of_c1)
    store.write(gone)
    assert store.scan(keys.customer_prefix("c1")) == []
    assert all(store.get(key) is not None for key in others)
    assert {wakeup.customer_id for wakeup in store.due(10**15)} == {"c", "c10", "c11"}


def test_compacting_and_flushing_change_nothing_that_is_read(store: Store) -> None:
    put(store, a=b"1", b=b"2")
    schedule(store, "c1", ITEM, 0, 5)
    store.flush()
    store.compact(keys.META)
    assert store.scan(keys.META) == [(b"\x00a", b"1"), (b"\x00b", b"2")]
    assert store.next_due() == 5


USES: list[Callable[[Store], object]] = [
    lambda store: store.get(b"\x00"),
    lambda store: store.get_many([b"\x00"]),
    lambda store: store.write(Batch()),
    lambda store: store.scan(keys.META),
    lambda store: store.due(5),
    lambda store: store.next_due(),
    lambda store: store.compact(keys.META),
    lambda store: store.flush(),
]


@pytest.mark.parametrize("use", USES)
def test_a_closed_store_is_closed_for_every_use(store: Store, use: Callable[[Store], object]) -> None:
    schedule(store, "c1", ITEM, 0, 5)
    assert store.next_due() == 5
    store.close()
    store.close()
    with pytest.raises(StoreClosed):
        use(store)
