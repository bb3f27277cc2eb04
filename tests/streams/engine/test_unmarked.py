"""A transaction that is decided, and that a broker did not mark everywhere, ends as it ended elsewhere.

A broker does so only when it is killed at the right moment. Here records are written to a partition which the
producer did not add to its transaction, which a broker takes when it is told not to verify that.
"""

import asyncio
from collections.abc import Callable
from time import time
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition

from streams.embedded.broker import Broker
from streams.engine.clients import Clients
from streams.engine.failpoints import Failpoints
from streams.engine.settling import settle
from streams.engine.transaction import Transactions
from tests.brokers import Topics

MARKED, UNMARKED = "marked", "unmarked"
CASES: dict[str, tuple[str | None, bool]] = {
    "committed elsewhere": ("commit", True),
    "aborted elsewhere": ("abort", False),
    "nowhere marked": (None, True),
}
"""How it ended in the other partition, None where it was not marked there; and whether it is seen at last."""


async def _write(producer: AIOKafkaProducer, tp: TopicPartition, time_ms: int) -> None:
    batch = producer.create_batch()
    batch.append(timestamp=time_ms, key=b"key", value=b"value")
    await (await producer.send_batch(batch, tp.topic, partition=tp.partition))


async def _leave(clients: Clients, name: str, how: str | None, tps: dict[str, TopicPartition]) -> None:
    """What a broker leaves that was killed: one transaction before, and one that is not marked everywhere."""
    producer = await clients.producer(name)
    now_ms = int(time() * 1000)
    await producer.begin_transaction()
    for tp in tps.values():
        await _write(producer, tp, now_ms - 100)
    await producer.commit_transaction()
    if how is not None:
        await producer.begin_transaction()
        await _write(producer, tps[MARKED], now_ms)
        await (producer.commit_transaction() if how == "commit" else producer.abort_transaction())
    await _marked(clients, list(tps.values()))
    await producer.begin_transaction()
    left = [tps[UNMARKED]] if how is not None else list(tps.values())
    producer._txn_manager._txn_partitions.update(left)
    for tp in left:
        await _write(producer, tp, now_ms)
    producer._txn_manager._txn_partitions.clear()
    await producer.commit_transaction()  # of nothing, as far as the broker knows
    await producer.stop()


async def _marked(clients: Clients, tps: list[TopicPartition]) -> None:
    """Until what was ended is marked: a broker answers before that."""
    consumer = await clients.consumer([])
    while await consumer.end_offsets(tps) != await clients.written_until(tps):  # noqa: ASYNC110 - on a broker
        await asyncio.sleep(0.01)
    await consumer.stop()


async def _seen(clients: Clients, tps: dict[str, TopicPartition]) -> dict[str, int]:
    """How many records readers of committed ones see."""
    consumer = await clients.consumer(list(tps.values()))
    await consumer.seek_to_beginning(*tps.values())
    ends = await clients.written_until(list(tps.values()))
    count = dict.fromkeys(tps, 0)
    while any([await consumer.position(tp) < ends[tp] for tp in tps.values()]):
        for tp, records in (await consumer.getmany(timeout_ms=100)).items():
            count[next(name for name, it in tps.items() if it == tp)] += len(records)
    await consumer.stop()
    return count


async def _settled(topics: Topics, case: str) -> dict[str, int]:
    clients = Clients({"bootstrap_servers": topics.bootstrap})
    how, _ = CASES[case]
    tps = {name: TopicPartition(topics.name(f"{case[:7]}-{name}"), 0) for name in (MARKED, UNMARKED)}
    name = topics.name(case)
    await _leave(clients, name, how, tps)
    consumer, owner = await clients.consumer([]), await clients.producer(name)
    failpoints = Failpoints.of("")
    transactions = Transactions(owner, 0, changelog=tps[UNMARKED].topic, group="g", failpoints=failpoints)
    before = await consumer.end_offsets([tps[UNMARKED]])
    written = await clients.written_until([tps[UNMARKED]])
    assert before[tps[UNMARKED]] < written[tps[UNMARKED]], f"{case}: the transaction is not left open"
    await settle(clients, transactions, tps[UNMARKED], [tps[MARKED]])
    await asyncio.gather(consumer.stop(), owner.stop())
    return await _seen(clients, tps)


@pytest.mark.broker
def test_it_is_ended_as_it_was_ended_elsewhere(private_broker: Callable[..., Broker]) -> None:
    broker = private_broker(overrides={"transaction.partition.verification.enable": "false"})
    topics = Topics(broker.bootstrap, "unmarked.")
    for case in CASES:
        for name in (MARKED, UNMARKED):
            topics.create(f"{case[:7]}-{name}")

    async def all_cases() -> dict[str, Any]:
        return dict(
            zip(CASES, await asyncio.gather(*(_settled(topics, case) for case in CASES)), strict=True)
        )

    assert asyncio.run(all_cases()) == {
        case: dict.fromkeys((MARKED, UNMARKED), 2 if seen else 1) for case, (_, seen) in CASES.items()
    }
