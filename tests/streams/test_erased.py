"""An erasure through two real workers and a real broker: after it, nothing tells of the customer."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from msgspec import Struct

from schemas.framing import RecordDecoder, encode, encode_json
from schemas.records import Consent, Eligibility, Erasure, OrderLine, Profile, Purchase
from schemas.topics import topics as contract
from state import keys
from state.rocks import RocksStore
from state.rocks_options import RocksResources
from state.store import scan_all
from streams.embedded.broker import Broker
from streams.engine.clock import wall_ms
from streams.inputs.partition import murmur2_partition
from tests.brokers import Topics
from tests.streams.journey.story import PRODUCTS
from tests.streams.web.workers import PARTITIONS, get, until, worker

pytestmark = [pytest.mark.broker, pytest.mark.slow]

ERASED = "canary-erased-1"
PARTITION = murmur2_partition(ERASED.encode(), PARTITIONS)
OTHER = next(
    name for n in range(99) if murmur2_partition((name := f"other-{n}").encode(), PARTITIONS) == PARTITION
)
"""Somebody who goes on, in the same partition."""
SOON = {
    "cleanup.policy": "compact",
    "max.compaction.lag.ms": "1000",
    "segment.ms": "1000",
    "delete.retention.ms": "1000",
    "min.cleanable.dirty.ratio": "0.01",
}
"""What takes days otherwise."""
WITHIN_S = 60.0


@pytest.fixture
def made(topics: Topics) -> str:
    """All topics; what is compacted by customer forgets soon. Returns the name of the changelog."""
    wanted = {
        topic.name: (PARTITIONS if topic.co_partitioned else 1, SOON if topic.compacted else {})
        for topic in contract().values()
    }
    topics.create_all({**wanted, "app-customers-changelog": (PARTITIONS, SOON)})
    return topics.name("app-customers-changelog")


class Shop:
    """Sends events of customers."""

    def __init__(self, broker: Broker, topics: Topics) -> None:
        self._broker = broker
        self._topics = topics
        self._count = 0

    def stamp(self, customer_id: str) -> dict[str, Any]:
        self._count += 1
        return {"event_id": f"e-{self._count}", "customer_id": customer_id, "occurred_at": wall_ms()}

    def send(self, topic: str, *records: Struct, key: str = "customer_id") -> None:
        async def scenario() -> None:
            async with AIOKafkaProducer(bootstrap_servers=self._broker.bootstrap) as producer:
                for record in records:
                    name = str(getattr(record, key)).encode()
                    partition = PARTITION if key == "customer_id" else None
                    value = encode(record) if key != "customer_id" else encode_json(record)
                    await producer.send_and_wait(self._topics.name(topic), value, name, partition=partition)

        asyncio.run(scenario())

    def comes(self, customer_id: str) -> None:
        """A customer with consent orders a kettle."""
        consents = (Consent(channel="email", state="granted", at=wall_ms(), explicit=True),)
        self.send("profiles", Profile(**self.stamp(customer_id), consents=consents, market="de"))
        self.orders(customer_id)

    def orders(self, customer_id: str) -> None:
        line = OrderLine(line_id="l", product_id="kettle", quantity=1, price_minor=10_000, currency="EUR")
        stamp = self.stamp(customer_id)
        order_id = f"o-{stamp['event_id']}"
        self.send("purchases", Purchase(**stamp, type="order_placed", order_id=order_id, lines=(line,)))


def read(broker: Broker, topic: str, partition: int) -> list[tuple[bytes, bytes | None]]:
    """Everything that lies in a partition, whatever became of its transaction."""

    async def scenario() -> list[tuple[bytes, bytes | None]]:
        tp = TopicPartition(topic, partition)
        found: list[tuple[bytes, bytes | None]] = []
        async with AIOKafkaConsumer(bootstrap_servers=broker.bootstrap) as consumer:
            consumer.assign([tp])
            await consumer.seek_to_beginning(tp)
            end = (await consumer.end_offsets([tp]))[tp]
            while await consumer.position(tp) < end:
                records = (await consumer.getmany(tp, timeout_ms=500)).get(tp, ())
                found += [(record.key, record.value) for record in records]
        return found

    return asyncio.run(scenario())


def said(broker: Broker, topics: Topics) -> Iterator[Eligibility]:
    decoder = RecordDecoder(Eligibility)
    for key, value in read(broker, topics.name("eligibility"), PARTITION):
        if key == ERASED.encode() and value is not None:
            yield decoder.decode(value)


def names(entries: list[tuple[bytes, bytes | None]]) -> bool:
    """Whether anything in it tells of the customer."""
    return any(ERASED.encode() in key + (value or b"") for key, value in entries)


def on_disk(folder: Path) -> list[str]:
    """The files of a state that tell of the customer."""
    found = []
    for path in folder.rglob("*"):
        try:
            if path.is_file() and ERASED.encode() in path.read_bytes():
                found.append(path.name)
        except FileNotFoundError:  # RocksDB deletes meanwhile
            continue
    return found


def test_an_erasure_leaves_nothing_in_state_standby_and_changelog(
    broker: Broker, topics: Topics, made: str, tmp_path: Path
) -> None:
    shop = Shop(broker, topics)
    shop.send("catalogue", *PRODUCTS, key="product_id")
    lag = {"KAIROS_STATE_MAX_COMPACTION_LAG_MS": "1000"}
    states = [tmp_path / f"state-{n}" / f"partition-{PARTITION}" for n in (0, 1)]

    def goes_on_until(holds: Callable[[], bool], what: str) -> None:
        """Until it holds, while the other customer goes on: logs are rolled and cleaned by what comes."""
        end = time.monotonic() + WITHIN_S
        while not holds():
            assert time.monotonic() < end, what
            shop.orders(OTHER)

    with worker(topics, tmp_path, 0, **lag) as first, worker(topics, tmp_path, 1, **lag) as second:

        def phases() -> set[str]:
            found = [get(f"{it()}/partitions")[2] or () for it in (first, second) if it()]
            return {row["phase"] for rows in found for row in rows if row["partition"] == PARTITION}

        goes_on_until(lambda: phases() == {"working", "standing_by"}, "one works and one stands by")
        shop.comes(ERASED)
        shop.comes(OTHER)
        until(lambda: "opened" in {it.status for it in said(broker, topics)}, "something is open")
        assert names(read(broker, made, PARTITION))
        until(lambda: all(on_disk(state) for state in states), "both states hold the customer on disk")
        shop.send("erasures", Erasure(**shop.stamp(ERASED)))
        until(lambda: "erased" in {it.reason for it in said(broker, topics)}, "what was open is revoked")
        ended = [it for it in said(broker, topics) if it.reason == "erased"]
        opened = [it.eligibility_id for it in said(broker, topics) if it.status == "opened"]
        assert {it.status for it in ended} == {"revoked"}
        assert {it.eligibility_id for it in ended} <= set(opened)
        snapshots = [
            value
            for key, value in read(broker, topics.name("customers"), PARTITION)
            if key == ERASED.encode()
        ]
        assert snapshots[-1] is None
        status, _, found = get(f"{first()}/customers/{ERASED}")
        assert (status, "erased_at" in json.dumps(found)) == (200, True)
        goes_on_until(lambda: not names(read(broker, made, PARTITION)), "the changelog forgets")
        goes_on_until(
            lambda: not names(read(broker, topics.name("customers"), PARTITION)), "the snapshots forget"
        )
        goes_on_until(
            lambda: not any(name.endswith(".sst") for it in states for name in on_disk(it)), "tables forget"
        )
    for state in states:
        store = RocksStore(state, RocksResources(), write_ahead_log=False)
        every = [
            key for kind in (keys.RECORDS, keys.WAKEUPS, keys.FORGOTTEN) for key, _ in scan_all(store, kind)
        ]
        store.close()
        assert any(OTHER.encode() in key for key in every)
        assert not any(ERASED.encode() in key for key in every)
        assert [key for key in every if key.startswith(keys.FORGOTTEN)], "its opt-outs are kept by a hash"
        assert on_disk(state) == []
