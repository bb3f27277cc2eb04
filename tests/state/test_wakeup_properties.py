"""The wake-up index against the plainest model there is: a dict of due times."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from state import keys
from state.keys import Wakeup
from state.records.parts import Target
from state.store import Batch, Store
from tests.state.stores import MAKERS

WHO = st.sampled_from(["a", "b", "ab"])
WHAT = st.sampled_from([Target(), Target("p"), Target("p", "u"), Target(order_id="o")])
TIMES = st.sampled_from([0, 0, 1, 2, 3, 255, 256, 65_536, 10**12])
MOVES = st.lists(st.tuples(WHO, WHAT, TIMES), max_size=5)
LOOKS = st.tuples(TIMES, st.integers(1, 4))
STEPS = st.lists(st.tuples(MOVES, LOOKS), max_size=30)

Model = dict[tuple[str, Target], int]


def expected(model: Model, until_ms: int, limit: int) -> list[Wakeup]:
    due = [(keys.wakeup(when, keys.record(*who)), Wakeup(when, *who)) for who, when in model.items() if when]
    return [wakeup for _, wakeup in sorted(due, key=lambda pair: pair[0]) if wakeup.due_ms <= until_ms][
        :limit
    ]


def run(store: Store, steps: list[tuple[list[tuple[str, Target, int]], tuple[int, int]]]) -> None:
    """Move wake-ups in batches, look after each, and take what is due as a worker would."""
    model: Model = {}
    for moves, (until_ms, limit) in steps:
        batch = Batch()
        for customer_id, target, due_ms in moves:
            batch.schedule(customer_id, target, model.get((customer_id, target), 0), due_ms)
            model[customer_id, target] = due_ms
        store.write(batch)
        assert store.next_due() == min(filter(None, model.values()), default=None)
        due = store.due(until_ms, limit)
        assert due == expected(model, until_ms, limit)
        done = Batch()
        for wakeup in due[: limit // 2]:
            done.schedule(wakeup.customer_id, wakeup.target, wakeup.due_ms, 0)
            model[wakeup.customer_id, wakeup.target] = 0
        store.write(done)
        if limit == 1:
            store.flush()
        assert store.next_due() == min(filter(None, model.values()), default=None)
    everything = expected(model, keys.DUE_MS_MAX, 100)
    assert store.due(keys.DUE_MS_MAX) == everything
    assert [keys.decode_wakeup(key) for key, _ in store.scan(keys.WAKEUPS)] == everything


@given(STEPS)
def test_any_moves_in_memory_leave_the_index_of_the_model(
    steps: list[tuple[list[tuple[str, Target, int]], tuple[int, int]]],
) -> None:
    run(MAKERS["memory"](Path()), steps)


@settings(max_examples=25)
@given(STEPS)
def test_any_moves_in_rocksdb_leave_the_index_of_the_model(
    steps: list[tuple[list[tuple[str, Target, int]], tuple[int, int]]],
) -> None:
    with TemporaryDirectory() as directory:
        store = MAKERS["rocks"](Path(directory) / "state")
        run(store, steps)
        store.close()


@pytest.mark.parametrize("kind", ["memory", "rocks"])
def test_a_thousand_customers_that_are_looked_at_again_and_again_come_in_turn(
    kind: str, tmp_path: Path
) -> None:
    store = MAKERS[kind](tmp_path / "state")
    first = Batch()
    for number in range(1000):
        first.schedule(f"c{number}", Target(), 0, 1 + number)
    store.write(first)
    seen: list[int] = []
    while len(seen) < 5000:
        due = store.next_due()
        assert due is not None
        batch = Batch()
        for wakeup in store.due(due + 6, 7):
            seen.append(wakeup.due_ms)
            batch.schedule(wakeup.customer_id, wakeup.target, wakeup.due_ms, wakeup.due_ms + 1000)
        store.write(batch)
    assert seen == list(range(1, len(seen) + 1))
    store.close()
