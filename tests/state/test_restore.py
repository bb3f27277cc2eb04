"""A changelog brings back state, and the wake-up index follows from it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from state import keys
from state.errors import Damaged
from state.layouts import Codecs
from state.memory import MemoryStore
from state.records.customer import CustomerRecord
from state.records.order import OrderRecord
from state.restore import BITS_MIN, BITS_PER_KEY, Written, changelog_batch, derived_wakeups
from state.store import Batch, Store
from tests.state.stores import MAKERS

CODECS = Codecs()
DUE = st.sampled_from([0, 1, 2, 700])
VALUES = st.one_of(
    st.none(), st.builds(lambda due, seq: CODECS.customer.encode(CustomerRecord(due, sequence=seq)), DUE, DUE)
)
NAMES = st.sampled_from([keys.customer("a"), keys.customer("b"), keys.item("a", "p"), keys.meta("log")])
CHANGES = st.lists(st.dictionaries(NAMES, VALUES, max_size=4), max_size=12)


def index(store: Store) -> list[bytes]:
    return [key for key, _ in store.scan(keys.WAKEUPS)]


@given(CHANGES)
def test_the_index_equals_the_one_derived_from_the_records(changes: list[dict[bytes, bytes | None]]) -> None:
    store, last = MemoryStore(), dict[bytes, bytes | None]()
    for change in changes:
        store.write(changelog_batch(store, change))
        last |= change
        assert index(store) == sorted(derived_wakeups(store))
    kept = {key: value for key, value in last.items() if value is not None}
    assert dict(store.scan(keys.META) + store.scan(keys.RECORDS)) == kept


@given(CHANGES)
def test_a_changelog_read_at_once_or_bit_by_bit_ends_in_the_same_store(
    changes: list[dict[bytes, bytes | None]],
) -> None:
    slow, fast, last = MemoryStore(), MemoryStore(), dict[bytes, bytes | None]()
    for change in changes:
        slow.write(changelog_batch(slow, change))
        last |= change
    fast.write(changelog_batch(fast, last))
    for prefix in (keys.META, keys.RECORDS, keys.WAKEUPS):
        assert slow.scan(prefix) == fast.scan(prefix)


@given(CHANGES)
def test_a_store_that_began_empty_is_restored_the_same_by_what_is_known_to_be_written(
    changes: list[dict[bytes, bytes | None]],
) -> None:
    reading, knowing, written = MemoryStore(), MemoryStore(), Written(0)
    for change in changes:
        reading.write(changelog_batch(reading, change))
        knowing.write(changelog_batch(knowing, change, written))
    for prefix in (keys.META, keys.RECORDS, keys.WAKEUPS):
        assert reading.scan(prefix) == knowing.scan(prefix)


def test_few_new_keys_are_taken_for_written_and_no_written_one_for_new() -> None:
    count = BITS_MIN // BITS_PER_KEY
    names = [keys.customer(f"customer-{number}") for number in range(count)]
    written = Written(count)
    assert len(written.again(names)) < count // 50
    assert written.again(names) == names


@pytest.mark.parametrize("kind", MAKERS)
def test_what_one_store_writes_another_restores(kind: str, tmp_path: Path) -> None:
    source, changelog = MemoryStore(), list[dict[bytes, bytes | None]]()
    for number in range(300):
        key, batch = keys.order(f"c{number % 7}", f"o{number % 40}"), Batch()
        old = source.get(key)
        new = None if number % 5 == 4 else CODECS.order.encode(OrderRecord(f"o{number % 40}", number))
        batch.replace(key, old, new)
        source.write(batch)
        changelog.append(dict(batch.values))
    restored = MAKERS[kind](tmp_path / "state")
    for change in changelog:
        restored.write(changelog_batch(restored, change))
    for prefix in (keys.RECORDS, keys.WAKEUPS):
        assert restored.scan(prefix) == source.scan(prefix)
    assert restored.next_due() == source.next_due() is not None
    restored.close()


def test_a_value_too_short_for_a_record_is_damaged_before_anything_is_written() -> None:
    store = MemoryStore()
    with pytest.raises(Damaged, match="has 3 bytes"):
        changelog_batch(store, {keys.customer("a"): b"\x21\x00\x00"})
