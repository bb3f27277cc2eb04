"""Every kind of stored record: its number on disk, its version, and the way up from older versions.

To change a record other than by appending a field with a default: raise its version by one, add the migration
from the version before, and record the new bytes with `python -m tests.state.golden`.
"""

from typing import Final

from state.codec import Codec, DueCodec, Layout
from state.records.customer import CustomerRecord, Forgotten
from state.records.item import ItemRecord
from state.records.order import OrderRecord

CUSTOMER: Final = Layout("customer", 1, CustomerRecord, version=1, migrations={})
ITEM: Final = Layout("item", 2, ItemRecord, version=1, migrations={})
ORDER: Final = Layout("order", 3, OrderRecord, version=1, migrations={})
FORGOTTEN: Final = Layout("forgotten", 4, Forgotten, version=1, migrations={})


class Codecs:
    """The codec of each kind of record."""

    __slots__ = ("customer", "forgotten", "item", "order")

    def __init__(self) -> None:
        self.customer = DueCodec(CUSTOMER)
        self.item = DueCodec(ITEM)
        self.order = DueCodec(ORDER)
        self.forgotten = Codec(FORGOTTEN)
