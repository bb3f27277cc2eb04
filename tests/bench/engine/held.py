"""The state of very many customers, as a changelog that the engine could have written.

The core decides the lives of some customers up to now, who came two to eleven weeks ago, and their records,
in their real bytes, are written again and again under other names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from random import Random
from typing import Final

from msgspec import Struct

from schemas.framing import encode
from schemas.records import Product, Usage
from schemas.topics import journey_inputs
from state import keys
from state.codec import NO_DUE, due_bytes
from state.store import scan_all
from streams.engine import position as positions
from streams.engine.clock import wall_ms
from streams.engine.position import Position
from streams.engine.worlds import world_of
from streams.inputs.partition import murmur2_partition
from streams.journey.identity import Identity
from streams.journey.step import World
from streams.loading.policy_file import load_policies
from streams.sources.source import TOPICS
from tests.bench.consumers import DAY, START, consumer, id_of
from tests.bench.core import Core, encoded
from tests.bench.engine.ground import IDENTITY, Record
from tests.bench.engine.lives import catalogue, moved

TEMPLATES: Final = 500
YOUNGEST_MS: Final = 15 * DAY
OLDEST_MS: Final = 80 * DAY


class Template(Struct, frozen=True):
    """One customer's records, by key, and what they own."""

    name: bytes
    records: tuple[tuple[bytes, bytes], ...]
    owned: tuple[str, ...]


class Held(Struct, frozen=True):
    """What was laid."""

    customers: int
    records: int
    wakeups: int
    value_bytes: int


class Population:
    """So many customers, made of templates."""

    def __init__(
        self,
        customers: int,
        partitions: int,
        *,
        now_ms: int | None = None,
        sold: Iterable[Product] | None = None,
        templates: int = TEMPLATES,
    ) -> None:
        self.customers = customers
        self.now_ms = now_ms or wall_ms()
        self._partitions = partitions
        self._world = world_of(load_policies(None), sold or catalogue(), (), Identity(IDENTITY.encode()))
        self._templates = [
            _template(
                self._world,
                number,
                self.now_ms,
                YOUNGEST_MS + number * (OLDEST_MS - YOUNGEST_MS) // templates,
            )
            for number in range(templates)
        ]

    def changelog(self, topic: str, prefix: str) -> Iterator[Record]:
        """All records, and where each partition stands."""
        now_ms, templates = self.now_ms, self._templates
        counts = [0] * self._partitions
        for number in range(self.customers):
            name = id_of("customer", number).encode()
            partition = murmur2_partition(name, self._partitions)
            counts[partition] += 1
            template = templates[number % len(templates)]
            for key, value in template.records:
                yield Record(topic, partition, now_ms, key.replace(template.name, name, 1), value)
        heard = dict.fromkeys(TOPICS.values(), now_ms)
        inputs = {it.full_name(prefix): 0 for it in journey_inputs()}
        for partition, count in enumerate(counts):
            position = Position(
                inputs=inputs,
                now_ms=now_ms,
                customers=count,
                heard=heard,
                world=self._world.version,
                redecided=self._world.version,
            )
            yield Record(topic, partition, now_ms, positions.KEY, positions.encode(position))

    def uses(self, topic: str, count: int, seed: int, at_ms: int, every_ms: float = 0.0) -> Iterator[Record]:
        """Somebody uses something that they own, again and again, `every_ms` apart."""
        rng = Random(seed)
        for number in range(count):
            who = rng.randrange(self.customers)
            when = at_ms + int(number * every_ms)
            customer_id = id_of("customer", who)
            product_id = rng.choice(self._templates[who % len(self._templates)].owned)
            event = Usage(id_of(f"u{seed}", number), customer_id, when, "bench", "session", product_id)
            key = customer_id.encode()
            yield Record(topic, murmur2_partition(key, self._partitions), when, key, encode(event))

    @property
    def held(self) -> Held:
        """How much it is."""
        each = [it.records for it in self._templates]
        times = self.customers / len(each)
        return Held(
            self.customers,
            round(times * sum(len(records) for records in each)),
            round(times * sum(due_bytes(value) != NO_DUE for records in each for _, value in records)),
            round(times * sum(len(key) + len(value) for records in each for key, value in records)),
        )


def _template(world: World, number: int, now_ms: int, age_ms: int) -> Template:
    """One life up to now, in the core."""
    core = Core(world)
    events = [moved(event, now_ms - age_ms - START) for event in consumer(number)]
    for event in encoded(event for event in events if event.occurred_at < now_ms):
        core.event(*event)
    core.look_until(now_ms)
    records = tuple(scan_all(core.store, keys.RECORDS))
    owned = {target.product_id for _, target in (keys.decode_record(key) for key, _ in records)}
    return Template(id_of("customer", number).encode(), records, tuple(sorted(owned - {""})))
