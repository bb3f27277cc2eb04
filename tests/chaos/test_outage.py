"""Four hours without a worker, caught up with live: all of the backlog is known before anything is said.

The worker before the outage has a clock that stands at its beginning, the one after it a clock that is four
hours further. Both run `SPEED` times as fast as the wall, so that the minute after which a decision that
waited for the backlog is looked at again takes a second; only what lies between them is left out.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any, Final

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from msgspec.structs import replace

from schemas.framing import RecordDecoder, encode
from schemas.records import (
    Consent,
    Delivery,
    Eligibility,
    FrictionChange,
    OrderLine,
    Profile,
    Purchase,
    Ticket,
)
from schemas.topics import CATALOGUE
from streams.embedded.broker import Broker
from streams.engine.clock import wall_ms
from streams.sources.source import TOPICS
from tests.chaos.kafka import make_topics, read_all
from tests.chaos.plan import Plan
from tests.chaos.workers import Worker
from tests.streams.journey.story import PRODUCTS

HOUR: Final = 3_600_000
DAY: Final = 24 * HOUR
OUTAGE: Final = 4 * HOUR
MIDNIGHT: Final = 1_767_225_600_000
BEGINS: Final = MIDNIGHT + 20 * DAY - 2 * HOUR
"""In the middle of the outage a day ends, and with it the grace of two parcels that should have come."""
ESTIMATE_ON: Final = (MIDNIGHT + 20 * DAY) // DAY - 3
FILLERS: Final = 5_000
"""Records between the purchase and the ticket that forbids: several fetches."""
SPEED: Final = 60.0
"""Starting and catching up take minutes of the journey, of which hours are left before anything falls due."""
WITHIN_S: Final = 90.0


@dataclass(frozen=True)
class Said:
    """What was said about whom."""

    eligibility: list[Eligibility]
    friction: list[FrictionChange]

    def opened(self, customer_id: str, placement: str) -> bool:
        return any(
            it.customer_id == customer_id and it.placement == placement and it.status == "opened"
            for it in self.eligibility
        )

    def flagged(self, customer_id: str) -> list[str]:
        return [it.flag for it in self.friction if it.customer_id == customer_id and it.to_state == "open"]


class Shop:
    """Events at their times, to one partition."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._events: list[tuple[int, Any]] = []

    def tell(self, at_ms: int, kind: Callable[..., Any], customer_id: str, **fields: Any) -> None:
        """It happened then, and was written then."""
        event_id = f"e{len(self._events)}-{at_ms}"
        self._events.append((at_ms, kind(event_id, customer_id, at_ms, **fields)))

    def order(self, at_ms: int, customer_id: str, product_id: str) -> None:
        """One of this product."""
        line = OrderLine(line_id="1", product_id=product_id, quantity=1, price_minor=10_000, currency="EUR")
        self.tell(at_ms, Purchase, customer_id, type="order_placed", order_id="o1", lines=(line,))

    def parcel(self, at_ms: int, customer_id: str, status: str, **fields: Any) -> None:
        """Of that order."""
        self.tell(at_ms, Delivery, customer_id, order_id="o1", parcel_id="p1", status=status, **fields)

    async def send(self) -> None:
        """Everything that was told since the last time, in order of time."""
        async with AIOKafkaProducer(bootstrap_servers=self.plan.bootstrap, linger_ms=20) as producer:
            for at_ms, event in sorted(self._events, key=lambda it: it[0]):
                topic = self.plan.prefix + TOPICS[type(event)]
                key = event.customer_id.encode()
                await producer.send(topic, encode(event), key, partition=0, timestamp_ms=at_ms)
            for product in PRODUCTS:
                name = product.product_id.encode()
                await producer.send(self.plan.prefix + CATALOGUE, encode(product), name, partition=0)
            await producer.flush()
        self._events.clear()


def before_the_outage(shop: Shop) -> None:
    """Two parcels on their way, and customers who may be written to."""
    for customer_id in ("delivered", "lost", "calm", "troubled"):
        granted = Consent(channel="email", state="granted", at=BEGINS - 10 * DAY)
        shop.tell(BEGINS - 9 * DAY, Profile, customer_id, consents=(granted,))
    for customer_id in ("delivered", "lost"):
        shop.order(BEGINS - 5 * DAY, customer_id, "kettle")
        shop.parcel(BEGINS - 4 * DAY, customer_id, "in_transit", estimate_on=ESTIMATE_ON)


def during_the_outage(shop: Shop) -> None:
    """One parcel arrives; two customers buy, and one of them needs help, which lies behind much else."""
    for number in range(FILLERS):
        at_ms = BEGINS + number * OUTAGE // FILLERS
        about: dict[str, Any] = {"ticket_id": "t1", "status": "solved", "topic": "troubleshooting"}
        shop.tell(at_ms, Ticket, f"somebody-{number}", **about)
        shop.parcel(at_ms, f"somebody-{number}", "in_transit")
    shop.parcel(BEGINS + HOUR, "delivered", "out_for_delivery")
    shop.order(BEGINS + OUTAGE - 6 * 60_000, "calm", "lamp")
    shop.order(BEGINS + OUTAGE - 6 * 60_000, "troubled", "lamp")
    shop.tell(
        *(BEGINS + OUTAGE - 5 * 60_000, Ticket, "troubled"),
        ticket_id="t1",
        status="new",
        topic="troubleshooting",
    )
    shop.parcel(BEGINS + OUTAGE - 4 * 60_000, "delivered", "delivered")


async def heard(plan: Plan) -> Said:
    kinds = {"eligibility": Eligibility, "friction": FrictionChange}
    partitions = {name: TopicPartition(plan.prefix + name, 0) for name in kinds}
    found = await read_all(plan.bootstrap, partitions.values())
    said: dict[str, list[Any]] = {}
    for name, kind in kinds.items():
        decoder: RecordDecoder[Any] = RecordDecoder(kind)
        said[name] = [decoder.decode(it.value or b"") for it in found[partitions[name]]]
    return Said(said["eligibility"], said["friction"])


async def eventually(plan: Plan, met: Callable[[Said], bool]) -> Said:
    ends_at = monotonic() + WITHIN_S
    while not met(said := await heard(plan)):
        assert monotonic() < ends_at, said
        await asyncio.sleep(0.3)
    return said


async def scenario(plan: Plan) -> tuple[Said, Said]:
    await make_topics(plan)
    shop = Shop(plan)
    before_the_outage(shop)
    await shop.send()
    worker = Worker(plan, 0)
    try:
        await worker.start()
        await eventually(
            plan, lambda said: said.opened("lost", "pre_arrival") and said.opened("delivered", "pre_arrival")
        )
        await worker.kill()
        then = await heard(plan)
        during_the_outage(shop)
        await shop.send()
        worker = Worker(replace(plan, start_ms=BEGINS + OUTAGE, began_ms=wall_ms()), 0)
        await worker.start()
        now = await eventually(
            plan, lambda said: bool(said.flagged("lost")) and said.opened("calm", "order_add_on")
        )
        await worker.stop()
    finally:
        await worker.kill()
    return then, now


@pytest.mark.broker
@pytest.mark.slow
def test_after_four_hours_nothing_is_said_that_the_backlog_contradicts(
    broker: Broker, tmp_path: Path
) -> None:
    plan = Plan(
        directory=str(tmp_path),
        bootstrap=broker.bootstrap,
        name=f"outage-{wall_ms()}",
        seed=1,
        seconds=1.0,
        partitions=1,
        workers=1,
        events_per_s=1.0,
        start_ms=BEGINS,
        began_ms=wall_ms(),
        speed=SPEED,
    )
    then, now = asyncio.run(scenario(plan))
    assert then.friction == []
    assert now.flagged("lost") == ["shipping_problem"]
    assert now.flagged("delivered") == []
    assert now.flagged("troubled") == ["troubleshooting"]
    assert now.opened("calm", "order_add_on")
    assert not now.opened("troubled", "order_add_on")
