"""What was erased leaves the files of a store, and that it must is remembered."""

import asyncio
import os
from contextlib import suppress
from pathlib import Path

import pytest

from state import directory, keys
from state.rocks import RocksStore
from state.rocks_options import RocksResources
from state.store import Batch
from streams.engine.shredding import Shredder, delete_asides

NEVER = bool
"""Called, it is false."""
CANARY = "canary-of-a-customer"
DUE = keys.WAKEUPS + (5).to_bytes(8, "big") + keys.customer(CANARY)[1:]


@pytest.fixture
def store(tmp_path: Path) -> RocksStore:
    return RocksStore(tmp_path / "store", RocksResources(), write_ahead_log=False)


def known(store: RocksStore) -> None:
    """The customer, and others around, in files."""
    batch = Batch()
    for name in ("anna", CANARY, "zoe"):
        batch.put(keys.customer(name), os.urandom(300))
    batch.wakeups[DUE] = True
    store.write(batch)
    store.flush()


def erase(store: RocksStore) -> None:
    """The customer, among others who come: a table of deletions alone would be rewritten soon by itself."""
    batch = Batch()
    for number in range(8):
        batch.put(keys.customer(f"new-{number}"), b"")
    batch.delete(keys.customer(CANARY))
    batch.wakeups[DUE] = False
    store.write(batch)
    store.flush()


def in_tables(store: RocksStore) -> bool:
    """Whether any table names the customer."""
    found = False
    for path in store.path.glob("*.sst"):
        with suppress(FileNotFoundError):  # a rewritten table is deleted meanwhile
            found = found or CANARY.encode() in path.read_bytes()
    return found


def test_a_deletion_alone_leaves_the_bytes_and_shredding_does_not(store: RocksStore) -> None:
    known(store)
    erase(store)
    before = in_tables(store), store.erased
    store.begin_shredding()
    assert store.shred(NEVER)
    store.end_shredding()
    assert before == (True, True)
    assert (in_tables(store), store.erased) == (False, False)
    assert store.get(keys.customer("anna")) is not None
    store.close()


def test_that_it_is_to_be_done_outlives_a_restart_until_it_is_done(store: RocksStore) -> None:
    known(store)
    erase(store)
    store.close()
    again = RocksStore(store.path, RocksResources(), write_ahead_log=False)
    assert again.erased
    again.begin_shredding()
    assert again.shred(NEVER)
    again.end_shredding()
    again.close()
    third = RocksStore(store.path, RocksResources(), write_ahead_log=False)
    assert not third.erased
    third.close()


def test_an_erasure_meanwhile_is_for_the_next_time(store: RocksStore) -> None:
    known(store)
    erase(store)
    store.begin_shredding()
    assert store.shred(NEVER)
    known(store)
    erase(store)
    store.end_shredding()
    assert store.erased
    store.close()
    again = RocksStore(store.path, RocksResources(), write_ahead_log=False)
    assert again.erased
    again.close()


def test_only_the_end_of_a_customer_counts_as_erasure(store: RocksStore) -> None:
    order = keys.order("anna", "o-1")
    batch = Batch()
    batch.put(order, b"order")
    store.write(batch)
    batch = Batch()
    batch.delete(order)
    batch.delete(keys.meta("anything"))
    store.write(batch)
    assert not store.erased
    store.close()


def test_a_shredder_does_it_in_time_and_deletes_what_was_set_aside(store: RocksStore) -> None:
    known(store)
    aside = store.path.with_name(f"{store.path.name}.aside-1")
    aside.mkdir()
    other = store.path.with_name("store-2.aside-1")
    other.mkdir()
    assert directory.set_aside_of(store.path) == [aside]

    async def scenario() -> None:
        shredder = Shredder(store, 3600.0)
        erase(store)
        shredder.look()
        assert aside.exists()
        delete_asides(store.path, 0.0)
        assert (aside.exists(), other.exists()) == (False, True)
        assert in_tables(store)
        await shredder.end()
        at_once = Shredder(store, 3600.0)
        at_once.look()
        async with asyncio.timeout(20):
            while in_tables(store) or store.erased:  # noqa: ASYNC110 - a thread does it
                await asyncio.sleep(0.01)
        await at_once.end()

    asyncio.run(scenario())
    store.close()


def test_a_store_closes_while_it_is_rewritten_and_goes_on_when_it_is_opened_again(store: RocksStore) -> None:
    known(store)
    erase(store)

    async def scenario() -> None:
        shredder = Shredder(store, 3600.0)
        shredder.look()
        await shredder.end()

    asyncio.run(scenario())
    store.close()
    again = RocksStore(store.path, RocksResources(), write_ahead_log=False)
    assert again.erased, "it was not done to the end"
    assert again.get(keys.customer("anna")) is not None
    again.close()
