"""The working set of one batch over a store: what the pure core reads and changes.

    event -> records in hand -> savepoint -> ... -> commit_to(batch) -> store.write(batch) -> drop

Records are read on first use and are changed in place. `savepoint` after each step makes `rollback` take back
one failed step alone. `commit_to` puts into the batch what differs from the store, and moves wake-ups along.
The store itself is written by whoever owns the transaction; when that fails, `drop` and read again.
"""

from state import keys
from state.keys import ItemName, Wakeup
from state.layouts import Codecs
from state.records.customer import CustomerRecord, Forgotten
from state.records.item import ItemRecord
from state.records.order import OrderRecord
from state.shelf import Kind, Shelf
from state.store import Store, scan_all

OrderName = tuple[str, str]
"""(customer_id, order_id)"""


class Overlay(Shelf):
    """Customers, items, orders and what stays of the forgotten, as records. Not for more than one thread."""

    __slots__ = ("_customers", "_forgotten", "_items", "_orders")

    def __init__(self, store: Store, codecs: Codecs) -> None:
        super().__init__(store)
        self._customers: Kind[str, CustomerRecord] = Kind(codecs.customer, keys.customer)
        self._items: Kind[ItemName, ItemRecord] = Kind(codecs.item, keys.of_item)
        self._orders: Kind[OrderName, OrderRecord] = Kind(codecs.order, _order_key)
        self._forgotten: Kind[bytes, Forgotten] = Kind(codecs.forgotten, keys.forgotten)

    def customer(self, customer_id: str) -> CustomerRecord:
        """The record of a customer, fresh when there is none. Say `touch_customer` after changing it."""
        record = self._get(self._customers, customer_id)
        if record is None:
            record = CustomerRecord()
            self._hold(customer_id, record)
        return record

    def touch_customer(self, customer_id: str) -> None:
        """The customer in hand has changed. LookupError: it was not asked for before."""
        self._touch(customer_id)

    def exists(self, customer_id: str) -> bool:
        """Whether a customer record is stored or will be."""
        return self._exists(self._customers, customer_id)

    def item(self, customer_id: str, product_id: str, unit_id: str = "") -> ItemRecord | None:
        """The record of an owned item, None when there is none. Say `put_item` after changing it."""
        return self._get(self._items, (customer_id, product_id, unit_id))

    def put_item(self, customer_id: str, item: ItemRecord) -> None:
        """The item is new or has changed."""
        self._put(self._items, (customer_id, item.product_id, item.unit_id), item)

    def order(self, customer_id: str, order_id: str) -> OrderRecord | None:
        """The record of an open order, None when there is none. Say `put_order` after changing it."""
        return self._get(self._orders, (customer_id, order_id))

    def put_order(self, customer_id: str, order: OrderRecord) -> None:
        """The order is new or has changed."""
        self._put(self._orders, (customer_id, order.order_id), order)

    def remove_order(self, customer_id: str, order_id: str) -> None:
        """The order is closed and gone, its wake-up too."""
        self._put(self._orders, (customer_id, order_id), None)

    def forgotten(self, keyed_hash: bytes) -> Forgotten | None:
        """What stays of an erased customer."""
        return self._get(self._forgotten, keyed_hash)

    def put_forgotten(self, keyed_hash: bytes, value: Forgotten) -> None:
        """What stays of an erased customer is new or has changed."""
        self._put(self._forgotten, keyed_hash, value)

    def erase(self, customer_id: str) -> None:
        """Remove every record of a customer, in the store and in hand. What is forgotten stays."""
        self._adopt_all(customer_id)
        self._put(self._customers, customer_id, None)
        for item in self._names(self._items):
            if item[0] == customer_id:
                self._put(self._items, item, None)
        for order in self._names(self._orders):
            if order[0] == customer_id:
                self._put(self._orders, order, None)

    def is_due(self, wakeup: Wakeup) -> bool:
        """Whether the record is still to be looked at for this wake-up, after what the batch did so far."""
        record = self._of(wakeup)
        return record is not None and record.due_ms == wakeup.due_ms

    def trace_of(self, wakeup: Wakeup) -> str:
        """The trace of the event that touched the record of a wake-up last, empty when it has none."""
        record = self._of(wakeup)
        return "" if record is None else record.trace

    def postpone(self, wakeup: Wakeup, due_ms: int) -> None:
        """Look at the record of a wake-up at another time, whatever the rules say: a look at it failed."""
        customer_id, (product_id, unit_id, order_id) = wakeup.customer_id, wakeup.target
        if product_id and (item := self.item(customer_id, product_id, unit_id)) is not None:
            item.due_ms = due_ms
            self.put_item(customer_id, item)
        elif order_id and (order := self.order(customer_id, order_id)) is not None:
            order.due_ms = due_ms
            self.put_order(customer_id, order)
        else:
            self.customer(customer_id).due_ms = due_ms
            self.touch_customer(customer_id)

    def _of(self, wakeup: Wakeup) -> CustomerRecord | ItemRecord | OrderRecord | None:
        """The record that a wake-up is about, None when it is gone."""
        product_id, unit_id, order_id = wakeup.target
        if product_id:
            return self._get(self._items, (wakeup.customer_id, product_id, unit_id))
        if order_id:
            return self._get(self._orders, (wakeup.customer_id, order_id))
        return self._get(self._customers, wakeup.customer_id)

    def _adopt_all(self, customer_id: str) -> None:
        """Take over all records of a customer from the store."""
        for key, value in scan_all(self._store, keys.customer_prefix(customer_id)):
            _, (product_id, unit_id, order_id) = keys.decode_record(key)
            if product_id:
                self._adopt(self._items, (customer_id, product_id, unit_id), key, value)
            elif order_id:
                self._adopt(self._orders, (customer_id, order_id), key, value)
            else:
                self._adopt(self._customers, customer_id, key, value)


def _order_key(name: OrderName) -> bytes:
    return keys.order(*name)
