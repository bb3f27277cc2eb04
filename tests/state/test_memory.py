"""What only the store in memory promises: bounded garbage, keys in order."""

from hypothesis import given
from hypothesis import strategies as st

from state.memory import DEAD_MAX, MemoryStore
from state.ordered import CHUNK_MAX, OrderedKeys
from state.records.parts import Target
from state.store import Batch

KEYS = st.binary(max_size=2)


def test_a_wakeup_that_is_moved_for_ever_leaves_bounded_garbage() -> None:
    store, batch = MemoryStore(), Batch()
    for due_ms in range(2, 3 * DEAD_MAX):
        batch.schedule("c1", Target(), due_ms - 1, due_ms)
        store.write(batch)
        batch.clear()
        assert len(store._heap) <= 2 + DEAD_MAX
    assert [wakeup.due_ms for wakeup in store.due(10**15)] == [3 * DEAD_MAX - 1]


@given(st.lists(st.tuples(st.booleans(), KEYS)), KEYS)
def test_ordered_keys_are_a_sorted_set(changes: list[tuple[bool, bytes]], start: bytes) -> None:
    ordered, model = OrderedKeys(), set[bytes]()
    for comes, key in changes:
        (ordered.add if comes else ordered.discard)(key)
        (model.add if comes else model.discard)(key)
    assert list(ordered.since(b"")) == sorted(model)
    assert list(ordered.since(start)) == sorted(key for key in model if key >= start)


def test_ordered_keys_stay_sorted_over_many_chunks() -> None:
    numbers = [number * 7919 % (4 * CHUNK_MAX) for number in range(4 * CHUNK_MAX)]
    ordered = OrderedKeys()
    for number in numbers:
        ordered.add(number.to_bytes(4, "big"))
        ordered.add(number.to_bytes(4, "big"))
    assert [int.from_bytes(key, "big") for key in ordered.since(b"")] == sorted(numbers)
    assert all(len(chunk) <= CHUNK_MAX for chunk in ordered._chunks)
    for number in numbers[1:]:
        ordered.discard(number.to_bytes(4, "big"))
    assert list(ordered.since(b"")) == [numbers[0].to_bytes(4, "big")]
    assert len(ordered._chunks) == 1
