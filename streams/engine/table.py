"""The Faust table of customers: a read-only view of what the partition tasks keep.

Keys are customer ids. A value is what is known of one customer, as plain data. Writing is refused: state
changes by events alone, inside the transaction of a partition.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, NoReturn, cast

from faust import Table
from faust.stores.base import Store
from faust.types import TP

from state import keys
from state.layouts import Codecs
from state.records.customer import CustomerRecord
from state.rocks import RocksStore
from state.store import scan_all
from streams.engine.overrides import JourneyApp
from streams.engine.partitions import Partitions
from streams.inputs.partition import Partitioner

TABLE: Final = "customers"
Partition = Callable[[str], RocksStore | None]
"""The open store that holds a customer, None when it is another worker's."""


class LiveStore(Store[str, CustomerRecord]):
    """Reads the stores that are open in this process."""

    stores: Callable[[], list[RocksStore]]
    partition: Partition

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._codecs = Codecs()
        self.stores = list
        self.partition = lambda _: None

    def __getitem__(self, customer_id: str) -> CustomerRecord:
        store = self.partition(customer_id)
        value = None if store is None else store.get(keys.customer(customer_id))
        if value is None:
            raise KeyError(customer_id)
        return self._codecs.customer.decode(value)

    def __contains__(self, customer_id: object) -> bool:
        store = self.partition(customer_id) if isinstance(customer_id, str) else None
        return store is not None and store.get(keys.customer(str(customer_id))) is not None

    def __iter__(self) -> Iterator[str]:
        for store in self.stores():
            for key, _ in scan_all(store, keys.RECORDS):
                customer_id, target = keys.decode_record(key)
                if not any(target):
                    yield customer_id

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __setitem__(self, key: str, value: CustomerRecord) -> NoReturn:
        raise TypeError("state changes by events alone")

    def __delitem__(self, key: str) -> NoReturn:
        raise TypeError("state changes by events alone")

    def apply_changelog_batch(self, *_: Any, **__: Any) -> NoReturn:
        """The partition tasks apply the changelog themselves."""
        raise TypeError("state is restored by the partition tasks")

    def reset_state(self) -> NoReturn:
        """State is never reset as a whole."""
        raise TypeError("set the state directory aside instead")

    async def backup_partition(
        self, tp: TP | int, flush: bool = True, purge: bool = False, keep: int = 1
    ) -> NoReturn:
        """The changelog is the backup."""
        raise TypeError("the changelog is the backup")

    def restore_backup(self, tp: TP | int, latest: bool = True, backup_id: int = 0) -> NoReturn:
        """As above."""
        raise TypeError("the changelog is the backup")


class CustomerTable(Table):  # type: ignore[type-arg] # Faust's own is not generic at run time
    """The table over that store."""

    def _new_store(self) -> LiveStore:
        return LiveStore("live://customers", self.app, self, loop=self.loop)


def customers_table(app: JourneyApp, partitions: Partitions, partitioner: Partitioner) -> None:
    """The read-only table over the stores of this worker."""
    table = app.Table(TABLE, key_type=str, help="What is known of every customer")

    def partition(customer_id: str) -> RocksStore | None:
        tasks = partitions.tasks
        for task in tasks.values():
            found = tasks.get(partitioner(customer_id.encode(), task.partitions))
            return None if found is None else found.store
        return None

    live = cast("LiveStore", table.data)
    live.partition = partition
    live.stores = lambda: [task.store for task in partitions.tasks.values() if task.store is not None]
