"""Pure. Where each record of a changelog belongs when there are more partitions, and where those begin."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from state import keys
from streams.engine.position import Position
from streams.inputs.partition import Partitioner


class Growth(Struct, frozen=True):
    """From so many partitions to so many more."""

    before: int
    after: int
    partitioner: Partitioner

    def of_customer(self, customer_id: bytes) -> int:
        """Where a customer lies now."""
        return self.partitioner(customer_id, self.after)

    def of_wakeup(self, key: bytes) -> int:
        """Where the customer of a wake-up lies now."""
        return self.of_customer(keys.decode_wakeup(key).customer_id.encode())

    def of_record(self, key: bytes) -> int:
        """Where the customer of a record lies now."""
        return self.of_customer(keys.decode_record(key)[0].encode())

    def of_forgotten(self, number: int) -> Sequence[int]:
        """Where somebody may lie now who was forgotten in partition `number`: their name is not known.

        Of a multiple, only where the remainder is the same. Elsewhere it stands for nobody.
        """
        multiple = self.after % self.before == 0
        return [there for there in range(self.after) if not multiple or there % self.before == number]


def is_customer(record_key: bytes) -> bool:
    """Whether a record is that of the customer, not of an item or order."""
    return keys.customer(keys.decode_record(record_key)[0]) == record_key


def begun(ended: Iterable[Position], customers: int, wakeups: int, inputs: Mapping[str, int]) -> Position:
    """Where a new partition stands that goes on from all that ended.

    Its time falls behind none of theirs, and a source that spoke anywhere has spoken.
    """
    now_ms, heard = 0, dict[str, int]()
    for position in ended:
        now_ms = max(now_ms, position.now_ms)
        for topic, at_ms in position.heard.items():
            heard[topic] = max(heard.get(topic, 0), at_ms)
    return Position(inputs=dict(inputs), now_ms=now_ms, customers=customers, heard=heard, wakeups=wakeups)
