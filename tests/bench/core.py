"""How fast the core is: bytes in, bytes out, state through bytes at every step.

    Avro -> event -> fold, decide, arbitrate -> Avro, and every record of state is encoded and decoded

Measured is the time of one core in pure Python, over a store in memory. A step is an event, or a look that
said or changed something: looks that did nothing are work that no one asked for, so they do not count.
"""

from __future__ import annotations

import cProfile
import pstats
import time
from collections.abc import Iterable
from operator import attrgetter
from typing import Any

from schemas.codecs import DECODERS, ENCODERS
from schemas.records import OrderLine, Purchase, Usage
from state.layouts import Codecs
from state.memory import MemoryStore
from state.overlay import Overlay
from state.store import Batch
from streams.journey.advance import Journey, Work
from streams.journey.catalogue import Catalogue
from streams.journey.control import ControlState
from streams.journey.identity import Identity
from streams.journey.step import At, World
from streams.loading.policy_file import load_policies
from streams.replay.driver import has_changed
from streams.sources.source import Event
from tests.bench.consumers import DAY, HOUR, PRODUCTS, START, consumer, id_of, products

ROUNDS = 8
OWNED = (10, 100, 1_000)
OWNERS = 4
GROWTH_MAX = 1.5


def world() -> World:
    """The shipped policy and the catalogue of the consumers."""
    return World(load_policies(), Catalogue("bench-1", products()), Identity(b"bench"), ControlState(), 1)


class Core:
    """The core over a store in memory; every step goes through bytes."""

    def __init__(self, rules: World) -> None:
        self.store = MemoryStore()
        self.overlay = Overlay(self.store, Codecs())
        self.journey = Journey(rules)
        self.work = Work(self.overlay)
        self.batch = Batch()
        self.events = self.effective = self.silent = self.stale = self.outputs = self.bytes_out = 0

    @property
    def steps(self) -> int:
        return self.events + self.effective

    def event(self, name: str, data: bytes) -> None:
        event = DECODERS[name](data, 0)
        due_ms = self.store.next_due()
        if due_ms is not None and due_ms < event.occurred_at:
            self.look_until(event.occurred_at - 1)
        self.journey.on_event(self.work, event, At(event.occurred_at))
        self.events += 1
        self.end()

    def look_until(self, until_ms: int) -> None:
        due_ms = self.store.next_due()
        while due_ms is not None and due_ms <= until_ms:
            for wakeup in self.store.due(due_ms):
                if not self.overlay.is_due(wakeup):
                    self.stale += 1
                    continue
                self.journey.on_wake_up(self.work, wakeup.customer_id, wakeup.target, At(due_ms))
                self.overlay.commit_to(self.batch)
                if self.work.outputs or has_changed(self.store, self.batch):
                    self.effective += 1
                else:
                    self.silent += 1
                self.end()
            due_ms = self.store.next_due()

    def end(self) -> None:
        for _, record in self.work.outputs:
            self.bytes_out += len(ENCODERS[type(record).__name__](record))
        self.outputs += len(self.work.outputs)
        self.work.outputs.clear()
        self.overlay.commit_to(self.batch)
        self.store.write(self.batch)
        self.batch.clear()
        self.overlay.drop()


def encoded(events: Iterable[Event]) -> list[tuple[str, bytes]]:
    """Events in order of time, as the name and the bytes of the record."""
    return [
        (type(event).__name__, ENCODERS[type(event).__name__](event))
        for event in sorted(events, key=attrgetter("occurred_at", "event_id"))
    ]


def measure_core(consumers: int) -> dict[str, Any]:
    """Steps per second, the best of some rounds."""
    inputs = encoded(event for number in range(consumers) for event in consumer(number))
    rules = world()
    best = min((_round(rules, inputs) for _ in range(ROUNDS)), key=lambda one: one[0])
    seconds, core = best
    looks = max(1, core.effective + core.silent + core.stale)
    return {
        "consumers": consumers,
        "events": core.events,
        "looks_effective": core.effective,
        "looks_silent_or_stale_share": round((core.silent + core.stale) / looks, 4),
        "outputs": core.outputs,
        "bytes_in": sum(len(data) for _, data in inputs),
        "bytes_out": core.bytes_out,
        "seconds": round(seconds, 3),
        "steps_per_s": round(core.steps / seconds),
        "us_per_step": round(1e6 * seconds / core.steps, 1),
    }


def _round(rules: World, inputs: list[tuple[str, bytes]]) -> tuple[float, Core]:
    core = Core(rules)
    begun = time.process_time()
    for name, data in inputs:
        core.event(name, data)
    return time.process_time() - begun, core


def profile(consumers: int, lines: int = 40) -> None:
    """Print where the time goes."""
    inputs = encoded(event for number in range(consumers) for event in consumer(number))
    core, profiler = Core(world()), cProfile.Profile()
    profiler.enable()
    for name, data in inputs:
        core.event(name, data)
    profiler.disable()
    pstats.Stats(profiler).sort_stats("tottime").print_stats(lines)


def measure_growth(sessions: int) -> dict[str, Any]:
    """Microseconds of a step of a customer with few and with many items: the cost must not grow."""
    costs = {owned: _cost_of(owned, sessions) for owned in OWNED}
    few, many = costs[OWNED[0]], costs[OWNED[-1]]
    return {
        **{f"us_per_step_{owned}_items": round(cost, 1) for owned, cost in costs.items()},
        "growth": round(many / few, 2),
        "growth_max": GROWTH_MAX,
    }


def _cost_of(owned: int, sessions: int) -> float:
    """Of sessions with things owned for four months, the looks between them included."""
    core = Core(_wide_world(max(OWNED)))
    for owner in range(OWNERS):
        for number, event in enumerate(_ordered(owner, owned)):
            core.event(*encoded([event])[0])
            assert number >= 0
    at = START + 120 * DAY
    core.look_until(at)
    best = float("inf")
    for turn in range(ROUNDS):
        inputs = [
            Usage(id_of("again", turn * sessions + number), id_of("owner", number % OWNERS),
                  at + (turn * sessions + number) * 1_000, "bench", "session",
                  id_of("product", number * 7 % owned))
            for number in range(sessions)
        ]  # fmt: skip
        data = encoded(inputs)
        before, begun = core.steps, time.process_time()
        for one in data:
            core.event(*one)
        best = min(best, (time.process_time() - begun) / (core.steps - before))
    return 1e6 * best


def _ordered(owner: int, owned: int) -> Iterable[Event]:
    """Orders of ten things each, an hour apart, all used at once where they are bought."""
    for first in range(0, owned, 10):
        at = START + first // 10 * HOUR
        order_id = id_of("order", owner * 1_000 + first)
        lines = tuple(
            OrderLine(id_of("line", first + place), id_of("product", first + place), quantity=1,
                      fulfilment="in_store")
            for place in range(10)
        )  # fmt: skip
        customer_id = id_of("owner", owner)
        yield Purchase(order_id, customer_id, at, "bench", "order_placed", order_id, lines)
        for line in lines:
            yield Usage(id_of("first", owner * 10_000 + int(line.line_id[4:])), customer_id, at + HOUR // 2,
                        "bench", "result", line.product_id)  # fmt: skip


def _wide_world(count: int) -> World:
    pattern = products()
    wide = [
        type(pattern[0])(id_of("product", number), "bench-1", "things", kind="durable", price_minor=9_900,
                         currency="EUR", relations=pattern[number % PRODUCTS].relations)
        for number in range(count)
    ]  # fmt: skip
    return World(load_policies(), Catalogue("bench-1", wide), Identity(b"bench"), ControlState(), 1)
