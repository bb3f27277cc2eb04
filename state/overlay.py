"""The working set of one batch over a store: what the pure core reads and changes.

    event -> records in hand -> savepoint -> ... -> commit_to(batch) -> store.write(batch) -> drop

Records are read on first use and are changed in place. `savepoint` after each step makes `rollback` take back
one failed step alone. `commit_to` puts into the batch what differs from the store, and moves wake-ups along.
The store itself is written by whoever owns the transaction; when that fails, `drop` and read again.
"""

from collections.abc import Iterable

from state import keys
from state.keys import Wakeup
from state.layouts import Codecs
from state.records import CustomerRecord, Forgotten, ItemRecord, OrderRecord
from state.shelf import Shelf
from state.store import Batch, Store, scan_all

ItemName = tuple[str, str, str]
"""(customer_id, product_id, unit_id or empty)"""
OrderName = tuple[str, str]
"""(customer_id, order_id)"""


class Overlay:
    """Customers, items, orders and what stays of the forgotten, as records. Not for more than one thread."""

    __slots__ = ("_customers", "_forgotten", "_items", "_orders", "_shelves", "_store")

    def __init__(self, store: Store, codecs: Codecs) -> None:
        self._store = store
        self._customers: Shelf[str, CustomerRecord] = Shelf(store, codecs.customer, keys.customer)
        self._items: Shelf[ItemName, ItemRecord] = Shelf(store, codecs.item, _item_key)
        self._orders: Shelf[OrderName, OrderRecord] = Shelf(store, codecs.order, _order_key)
        self._forgotten: Shelf[bytes, Forgotten] = Shelf(store, codecs.forgotten, keys.forgotten)
        self._shelves = (self._customers, self._items, self._orders, self._forgotten)

    def customer(self, customer_id: str) -> CustomerRecord:
        """The record of a customer, fresh when there is none. Say `touch_customer` after changing it."""
        record = self._customers.get(customer_id)
        if record is None:
            record = CustomerRecord()
            self._customers.hold(customer_id, record)
        return record

    def touch_customer(self, customer_id: str) -> None:
        """The customer in hand has changed. LookupError: it was not asked for before."""
        self._customers.touch(customer_id)

    def exists(self, customer_id: str) -> bool:
        """Whether a customer record is stored or will be."""
        return self._customers.exists(customer_id)

    def item(self, customer_id: str, product_id: str, unit_id: str = "") -> ItemRecord | None:
        """The record of an owned item, None when there is none. Say `put_item` after changing it."""
        return self._items.get((customer_id, product_id, unit_id))

    def put_item(self, customer_id: str, item: ItemRecord) -> None:
        """The item is new or has changed."""
        self._items.put((customer_id, item.product_id, item.unit_id), item)

    def order(self, customer_id: str, order_id: str) -> OrderRecord | None:
        """The record of an open order, None when there is none. Say `put_order` after changing it."""
        return self._orders.get((customer_id, order_id))

    def put_order(self, customer_id: str, order: OrderRecord) -> None:
        """The order is new or has changed."""
        self._orders.put((customer_id, order.order_id), order)

    def remove_order(self, customer_id: str, order_id: str) -> None:
        """The order is closed and gone, its wake-up too."""
        self._orders.remove((customer_id, order_id))

    def forgotten(self, keyed_hash: bytes) -> Forgotten | None:
        """What stays of an erased customer."""
        return self._forgotten.get(keyed_hash)

    def put_forgotten(self, keyed_hash: bytes, value: Forgotten) -> None:
        """What stays of an erased customer is new or has changed."""
        self._forgotten.put(keyed_hash, value)

    def erase(self, customer_id: str) -> None:
        """Remove every record of a customer, in the store and in hand. What is forgotten stays."""
        self._adopt_all(customer_id)
        self._customers.remove(customer_id)
        for item in self._items.names():
            if item[0] == customer_id:
                self._items.remove(item)
        for order in self._orders.names():
            if order[0] == customer_id:
                self._orders.remove(order)

    def is_due(self, wakeup: Wakeup) -> bool:
        """Whether the record is still to be looked at for this wake-up, after what the batch did so far."""
        product_id, unit_id, order_id = wakeup.target
        record: CustomerRecord | ItemRecord | OrderRecord | None
        if product_id:
            record = self._items.get((wakeup.customer_id, product_id, unit_id))
        elif order_id:
            record = self._orders.get((wakeup.customer_id, order_id))
        else:
            record = self._customers.get(wakeup.customer_id)
        return record is not None and record.due_ms == wakeup.due_ms

    def preload(
        self,
        customers: Iterable[str] = (),
        items: Iterable[ItemName] = (),
        orders: Iterable[OrderName] = (),
    ) -> None:
        """Read at once what a batch is going to ask for."""
        unread = [
            *self._customers.unread(customers),
            *self._items.unread(items),
            *self._orders.unread(orders),
        ]
        values = self._store.get_many([key for key, _ in unread])
        for (_, adopt), value in zip(unread, values, strict=True):
            adopt(value)

    def savepoint(self) -> None:
        """Encode all changes; objects stay in hand. To be called after a step that succeeded."""
        for shelf in self._shelves:
            shelf.savepoint()

    def rollback(self) -> None:
        """Take back every change since the last savepoint. No object that was read before counts any more."""
        for shelf in self._shelves:
            shelf.rollback()

    def settle(self) -> None:
        """A savepoint that lets go of all objects: whatever is read next is decoded from bytes."""
        self.savepoint()
        self.rollback()

    def commit_to(self, batch: Batch) -> None:
        """Put all changes into a batch, wake-ups included. From here on the store is taken to hold them."""
        for shelf in self._shelves:
            shelf.commit_to(batch)

    def drop(self) -> None:
        """Forget everything, changes included; the next read asks the store."""
        for shelf in self._shelves:
            shelf.drop()

    def _adopt_all(self, customer_id: str) -> None:
        """Take over all records of a customer from the store."""
        for key, value in scan_all(self._store, keys.customer_prefix(customer_id)):
            _, (product_id, unit_id, order_id) = keys.decode_record(key)
            if product_id:
                self._items.adopt((customer_id, product_id, unit_id), key, value)
            elif order_id:
                self._orders.adopt((customer_id, order_id), key, value)
            else:
                self._customers.adopt(customer_id, key, value)


def _item_key(name: ItemName) -> bytes:
    return keys.item(*name)


def _order_key(name: OrderName) -> bytes:
    return keys.order(*name)
