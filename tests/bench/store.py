"""What state costs: keys, codec, working set and stores. `python -m tests.bench.store` prints it as JSON."""

import gc
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count, cycle
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from state import keys
from state.layouts import Codecs
from state.memory import MemoryStore
from state.overlay import Overlay
from state.records.customer import CustomerRecord
from state.records.item import ItemRecord
from state.restore import changelog_batch
from state.rocks import RocksStore
from state.rocks_options import RocksResources
from state.store import Batch, Store
from tests.state.golden import sample

ROUNDS = 3
BATCH = 500
Costs = dict[str, float]


def cost_us(times: int, act: Callable[[], object]) -> float:
    """Microseconds of one of `times` acts that `act` does at once: the best of some rounds."""
    best = float("inf")
    for _ in range(ROUNDS):
        gc.collect()
        start = perf_counter()
        act()
        best = min(best, perf_counter() - start)
    return round(best / times * 1e6, 3)


def repeated(times: int, act: Callable[[], object]) -> float:
    """Microseconds of one act."""

    def loop() -> None:
        for _ in range(times):
            act()

    return cost_us(times, loop)


def measure_codec() -> Costs:
    """Keys, and a customer record that is fresh and one that has two of everything."""
    codec, full = Codecs().customer, sample(CustomerRecord, count(1))
    fresh_data, full_data = codec.encode(CustomerRecord()), codec.encode(full)
    item = keys.item("customer-12345", "product-123", "unit-1")
    wakeup = keys.wakeup(1_700_000_000_000, item)
    return {
        "key_item_us": repeated(20_000, lambda: keys.item("customer-12345", "product-123", "unit-1")),
        "key_wakeup_decode_us": repeated(20_000, lambda: keys.decode_wakeup(wakeup)),
        "customer_fresh_bytes": len(fresh_data),
        "customer_fresh_encode_us": repeated(20_000, lambda: codec.encode(CustomerRecord())),
        "customer_fresh_decode_us": repeated(20_000, lambda: codec.decode(fresh_data)),
        "customer_full_bytes": len(full_data),
        "customer_full_encode_us": repeated(5_000, lambda: codec.encode(full)),
        "customer_full_decode_us": repeated(5_000, lambda: codec.decode(full_data)),
    }


def change(overlay: Overlay, number: int, due_ms: int) -> None:
    """What a step does to state at least: a customer and an item change, and both are due at another time."""
    name = f"customer-{number}"
    customer = overlay.customer(name)
    customer.sequence += 1
    customer.due_ms = due_ms
    overlay.touch_customer(name)
    item = overlay.item(name, "product-1") or ItemRecord("product-1")
    item.due_ms = due_ms + 1
    overlay.put_item(name, item)


def finish(overlay: Overlay, store: Store, batch: Batch) -> None:
    overlay.commit_to(batch)
    store.write(batch)
    batch.clear()
    overlay.drop()


def measure_steps(store: Store, customers: int) -> Costs:
    """Steps that each commit, and steps in batches with a savepoint after each."""
    overlay, batch, due_ms = Overlay(store, Codecs()), Batch(), count(1_700_000_000_000)

    def each() -> None:
        for number in range(customers):
            change(overlay, number, next(due_ms))
            finish(overlay, store, batch)

    def batched() -> None:
        for number in range(customers):
            change(overlay, number, next(due_ms))
            overlay.savepoint()
            if number % BATCH == BATCH - 1:
                finish(overlay, store, batch)
        finish(overlay, store, batch)

    return {
        "step_committed_us": cost_us(customers, each),
        "step_in_batch_us": cost_us(customers, batched),
    }


def measure_reads(store: Store, customers: int) -> Costs:
    names = [keys.customer(f"customer-{number}") for number in range(customers)]
    missing = [keys.customer(f"nobody-{number}") for number in range(customers)]
    return {
        "get_us": cost_us(customers, lambda: [store.get(name) for name in names]),
        "get_missing_us": cost_us(customers, lambda: [store.get(name) for name in missing]),
        "get_many_us": cost_us(BATCH, lambda: store.get_many(names[:BATCH])),
        "scan_us": cost_us(BATCH, lambda: store.scan(keys.RECORDS, limit=BATCH)),
        "due_us": cost_us(BATCH, lambda: store.due(10**15, BATCH)),
        "idle_tick_us": repeated(5_000, store.next_due),
    }


def measure_wakeups(store: Store, customers: int) -> Costs:
    """A worker's life: what is due is looked at and put off, in batches."""

    def turn() -> None:
        for _ in range(0, customers, BATCH):
            batch = Batch()
            for wakeup in store.due(10**15, BATCH):
                batch.schedule(wakeup.customer_id, wakeup.target, wakeup.due_ms, wakeup.due_ms + 10**7)
            store.write(batch)

    return {"wakeup_put_off_us": cost_us(customers, turn)}


def measure_restore(store: Store, customers: int) -> Costs:
    """A changelog of records that each replace one and move its wake-up."""
    codec, due_ms = Codecs().customer, count(1_800_000_000_000)

    def changes() -> Iterator[dict[bytes, bytes | None]]:
        for first in range(0, customers, BATCH):
            names = range(first, first + BATCH)
            yield {
                keys.customer(f"customer-{number}"): codec.encode(CustomerRecord(next(due_ms)))
                for number in names
            }

    prepared = cycle([list(changes()), list(changes())])

    def restore() -> None:
        for change in next(prepared):
            store.write(changelog_batch(store, change))

    return {"restore_us": cost_us(customers, restore)}


@contextmanager
def stores() -> Iterator[dict[str, Store]]:
    """One store of each kind."""
    with TemporaryDirectory() as directory:
        rocks = RocksStore(Path(directory) / "state", RocksResources(), write_ahead_log=False)
        yield {"memory": MemoryStore(), "rocks": rocks}
        rocks.close()


def measure_store(store: Store, customers: int) -> Costs:
    """All costs of one store, the reads after a flush."""
    costs = measure_steps(store, customers)
    store.flush()
    for measure in (measure_reads, measure_restore, measure_wakeups):
        costs |= measure(store, customers)
    return costs


def measure(customers: int = 20_000) -> dict[str, Costs]:
    """Microseconds and bytes by part; `_us` is the cost of one."""
    costs = {"codec": measure_codec()}
    with stores() as opened:
        for name, store in opened.items():
            costs[name] = measure_store(store, customers)
    return costs


if __name__ == "__main__":
    json.dump(measure(), sys.stdout, indent=1)
