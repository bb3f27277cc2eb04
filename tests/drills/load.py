"""Steady traffic of made-up customers, as other systems would send it, and what is wrong with it in a drill.

Each customer bought something that arrived seven days ago, less a minute: so there are events now, and
wake-ups within the minute, on the clock of the wall.
"""

import asyncio
import itertools
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from schemas.framing import encode
from schemas.records import Delivery, OrderLine, Product, Profile, Purchase
from schemas.topics import CATALOGUE, CONTROL
from streams.inputs.partition import murmur2_partition

DAY_MS = 86_400_000
AHEAD_MS = 60_000
EVERY_S = 0.1
CUSTOMERS = 4_000
"""After so many the same ones come again, with another order."""
PRODUCT = Product("lamp-1", "drill", "light", kind="durable", price_minor=5_000, currency="EUR")


@dataclass
class Traffic:
    """What is sent. A drill changes it while it runs."""

    per_s: int = 20
    """Customers per second; each is three events."""
    deliveries: bool = True
    delivery_status: str = "delivered"
    bad_share: float = 0.0
    customers: int = CUSTOMERS
    """After so many the same ones come again."""
    wrong_partition: bool = False
    """Send one record to where its customer does not lie, once."""


class Load:
    """The traffic of a run, sent by a thread of its own."""

    def __init__(self, bootstrap: str, prefix: str, partitions: int) -> None:
        self.traffic = Traffic()
        self.sent = 0
        self._bootstrap, self._prefix, self._partitions = bootstrap, prefix, partitions
        self._ends = threading.Event()
        self._said: list[tuple[str, bytes, bytes | None]] = [
            (CATALOGUE, PRODUCT.product_id.encode(), encode(PRODUCT)),
        ]
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)

    def start(self) -> None:
        """Begin with the catalogue."""
        self._thread.start()

    def stop(self) -> None:
        """End it."""
        self._ends.set()
        self._thread.join(30)

    def say_control(self, key: str, value: bytes | None) -> None:
        """A word of the operator; None takes it back."""
        self._said.append((CONTROL, key.encode(), value))

    async def _run(self) -> None:
        customers = itertools.count()
        while not self._ends.is_set():
            try:
                async with AIOKafkaProducer(bootstrap_servers=self._bootstrap, linger_ms=5) as producer:
                    while not self._ends.is_set():
                        await asyncio.gather(self._tick(producer, customers), asyncio.sleep(EVERY_S))
            except (KafkaError, OSError):
                await asyncio.sleep(0.5)  # the drill took the broker away

    async def _tick(self, producer: AIOKafkaProducer, customers: Iterator[int]) -> None:
        sent: list[Any] = []
        while self._said:
            topic, key, value = self._said.pop(0)
            sent.append(await producer.send(self._prefix + topic, value, key, partition=0))
        for number in itertools.islice(customers, max(1, int(self.traffic.per_s * EVERY_S))):
            for topic, customer, value in self._events(number):
                key = customer.encode()
                bad = (self.sent % 1000) < self.traffic.bad_share * 1000
                self.sent += 1
                partition = murmur2_partition(key, self._partitions)
                if self.traffic.wrong_partition:
                    self.traffic.wrong_partition = False
                    partition = (partition + 1) % self._partitions
                sent.append(
                    await producer.send(
                        self._prefix + topic, b"{" if bad else value, key, partition=partition
                    )
                )
        await asyncio.gather(*sent)

    def _events(self, number: int) -> Iterator[tuple[str, str, bytes]]:
        customer, order, now_ms = f"c{number % self.traffic.customers}", f"o{number}", int(time.time() * 1000)
        arrived_ms = now_ms - 7 * DAY_MS + AHEAD_MS
        line = OrderLine("1", PRODUCT.product_id, quantity=1, price_minor=5_000, currency="EUR")
        yield (
            "purchases",
            customer,
            encode(
                Purchase(
                    f"p{number}",
                    customer,
                    arrived_ms - DAY_MS,
                    type="order_placed",
                    order_id=order,
                    lines=(line,),
                )
            ),
        )
        yield "profiles", customer, encode(Profile(f"f{number}", customer, now_ms, time_zone="Europe/Berlin"))
        if self.traffic.deliveries:
            delivered = self.traffic.delivery_status == "delivered"
            yield (
                "deliveries",
                customer,
                encode(
                    Delivery(
                        f"d{number}-{self.traffic.delivery_status}",
                        customer,
                        arrived_ms if delivered else now_ms,
                        order_id=order,
                        parcel_id=f"parcel-{number}",
                        status=self.traffic.delivery_status,  # type: ignore[arg-type] # a word of the contract
                        line_ids=("1",),
                        parcels_total=1,
                    )
                ),
            )
