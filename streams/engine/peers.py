"""What the other partitions of the application say of themselves: the last positions in the changelog.

The position is the last record of every transaction, so it stands near the end of each partition of the
changelog, behind it only markers of transactions.
"""

from __future__ import annotations

from typing import Final

from aiokafka import TopicPartition

from streams.engine import position as positions
from streams.engine.clients import Clients, stop
from streams.engine.position import Position

NEAR: Final = 8
"""Offsets before the end at which to look first; eight times as many each time when it is not there."""
WAIT_MS: Final = 100


async def positions_of_all(clients: Clients, changelog: str, partitions: int) -> dict[int, Position]:
    """The last position of every partition that has one."""
    tps = [TopicPartition(changelog, number) for number in range(partitions)]
    consumer = await clients.consumer(tps)
    try:
        first, end = await consumer.beginning_offsets(tps), await consumer.end_offsets(tps)
        found: dict[int, Position] = {}
        near, missing = NEAR, [tp for tp in tps if first[tp] < end[tp]]
        while missing:
            for tp in missing:
                consumer.seek(tp, max(first[tp], end[tp] - near))
            left = set(missing)
            while left:
                records = await consumer.getmany(*left, timeout_ms=WAIT_MS)
                for tp, some in records.items():
                    for record in some:
                        if record.key == positions.KEY and record.value is not None:
                            found[tp.partition] = positions.decode(record.value)
                left = {tp for tp in left if await consumer.position(tp) < end[tp]}
            missing = [tp for tp in missing if tp.partition not in found and end[tp] - near > first[tp]]
            near *= 8
        return found
    finally:
        await stop(consumer)
