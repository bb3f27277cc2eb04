"""What an earlier owner of a partition wrote and its broker did not mark, settled before anybody goes on.

    fenced -> where what it wrote to ends, for readers of committed records and for all -> [mark] -> the same

Nobody else writes under the transactional id any more, so both ends must be one. They can be apart for good:
a broker of Kafka 4 that starts sends the marks of what was decided before it was killed, but skips partitions
whose leader it does not know yet, takes them for deleted, and that for the end. The records stay
out of sight until the next transaction of the same id ends there, and take on the outcome of that one.
Whoever went on before that would decide them again.

So a transaction without a record is ended there first. Its outcome is that of the records: all records of one
transaction bear one time, so where another partition holds records of that time and is marked, its readers
tell. Where none is marked the transaction is committed: it may have been, and it is whole either way.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from time import monotonic
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.engine.clients import Clients, stop
from streams.engine.transaction import Transactions
from streams.errors import Retryable

log = logging.getLogger(__name__)

MARK_AFTER_S: Final = 1.0
"""How long a broker may take to mark a transaction that it has decided."""
SETTLED_WITHIN_S: Final = 10.0
ASK_AGAIN_S: Final = 0.02
LAST_OFFSETS: Final = 20
"""Where the last record of a partition is looked for: marks have offsets too, and stand behind it."""
READ_WITHIN_S: Final = 5.0

Ends = Mapping[TopicPartition, int]
Times = dict[TopicPartition, dict[int, int]]
"""Of records of partitions: their times, epoch milliseconds, by offset."""


async def settle(
    clients: Clients,
    transactions: Transactions,
    changelog: TopicPartition,
    outputs: Sequence[TopicPartition],
    within_s: float = SETTLED_WITHIN_S,
) -> int:
    """Where the changelog ends, once all that is in it is decided, and what this id wrote to the outputs too.

    Fenced, Retryable, Fatal: as `Transactions.commit`; Retryable as well when it takes too long.
    """
    asked = [changelog, *outputs]
    written, consumer = await clients.written_until(asked), await clients.watching(asked)
    try:
        return await _settle(clients, consumer, transactions, asked, written, within_s)
    finally:
        await stop(consumer)


async def _settle(
    clients: Clients,
    consumer: AIOKafkaConsumer,
    transactions: Transactions,
    asked: Sequence[TopicPartition],
    written: Ends,
    within_s: float,
) -> int:
    changelog, began_s, marked = asked[0], monotonic(), False
    while True:
        ends: Ends = await consumer.end_offsets(list(asked))
        behind = [tp for tp in asked if ends[tp] < written[tp]]
        if not behind or (marked and changelog not in behind):  # what is left there is of other writers
            return ends[changelog]
        words = ", ".join(f"{tp.topic}-{tp.partition} from {ends[tp]} to {written[tp]}" for tp in behind)
        waited_s = monotonic() - began_s
        if waited_s >= within_s:
            raise Retryable(f"what an earlier owner wrote is still undecided: {words}")
        if waited_s >= MARK_AFTER_S and not marked:
            committed = await _was_committed(clients, ends, written)
            outcome = "committed" if committed else "aborted"
            log.warning("what an earlier owner wrote is undecided, and is %s now: %s", outcome, words)
            await transactions.mark(behind, committed=committed)
            marked = True
        await asyncio.sleep(ASK_AGAIN_S)


async def _was_committed(clients: Clients, ends: Ends, written: Ends) -> bool:
    """Whether the transaction that is undecided in some partitions was committed in those that are marked."""
    behind = {tp: ends[tp] for tp in ends if ends[tp] < written[tp]}
    marked = {tp: max(0, end - LAST_OFFSETS) for tp, end in ends.items() if tp not in behind}
    found = await _read(clients, {**behind, **marked}, written, committed_only=False)
    times = {time_ms for tp in behind for time_ms in found[tp].values()}
    same = {tp: [offset for offset, time_ms in found[tp].items() if time_ms in times] for tp in marked}
    asked = {tp: offsets[0] for tp, offsets in same.items() if offsets}
    seen = await _read(clients, asked, ends, committed_only=True)
    return not asked or any(offset in seen[tp] for tp in asked for offset in same[tp])


async def _read(clients: Clients, starts: Ends, ends: Ends, *, committed_only: bool) -> Times:
    """The records of partitions from an offset up to another.

    Retryable: they were not read in time.
    """
    found: Times = {tp: {} for tp in starts}
    left = {tp for tp in starts if starts[tp] < ends[tp]}
    if not left:
        return found
    consumer = await clients.consumer(sorted(left), committed_only=committed_only)
    try:
        first: Ends = await consumer.beginning_offsets(sorted(left))
        for tp in left:
            consumer.seek(tp, max(first[tp], starts[tp]))
        until_s = monotonic() + READ_WITHIN_S
        while left := {tp for tp in left if await consumer.position(tp) < ends[tp]}:
            if monotonic() >= until_s:
                raise Retryable(f"the ends of {sorted(left)} could not be read in time")
            for tp, records in (await consumer.getmany(*left, timeout_ms=100)).items():
                found[tp].update({it.offset: it.timestamp for it in records if it.offset < ends[tp]})
    finally:
        await stop(consumer)
    return found
