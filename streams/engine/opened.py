"""What a task has opened for the work of its partition."""

from __future__ import annotations

from aiokafka import AIOKafkaConsumer
from msgspec import Struct

from state.store import Store
from streams.engine.kit import Kit, Stats
from streams.engine.transaction import Transactions


class Opened(Struct, frozen=True):
    """The task closes it after the work."""

    kit: Kit
    number: int
    store: Store
    transactions: Transactions
    consumer: AIOKafkaConsumer
    stats: Stats
