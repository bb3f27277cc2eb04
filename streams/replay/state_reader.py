"""Reads the records of one customer out of a kept state. Nothing in it is changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from state import keys
from state.errors import StateError
from state.layouts import Codecs
from state.overlay import Overlay
from state.rocks import RocksStore
from state.rocks_options import RocksResources
from state.store import Store, scan_all
from streams.errors import Fatal
from streams.inputs.partition import murmur2_partition
from streams.journey.step import World
from streams.replay.explain import Found, explain
from streams.replay.explanation import Explanation, Gone
from streams.replay.kept import Kept, read_kept

MEMORY_BYTES: Final = 32 * 1024 * 1024
NAMED_MAX: Final = 5


def explain_kept(state: Path, customer_id: str, most: int | None) -> Explanation | Gone:
    """Explain a customer from the state of a replay. `Fatal` names what is there when the customer is not."""
    kept = read_kept(state)
    with opened(state, _partition(customer_id, kept)) as store:
        found = explain_stored(store, kept.world(), customer_id, kept.until_ms, most)
        if found is not None:
            return found
        near = _near(store, customer_id)
    there = f"; it holds, for example, {', '.join(near)}" if near else ""
    raise Fatal(f'{state} knows no customer "{customer_id}"{there}')


def explain_stored(
    store: Store, world: World, customer_id: str, now_ms: int, most: int | None
) -> Explanation | Gone | None:
    """Explain a customer of one partition; None when it was never heard of."""
    records = Overlay(store, Codecs())
    if records.exists(customer_id):
        return explain(world, records, customer_id, _found(store, records, customer_id), now_ms, most)
    left = records.forgotten(world.identity.forgotten_key(customer_id))
    return None if left is None else Gone(customer_id, left.erased_at, tuple(left.stopped))


@contextmanager
def opened(state: Path, partition: int) -> Iterator[Store]:
    """The store of one partition, closed afterwards."""
    path = state / f"partition-{partition}"
    if not path.is_dir():
        raise Fatal(f"{path} is missing: replay again with --state and an empty directory")
    try:
        store = RocksStore(path, RocksResources(MEMORY_BYTES, MEMORY_BYTES // 4), write_ahead_log=False)
    except StateError as error:
        raise Fatal(str(error)) from error
    try:
        yield store
    except StateError as error:
        raise Fatal(f"{path} cannot be read ({error}): replay again with --state and an empty DIR") from error
    finally:
        store.close()


def _found(store: Store, records: Overlay, customer_id: str) -> Found:
    items, orders = [], []
    for key, _ in scan_all(store, keys.customer_prefix(customer_id)):
        _, (product_id, unit_id, order_id) = keys.decode_record(key)
        if product_id and (item := records.item(customer_id, product_id, unit_id)) is not None:
            items.append(item)
        elif order_id and (order := records.order(customer_id, order_id)) is not None:
            orders.append(order)
    return Found(items, orders)


def _partition(customer_id: str, kept: Kept) -> int:
    """Where the customer would be. `Fatal` for what can be no id."""
    try:
        keys.customer(customer_id)
    except StateError as error:
        raise Fatal(f'"{customer_id}" is no customer id: {error}') from error
    return murmur2_partition(customer_id.encode(), kept.partitions)


def _near(store: Store, customer_id: str) -> list[str]:
    """Some customers that are there, those behind the asked one in the order of keys first."""
    behind = list(_customers(store, keys.customer(customer_id)))
    return behind or list(_customers(store, None))


def _customers(store: Store, after: bytes | None) -> Iterator[str]:
    for _ in range(NAMED_MAX):
        entries = store.scan(keys.RECORDS, after, 1)
        if not entries:
            return
        customer_id, _ = keys.decode_record(entries[0][0])
        yield customer_id
        # No record of the customer sorts behind this: kinds of record have small numbers.
        after = keys.customer_prefix(customer_id) + b"\xff"
