"""What a partition remembers of mass incidents, from one opening to the next."""

from __future__ import annotations

from random import Random

import pytest

from schemas.records import FrictionChange
from state import keys
from state.errors import Damaged
from state.memory import MemoryStore
from state.store import Batch
from streams.engine import raised as module
from streams.engine.raised import RaisedRecords, raised_lately
from streams.journey.catalogue import Catalogue
from streams.journey.control import ControlState
from streams.journey.identity import Identity
from streams.journey.step import World
from streams.loading.policy_file import policy_of_text

POLICY = """version = "mine"
[mass_incident]
window = "1 min"
share = 0.2
customers_min = 5
"""
POLICIES = policy_of_text(POLICY, "mine.toml").policies()
WORLD = World(POLICIES, Catalogue("1", ()), Identity(b"k"), ControlState(), 1)
WINDOW = 60_000
KNOWN = 10


def change(at_ms: int, customer_id: str) -> FrictionChange:
    return FrictionChange(
        customer_id=customer_id, sequence=1, flag="shipping_problem", scope="order", from_state="none",
        to_state="open", since=at_ms, severity="high", inferred=False, stale=False, decided_at=at_ms,
        policy_version="1", catalogue_version="1",
    )  # fmt: skip


class Opened:
    """A partition from its opening on, over a store that outlives it."""

    def __init__(self, store: MemoryStore, held: tuple[int, ...] = ()) -> None:
        self.store, self.records = store, RaisedRecords(store, WORLD, held)
        self.incidents = self.records.incidents

    def commit(self) -> Batch:
        batch = Batch()
        self.records.put(batch)
        self.store.write(batch)
        return batch


def test_who_is_opened_anew_after_every_commit_holds_what_one_who_never_was_holds() -> None:
    rng = Random(7)
    whole, parts = Opened(MemoryStore()), Opened(MemoryStore())
    began = [0, 0]
    for now_ms in range(0, 60 * WINDOW, WINDOW // 10):
        burst = now_ms // WINDOW % 6 < 2
        for _ in range(rng.randrange(3) if burst else 0):
            raised = change(now_ms, f"c{rng.randrange(6)}")
            for number, one in enumerate((whole, parts)):
                began[number] += one.incidents.raised(raised, KNOWN)
        assert parts.incidents.held(now_ms, KNOWN) == whole.incidents.held(now_ms, KNOWN)
        whole.commit()
        parts.commit()
        assert raised_lately(parts.store) == raised_lately(whole.store)
        parts = Opened(parts.store, parts.incidents.held_flags)
    assert began[0] == began[1] > 3


def test_a_flag_is_written_once_names_nobody_and_goes_with_its_window() -> None:
    one = Opened(MemoryStore())
    one.incidents.raised(change(1, "customer"), KNOWN)
    ((key, _),) = one.commit().values.items()
    assert b"customer" not in key
    assert not one.commit()
    one.incidents.held(WINDOW, KNOWN)
    assert not one.commit()
    one.incidents.held(WINDOW + 1, KNOWN)
    assert one.commit().values == {key: None}
    assert raised_lately(one.store) == {}


def test_what_is_gone_is_deleted_a_few_at_a_time_and_by_whoever_comes_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "GONE_MAX", 2)
    one = Opened(MemoryStore())
    for number in range(5):
        one.incidents.raised(change(1, f"c{number}"), KNOWN)
    assert len(one.commit()) == 5
    one.incidents.held(WINDOW + 1, KNOWN)
    assert len(one.commit()) == 2
    other = Opened(one.store, one.incidents.held_flags)
    assert other.incidents.held(WINDOW + 1, KNOWN) == frozenset()
    assert [len(other.commit()) for _ in range(3)] == [2, 1, 0]


def test_a_record_that_cannot_be_read_is_refused_by_name() -> None:
    store, batch = MemoryStore(), Batch()
    batch.put(keys.meta("raised-1-00ff"), b"\x01")
    store.write(batch)
    with pytest.raises(Damaged, match="raised lately"):
        raised_lately(store)
