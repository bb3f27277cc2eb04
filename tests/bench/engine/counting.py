"""The job that is next to none, so that the engine's own cost shows.

JSON in; per customer a count; every third event is answered. A customer who was heard is looked at after
`AFTER_MS`, and that is answered too. The state of a customer is JSON behind the head of any stored record.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator
from random import Random
from time import perf_counter_ns
from typing import Final

import msgspec
from msgspec import Struct

from state import keys
from state.codec import HEAD, due_bytes
from state.keys import Wakeup
from state.records.parts import Target
from state.store import Batch, Store
from streams.engine import position as positions
from streams.engine.commit import Commit, Output
from streams.engine.deciding import IN_HAND_MAX, Counts, Slice
from streams.engine.journal import Journal
from streams.engine.kit import Kit
from streams.engine.position import Mark, Position
from streams.inputs.partition import murmur2_partition
from streams.inputs.records import InputRecord
from tests.bench.consumers import id_of
from tests.bench.engine.ground import Record

AFTER_MS: Final = 2_000
EVERY: Final = 3
AT_ONCE: Final = 64
INPUT: Final = "usage"
OUTPUT: Final = "eligibility"
_KIND: Final = b"\xe1"
_THE_CUSTOMER: Final = Target()


class Event(Struct, frozen=True, gc=False):
    """What happened."""

    event_id: str
    customer_id: str
    type: str
    amount: int


class Count(Struct):
    """What is known of a customer."""

    count: int = 0


class Answer(Struct, frozen=True, gc=False):
    """What is said of a customer."""

    customer_id: str
    count: int
    why: str


decode_event = msgspec.json.Decoder(Event).decode
decode_count = msgspec.json.Decoder(Count).decode
encode = msgspec.json.Encoder().encode


def events(topic: str, count: int, customers: int, partitions: int, at_ms: int) -> Iterator[Record]:
    """Events of customers drawn by chance."""
    rng = Random(1)
    ids = [id_of("customer", number) for number in range(customers)]
    places = [(key.encode(), murmur2_partition(key.encode(), partitions)) for key in ids]
    for number in range(count):
        drawn = rng.randrange(customers)
        key, partition = places[drawn]
        event = Event(id_of("event", number), ids[drawn], "session", number % 100)
        yield Record(topic, partition, at_ms, key, json.dumps(msgspec.to_builtins(event)).encode())


class Counting:
    """`Decides` of that job."""

    def __init__(self, kit: Kit, store: Store, position: Position, _: Journal | None) -> None:
        self.counts = Counts()
        self.world = kit.world()
        self.steps = 0
        self.redeciding = False
        self._store = store
        self._said = kit.said_under + OUTPUT
        self._inputs = dict(position.inputs)
        self._now_ms = position.now_ms
        self._counts: dict[str, Count] = {}
        self._due: dict[str, int] = {}
        self._stored: dict[str, bytes | None] = {}
        self._touched: set[str] = set()
        self._outputs: list[Output] = []

    @property
    def dirty(self) -> bool:
        return self.steps > 0

    def next_due(self) -> int | None:
        return self._store.next_due()

    def due(self, until_ms: int, limit: int) -> deque[Wakeup]:
        return deque(self._store.due(until_ms, limit))

    def stale(self, limit: int) -> deque[Wakeup]:
        return deque()

    def take(self, records: deque[InputRecord], within: Slice) -> None:
        self._now_ms = max(self._now_ms, within.now_ms)
        while records:
            some = [records.popleft() for _ in range(min(AT_ONCE, len(records)))]
            found = [decode_event(record.value or b"") for record in some]
            self._load([event.customer_id for event in found])
            for event in found:
                self._count(event.customer_id)
            for record in some:
                self._inputs[record.topic] = record.offset + 1
            self.steps += len(some)
            self.counts.events += len(some)
            if perf_counter_ns() >= within.until_ns:
                return

    def look(self, wakeups: deque[Wakeup], within: Slice) -> None:
        self._now_ms = max(self._now_ms, within.now_ms)
        while wakeups:
            some = [wakeups.popleft() for _ in range(min(AT_ONCE, len(wakeups)))]
            self._load([wakeup.customer_id for wakeup in some])
            for wakeup in some:
                self.steps += 1
                name = wakeup.customer_id
                if self._due[name] != wakeup.due_ms:
                    self.counts.stale += 1
                    continue
                self._due[name] = 0
                self._touched.add(name)
                self._say(name, "quiet")
                self.counts.looks += 1
            if perf_counter_ns() >= within.until_ns:
                return

    def finish(self) -> Commit:
        batch = Batch()
        for name in self._touched:
            value = _KIND + self._due[name].to_bytes(8, "big") + encode(self._counts[name])
            batch.replace(keys.customer(name), self._stored[name], value)
            self._stored[name] = value
        position = Position(inputs=dict(self._inputs), now_ms=self._now_ms)
        batch.put(positions.KEY, positions.encode(position))
        self.counts.outputs += len(self._outputs)
        return Commit(self._outputs, [], batch, position, self.steps)

    def committed(self, commit: Commit, mark: Mark) -> None:
        positions.put_changelog_mark(commit.changes, mark)
        self._store.write(commit.changes)
        self._outputs = []
        self._touched.clear()
        self.steps = 0
        if len(self._counts) >= IN_HAND_MAX:
            for held in (self._counts, self._due, self._stored):
                held.clear()

    def _load(self, names: list[str]) -> None:
        """Into hand, in one read."""
        missing = list({name for name in names if name not in self._counts})
        if not missing:
            return
        values = self._store.get_many([keys.customer(name) for name in missing])
        for name, value in zip(missing, values, strict=True):
            self._stored[name] = value
            self._due[name] = int.from_bytes(due_bytes(value), "big")
            self._counts[name] = Count() if value is None else decode_count(value[HEAD:])

    def _count(self, name: str) -> None:
        count = self._counts[name]
        count.count += 1
        self._touched.add(name)
        if not self._due[name]:
            self._due[name] = self._now_ms + AFTER_MS
        if count.count % EVERY == 0:
            self._say(name, "third")

    def _say(self, name: str, why: str) -> None:
        answer = Answer(name, self._counts[name].count, why)
        self._outputs.append(Output(self._said, name.encode(), encode(answer)))
