"""Keys of the store: one key space, one layout per kind.

    meta       00 | name
    customer   10 | customer | 01
    item       10 | customer | 02 | product | unit
    order      10 | customer | 03 | order
    forgotten  20 | keyed hash of a customer id
    wake-up    30 | due_ms | customer | 01, 02 or 03 and what follows it
    erased     40            of this copy alone: its files may hold somebody who was erased

`customer` and `product` are a length (2 bytes, big-endian, 1 to 512) and that many bytes of UTF-8. `unit`
(may be empty) and `order` are UTF-8 up to the end of the key. `due_ms` has 8 bytes, big-endian, so that keys
sort by time.

The customer comes before the kind, not after it: everything that is known of a customer is one range, hence
one scan explains them and one scan forgets them; inside, the units of a product are one range too. The length
keeps customer `ab` out of the range of customer `a`. A wake-up ends as the key of its record ends, so that
each is made from the other by cutting, without a look at ids.
"""

from functools import lru_cache
from typing import Final

import msgspec

from state.errors import MalformedKey
from state.records.parts import Target

META: Final = b"\x00"
RECORDS: Final = b"\x10"
FORGOTTEN: Final = b"\x20"
WAKEUPS: Final = b"\x30"
ERASED: Final = b"\x40"

ItemName = tuple[str, str, str]
"""(customer_id, product_id, unit_id or empty)"""

PREFIXES_MAX: Final = 4_096
"""Prefixes of customers, and of products, that are remembered: a step asks for the same few."""
ID_BYTES_MAX: Final = 512
"""128 characters of at most 4 bytes."""
DUE_MS_MAX: Final = 2**63 - 1

_CUSTOMER: Final = 1
_ITEM: Final = 2
_ORDER: Final = 3
_THE_CUSTOMER: Final = Target()
_LENGTHS: Final = tuple(length.to_bytes(2, "big") for length in range(ID_BYTES_MAX + 1))
_HEADS: Final = tuple(RECORDS + length for length in _LENGTHS)


class Wakeup(msgspec.Struct, frozen=True, gc=False):
    """At `due_ms` (epoch) this record must be looked at without an event."""

    due_ms: int
    customer_id: str
    target: Target


@lru_cache(PREFIXES_MAX)
def customer_prefix(customer_id: str) -> bytes:
    """The range of everything known of one customer."""
    raw = _utf8(customer_id, "customer_id")
    return _HEADS[len(raw)] + raw


def customer(customer_id: str) -> bytes:
    """The key of a customer record."""
    return customer_prefix(customer_id) + b"\x01"


def product_prefix(customer_id: str, product_id: str) -> bytes:
    """The range of all units that a customer owns of one product."""
    return customer_prefix(customer_id) + _product(product_id)


@lru_cache(PREFIXES_MAX)
def _product(product_id: str) -> bytes:
    raw = _utf8(product_id, "product_id")
    return b"\x02" + _LENGTHS[len(raw)] + raw


def item(customer_id: str, product_id: str, unit_id: str = "") -> bytes:
    """The key of an item record."""
    return of_item((customer_id, product_id, unit_id))


def of_item(name: ItemName) -> bytes:
    """The key of an item record."""
    customer_id, product_id, unit_id = name
    prefix = customer_prefix(customer_id) + _product(product_id)
    return prefix + _utf8(unit_id, "unit_id") if unit_id else prefix


def order(customer_id: str, order_id: str) -> bytes:
    """The key of an order record."""
    return customer_prefix(customer_id) + b"\x03" + _utf8(order_id, "order_id")


def record(customer_id: str, target: Target) -> bytes:
    """The key of the record that a target means.

    MalformedKey: the target names both an item and an order, or a unit without its product.
    """
    product_id, unit_id, order_id = target
    if order_id:
        if product_id or unit_id:
            raise MalformedKey("a target is an item or an order, not both")
        return order(customer_id, order_id)
    if product_id or unit_id:
        return item(customer_id, product_id, unit_id)
    return customer(customer_id)


def forgotten(keyed_hash: bytes) -> bytes:
    """The key of what stays of an erased customer."""
    if not 0 < len(keyed_hash) <= ID_BYTES_MAX:
        raise _wrong_length("a keyed hash", len(keyed_hash))
    return FORGOTTEN + keyed_hash


def is_customer(key: bytes) -> bool:
    """Whether it is the key of a customer's own record."""
    return key.startswith(RECORDS) and len(key) == 4 + int.from_bytes(key[1:3], "big")


def meta(name: str) -> bytes:
    """The key of a value about the store itself."""
    return META + _utf8(name, "name")


def wakeup(due_ms: int, record_key: bytes) -> bytes:
    """The key of the wake-up of a record at a time, 1 to 2**63 - 1."""
    if not 0 < due_ms <= DUE_MS_MAX:
        raise MalformedKey(f"due_ms of a wake-up is {due_ms}")
    return WAKEUPS + due_ms.to_bytes(8, "big") + record_key[1:]


def due_of(wakeup_key: bytes) -> int:
    """The time of a wake-up, in epoch milliseconds."""
    return int.from_bytes(wakeup_key[1:9], "big")


def end_of(prefix: bytes) -> bytes | None:
    """The first key behind all keys that begin with `prefix`; None when there can be none."""
    stem = prefix.rstrip(b"\xff")
    return stem[:-1] + bytes((stem[-1] + 1,)) if stem else None


def decode_record(key: bytes) -> tuple[str, Target]:
    """Whose record a key is, and which.

    MalformedKey: the bytes are no key of a record.
    """
    if key[:1] != RECORDS:
        raise MalformedKey(f"a record key begins with 10, not with {key[:1].hex() or 'nothing'}")
    return _decode_owned(key, 1)


def decode_wakeup(key: bytes) -> Wakeup:
    """When a wake-up is due, whose it is and what for.

    MalformedKey: the bytes are no key of a wake-up.
    """
    if key[:1] != WAKEUPS:
        raise MalformedKey(f"a wake-up key begins with 30, not with {key[:1].hex() or 'nothing'}")
    due_ms = int.from_bytes(key[1:9], "big")
    if not 0 < due_ms <= DUE_MS_MAX:
        raise MalformedKey(f"due_ms of a wake-up is {due_ms}")
    customer_id, target = _decode_owned(key, 9)
    return Wakeup(due_ms, customer_id, target)


def _utf8(text: str, name: str) -> bytes:
    try:
        raw = text.encode()
    except UnicodeEncodeError as error:
        raise MalformedKey(f"{name} is not valid Unicode") from error
    if 0 < len(raw) <= ID_BYTES_MAX:
        return raw
    raise _wrong_length(name, len(raw))


def _decode_owned(key: bytes, start: int) -> tuple[str, Target]:
    """What stands from `start` on: customer, kind, and what names the record."""
    try:
        size = key[start] << 8 | key[start + 1]
        rest = start + size + 3
        kind = key[rest - 1]
        if not 0 < size <= ID_BYTES_MAX:
            raise _wrong_length("customer_id", size)
        customer_id = key[start + 2 : rest - 1].decode()
        if kind == _CUSTOMER and rest == len(key):
            return customer_id, _THE_CUSTOMER
        if kind == _ITEM:
            return customer_id, _decode_item(key, rest)
        if kind == _ORDER:
            return customer_id, Target("", "", _decode_tail(key, rest, "order_id"))
    except IndexError as error:
        raise MalformedKey(f"the key ends too early, after {len(key)} bytes") from error
    except UnicodeDecodeError as error:
        raise MalformedKey("an id in the key is not UTF-8") from error
    if kind == _CUSTOMER:
        raise MalformedKey(f"{len(key) - rest} bytes follow the key of a customer")
    raise MalformedKey(f"the kind of record is {kind}")


def _decode_item(key: bytes, start: int) -> Target:
    size = key[start] << 8 | key[start + 1]
    end = start + 2 + size
    if not 0 < size <= ID_BYTES_MAX:
        raise _wrong_length("product_id", size)
    if end > len(key):
        raise MalformedKey("the key ends inside product_id")
    product_id = key[start + 2 : end].decode()
    return Target(product_id, _decode_tail(key, end, "unit_id") if end < len(key) else "")


def _decode_tail(key: bytes, start: int, name: str) -> str:
    size = len(key) - start
    if not 0 < size <= ID_BYTES_MAX:
        raise _wrong_length(name, size)
    return key[start:].decode()


def _wrong_length(name: str, size: int) -> MalformedKey:
    return MalformedKey(f"{name} has 1 to {ID_BYTES_MAX} bytes, not {size}")
