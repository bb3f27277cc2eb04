"""The lives of made-up consumers (see `tests.bench.consumers`) on topics; they end about now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from msgspec.structs import replace

from schemas.framing import encode
from schemas.records import Delivery, Product, Profile
from schemas.topics import CATALOGUE
from streams.engine.clock import wall_ms
from streams.inputs.partition import murmur2_partition
from streams.sources.source import TOPICS, Event
from tests.bench.consumers import DAY, PRODUCTS, START, consumer, id_of, products
from tests.bench.engine.ground import Ground, Record

SPAN_MS: Final = 80 * DAY
"""Longer than any of these lives, so that none reaches into the future."""


def lay_lives(ground: Ground, prefix: str, count: int, partitions: int) -> int:
    """Catalogue and lives, in order of time; returns how many events."""
    lay_catalogue(ground, prefix, catalogue())
    return ground.lay(lives(prefix, count, partitions))


def catalogue(count: int = PRODUCTS) -> tuple[Product, ...]:
    """What these consumers buy, and behind it more of the same up to so many."""
    some = products()
    more = (replace(some[it % PRODUCTS], product_id=id_of("product", it)) for it in range(PRODUCTS, count))
    return (*some, *more)


def lay_catalogue(ground: Ground, prefix: str, sold: Iterable[Product]) -> None:
    """What is sold."""
    at_ms = wall_ms()
    ground.lay(Record(prefix + CATALOGUE, 0, at_ms, it.product_id.encode(), encode(it)) for it in sold)


def lives(prefix: str, count: int, partitions: int) -> Iterator[Record]:
    """All events of so many consumers."""
    shift_ms = wall_ms() - SPAN_MS - START
    found = []
    for number in range(count):
        for event in consumer(number):
            key = event.customer_id.encode()
            now = moved(event, shift_ms)
            found.append(
                Record(
                    prefix + TOPICS[type(event)], murmur2_partition(key, partitions), now.occurred_at,
                    key, encode(now),
                )
            )  # fmt: skip
    found.sort(key=lambda record: record.timestamp_ms)
    yield from found


def moved(event: Event, shift_ms: int) -> Event:
    """The same event at another time, with the times inside of it."""
    now = replace(event, occurred_at=event.occurred_at + shift_ms)
    if isinstance(now, Profile):
        return replace(now, consents=tuple(replace(it, at=it.at + shift_ms) for it in now.consents))
    if isinstance(now, Delivery) and now.estimate_on is not None:
        return replace(now, estimate_on=now.estimate_on + shift_ms // DAY)
    return now
