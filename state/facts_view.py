"""The facts of one customer, apart from what was said about them: what order and repetition cannot change.

    {"customer": {...}, "item kettle/": {...}, "order o1": {...}}

Lists that are kept by key have no order of their own, so they are sorted here; what a line mirrors of its
order, when a record is looked at and what the outputs told are no facts. A record without facts is left out.
"""

from collections.abc import Iterable
from typing import Any, Final

from msgspec import Struct, structs

from state import keys
from state.layouts import Codecs
from state.records.customer import CustomerRecord
from state.records.item import ItemRecord, Line
from state.records.order import OrderRecord
from state.store import Store, scan_all

Facts = dict[str, dict[str, Any]]

_MIRRORED: Final = frozenset(("shipped_at", "delivered", "lost", "void", "parcel_id"))
_BOUNDS: Final[dict[type[Struct], tuple[str, str]]] = {
    CustomerRecord: ("brand", "epoch"),
    ItemRecord: ("lines", "stage"),
    OrderRecord: ("lines", "told"),
}
"""The first field of the facts of a record, and the first after them."""


def facts_of(store: Store, customer_id: str, codecs: Codecs) -> Facts:
    """All facts that the store holds of a customer, by record; equal facts compare equal."""
    found: Facts = {}
    for key, value in scan_all(store, keys.customer_prefix(customer_id)):
        _, (product_id, unit_id, order_id) = keys.decode_record(key)
        record: Struct
        if product_id:
            name, record = f"item {product_id}/{unit_id}", codecs.item.decode(value)
        elif order_id:
            name, record = f"order {order_id}", codecs.order.decode(value)
        else:
            name, record = "customer", codecs.customer.decode(value)
        facts = facts_in(record)
        if facts:
            found[name] = facts
    return found


def facts_in(record: Struct) -> dict[str, Any]:
    """The fact half of a customer, an item or an order, without what was never set."""
    names = list(record.__struct_fields__)
    first, after = _BOUNDS[type(record)]
    found = _set_in(record, names[names.index(first) : names.index(after)])
    if isinstance(record, CustomerRecord):
        found |= _set_in(record.facts, record.facts.__struct_fields__)
    return found


def _set_in(record: Struct, names: Iterable[str]) -> dict[str, Any]:
    fresh = type(record)()
    return {
        name: _plain(getattr(record, name)) for name in names if getattr(record, name) != getattr(fresh, name)
    }


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return sorted((_plain(entry) for entry in value), key=repr)
    if isinstance(value, Struct):
        fields = structs.asdict(value)
        return {
            name: _plain(field)
            for name, field in fields.items()
            if not (isinstance(value, Line) and name in _MIRRORED)
        }
    return value
