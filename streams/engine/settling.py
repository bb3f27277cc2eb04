"""What an earlier owner of a partition wrote and its broker did not mark, settled before anybody goes on.

    fenced -> where what it wrote to ends, for readers of committed records and for all -> [mark] -> the same

Nobody else writes under the transactional id any more, so both ends must be one. After a broker was killed
they were seen apart for good: a transaction that was committed, and marked so in all partitions but one,
stayed out of sight there until the next commit of the same id. Whoever went on before decided it again. So a
transaction without a record is committed there first, and what it marks comes into sight.

It would also bring into sight what a broker forgot to mark as aborted, as the next commit would in any case.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from time import monotonic
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.engine.clients import Clients
from streams.engine.transaction import Transactions
from streams.errors import Retryable

log = logging.getLogger(__name__)

MARK_AFTER_S: Final = 1.0
"""How long a broker may take to mark a transaction that it has decided, as aborted perhaps."""
SETTLED_WITHIN_S: Final = 10.0
ASK_AGAIN_S: Final = 0.02

Ends = Mapping[TopicPartition, int]


async def settle(
    clients: Clients,
    consumer: AIOKafkaConsumer,
    transactions: Transactions,
    changelog: TopicPartition,
    outputs: Sequence[TopicPartition],
    within_s: float = SETTLED_WITHIN_S,
) -> int:
    """Where the changelog ends, once all that is in it is decided, and what this id wrote to the outputs too.

    Fenced, Retryable, Fatal: as `Transactions.commit`; Retryable as well when it takes too long.
    """
    asked = [changelog, *outputs]
    written, began_s, marked = await clients.written_until(asked), monotonic(), False
    while True:
        ends: Ends = await consumer.end_offsets(asked)
        behind = [tp for tp in asked if ends[tp] < written[tp]]
        if not behind or (marked and changelog not in behind):  # what is left there is of other writers
            return ends[changelog]
        words = ", ".join(f"{tp.topic}-{tp.partition} from {ends[tp]} to {written[tp]}" for tp in behind)
        waited_s = monotonic() - began_s
        if waited_s >= within_s:
            raise Retryable(f"what an earlier owner wrote is still undecided: {words}")
        if waited_s >= MARK_AFTER_S and not marked:
            log.warning("what an earlier owner wrote is undecided, and is ended now: %s", words)
            await transactions.mark(behind)
            marked = True
        await asyncio.sleep(ASK_AGAIN_S)
