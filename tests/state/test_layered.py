"""The store of a running transaction: over its base as if all was written, and the base untouched."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from state import keys
from state.keys import Wakeup
from state.layered import AHEAD, LayeredStore
from state.memory import MemoryStore
from state.records.parts import Target
from state.store import Batch, Store
from tests.state.stores import rocks

WHO = st.sampled_from(["a", "b", "ab"])
WHAT = st.sampled_from([Target(), Target("p"), Target("p", "u"), Target(order_id="o")])
RECORD = st.builds(keys.record, WHO, WHAT)
DUE = st.sampled_from([0, 0, 1, 2, 3, 256, 10**12])
PUTS = st.lists(st.tuples(RECORD, st.none() | DUE), max_size=6)
META = st.lists(st.tuples(st.sampled_from("abc"), st.none() | st.binary(max_size=2)), max_size=3)
GIVE = st.booleans()
STEPS = st.lists(st.tuples(PUTS, META, GIVE), max_size=25)
PREFIXES = (keys.META, keys.meta("b"), keys.RECORDS, keys.customer_prefix("a"), keys.WAKEUPS)

Steps = list[tuple[list[tuple[bytes, int | None]], list[tuple[str, bytes | None]], bool]]


def value(due_ms: int) -> bytes:
    return b"\x21" + due_ms.to_bytes(8, "big") + b"body"


def batch_of(
    store: Store, puts: list[tuple[bytes, int | None]], meta: list[tuple[str, bytes | None]]
) -> Batch:
    batch = Batch()
    for key, due_ms in puts:
        old = batch.values[key] if key in batch.values else store.get(key)
        batch.replace(key, old, None if due_ms is None else value(due_ms))
    for name, data in meta:
        if data is None:
            batch.delete(keys.meta(name))
        else:
            batch.put(keys.meta(name), data)
    return batch


def everything(store: Store) -> dict[str, Any]:
    return {
        "scans": [store.scan(prefix) for prefix in PREFIXES],
        "pages": [store.scan(prefix, prefix + b"\x00\x01a", 2) for prefix in PREFIXES],
        "due": [store.due(until, limit) for until in (1, 2, 256, 10**13) for limit in (1, 2, 100)],
        "next": store.next_due(),
        "values": store.get_many([keys.meta(name) for name in "cab"]),
    }


def run(base: Store, steps: Steps) -> None:
    """The same changes to a plain store; the base is that of the last time when they were given away."""
    layered, plain = LayeredStore(base), MemoryStore()
    given_away = everything(base)
    for puts, meta, give in steps:
        batch = batch_of(plain, puts, meta)
        plain.write(batch)
        layered.write(batch)
        assert everything(layered) == everything(plain)
        assert everything(base) == given_away
        if give:
            base.write(layered.changes)
            layered.taken_over()
            given_away = everything(base)
            assert everything(layered) == given_away == everything(plain)
            assert len(layered.changes) == 0


@settings(max_examples=60)
@given(STEPS)
def test_any_changes_read_as_if_they_were_written_and_are_given_away_whole(steps: Steps) -> None:
    run(MemoryStore(), steps)


@given(st.lists(st.tuples(st.lists(st.tuples(RECORD, st.none() | DUE), unique_by=lambda put: put[0]), GIVE)))
def test_wakeups_are_counted_along(steps: list[tuple[list[tuple[bytes, int | None]], bool]]) -> None:
    layered, count = LayeredStore(MemoryStore()), 0
    for puts, give in steps:
        layered.write(batch_of(layered, puts, []))
        assert count + layered.wakeups_gained == len(layered.scan(keys.WAKEUPS))
        if give:
            count += layered.wakeups_gained
            layered._base.write(layered.changes)
            layered.taken_over()


@settings(max_examples=12)
@given(STEPS)
def test_any_changes_over_rocksdb_likewise(steps: Steps) -> None:
    with TemporaryDirectory() as directory:
        store = rocks(Path(directory) / "state")
        run(store, steps)
        store.close()


def test_wakeups_of_the_base_beyond_one_page_come_in_turn_while_they_move() -> None:
    base, first = MemoryStore(), Batch()
    customers = 2 * AHEAD + 7
    for number in range(customers):
        first.schedule(f"c{number}", Target(), 0, 1 + number)
    base.write(first)
    layered = LayeredStore(base)
    seen: list[int] = []
    while (due_ms := layered.next_due()) is not None and due_ms <= customers:
        batch = Batch()
        for wakeup in layered.due(due_ms + 2, 3):
            seen.append(wakeup.due_ms)
            batch.schedule(wakeup.customer_id, wakeup.target, wakeup.due_ms, wakeup.due_ms + customers)
        layered.write(batch)
    assert seen[:customers] == list(range(1, customers + 1))
    assert base.next_due() == 1


def test_a_wakeup_that_leaves_the_base_and_comes_back_is_due_once() -> None:
    base, first = MemoryStore(), Batch()
    first.schedule("c", Target(), 0, 5)
    base.write(first)
    layered, there, back = LayeredStore(base), Batch(), Batch()
    there.schedule("c", Target(), 5, 9)
    layered.write(there)
    assert layered.due(10) == [Wakeup(9, "c", Target())]
    back.schedule("c", Target(), 9, 5)
    layered.write(back)
    assert layered.due(10) == [Wakeup(5, "c", Target())]
    assert layered.next_due() == 5


def test_what_is_forgotten_in_the_changes_is_still_in_the_base() -> None:
    base = MemoryStore()
    base.write(batch_of(base, [(keys.customer("a"), 5)], []))
    layered = LayeredStore(base)
    layered.write(batch_of(layered, [(keys.customer("a"), None)], []))
    assert (layered.get(keys.customer("a")), layered.next_due()) == (None, None)
    assert (base.get(keys.customer("a")), base.next_due()) == (value(5), 5)
