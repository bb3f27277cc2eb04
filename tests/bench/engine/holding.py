"""What it costs to hold very many customers: bytes, memory, restore, warm restart, and cost per event.

Workers with few, some and very many customers are at work at the same time and are asked in turns, so that
what one event costs can be compared between them on a machine that does other things too.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any, Final

from msgspec import Struct

from streams.engine.clock import wall_ms
from tests.bench.engine.ground import Ground
from tests.bench.engine.held import Population
from tests.bench.engine.lives import catalogue, lay_catalogue
from tests.bench.engine.runner import Runner, rate
from tests.bench.engine.samples import Sample

PARTITIONS: Final = 12
RESTORED_WITHIN_S: Final = 1_800.0
TAKEN_WITHIN_S: Final = 120.0
SESSION_MS: Final = 6_000
CALM_WITHIN_S: Final = 180.0
CALM_S: Final = 3.0
CALM_SHARE: Final = 0.2
"""Of a core: RocksDB has merged what a restore wrote, and nothing is looked for any more."""


class Size(Struct, frozen=True, kw_only=True):
    """How much is measured."""

    customers: tuple[int, ...] = (10_000, 100_000, 1_000_000)
    events: int = 20_000
    """Of each worker in each round."""
    rounds: int = 3


class Holder:
    """A worker that holds so many customers."""

    def __init__(self, ground: Ground, customers: int) -> None:
        self.population = Population(customers, PARTITIONS)
        self.name = f"held-{customers}"
        self.prefix = f"{self.name}."
        self._ground = ground
        self._settings = ground.settings(
            self.name, self.prefix, f"state-{self.name}",
            KAFKA_SESSION_TIMEOUT_MS=SESSION_MS, KAFKA_HEARTBEAT_INTERVAL_MS=SESSION_MS // 4,
        )  # fmt: skip
        self.runner = Runner(
            self.name, "tests.bench.engine.kairos", ["journey"], self._settings, ground.directory
        )
        self._laid = 0

    @property
    def state(self) -> Path:
        """Where its stores lie."""
        return Path(self._settings["KAIROS_STATE_DIR"])

    def lay(self) -> None:
        """Topics and changelog."""
        self._ground.make_topics(self._settings, PARTITIONS)
        lay_catalogue(self._ground, self.prefix, catalogue())
        self._ground.lay(self.population.changelog(f"{self.name}-customers-changelog", self.prefix))

    def start(self) -> float:
        """Until all partitions work; seconds since the process was started."""
        self.runner.start()
        ready = self.runner.wait(lambda sample: sample.working == PARTITIONS, RESTORED_WITHIN_S)
        return ready.at_s - self.runner.started_at

    def restore(self) -> tuple[float, float]:
        """From nothing: seconds to ready, records per second while it reads."""
        shutil.rmtree(self.state, ignore_errors=True)
        seconds = self.start()
        return seconds, rate(self.runner.samples(), lambda sample: sample.restored, warm_s=0.0)

    def use(self, count: int) -> tuple[float, float]:
        """So many events at once: microseconds of processor per event, events per second."""
        before = self.last()
        self._laid += 1
        topic = f"{self.prefix}usage"
        self._ground.lay(self.population.uses(topic, count, self._laid, wall_ms()))
        self.runner.wait(lambda sample: sample.events >= before.events + count, TAKEN_WITHIN_S)
        samples = [it for it in self.runner.samples() if it.at_s >= before.at_s]
        done = next(it for it in samples if it.events >= before.events + count)
        begun = [it for it in samples if it.events == before.events][-1]
        cpu_us = 1e6 * (done.cpu_s - begun.cpu_s) / count
        return cpu_us, count / (done.at_s - begun.at_s)

    def calm_down(self) -> float:
        """Until it has nothing to do, or for so long; seconds of processor since its start."""
        ends_at = time.monotonic() + CALM_WITHIN_S
        while time.monotonic() < ends_at:
            samples = self.runner.samples()
            last = samples[-1]
            before = [it for it in samples if it.at_s <= last.at_s - CALM_S]
            if before and last.cpu_s - before[-1].cpu_s < CALM_SHARE * (last.at_s - before[-1].at_s):
                break
            time.sleep(CALM_S / 4)
        return self.last().cpu_s

    def last(self) -> Sample:
        """How it is now."""
        return self.runner.samples()[-1]


def measure_holding(ground: Ground, size: Size) -> dict[str, Any]:
    """(c) restore, (d) warm restart, (f) bytes and memory, (g) cost per event."""
    holders = [Holder(ground, customers) for customers in size.customers]
    try:
        found: dict[str, Any] = {}
        for holder in holders:
            holder.lay()
            found[holder.name] = _restored(holder, size.rounds if holder is holders[0] else 1)
        for holder in holders:
            found[holder.name]["restore_to_calm_cpu_s"] = round(holder.calm_down(), 1)
        costs = _costs(holders, size)
        for holder in holders:
            found[holder.name] |= costs[holder.name]
        first, last = holders[0].name, holders[-1].name
        found["cost_of_most_to_fewest"] = round(
            found[last]["cpu_us_per_event"] / found[first]["cpu_us_per_event"], 2
        )
        for holder in holders[:-1]:
            holder.runner.stop()
        found["warm_restart"] = _restarted(holders[-1], size)
        return found
    finally:
        for holder in holders:
            holder.runner.kill()


def _restored(holder: Holder, rounds: int) -> dict[str, Any]:
    seconds, rates = [], []
    for number in range(rounds):
        took, per_s = holder.restore()
        seconds.append(took)
        rates.append(per_s)
        if number < rounds - 1:
            holder.runner.stop()
    held = holder.population.held
    return {
        "customers": held.customers,
        "records": held.records,
        "wakeups_pending": held.wakeups,
        "bytes_of_keys_and_values": held.value_bytes,
        "restore_records_per_s": round(median(rates)),
        "restore_to_ready_s": round(median(seconds), 1),
    }


def _costs(holders: list[Holder], size: Size) -> dict[str, dict[str, Any]]:
    """In turns; the first turn of each only warms it."""
    cpu: dict[str, list[float]] = {holder.name: [] for holder in holders}
    rates: dict[str, list[float]] = {holder.name: [] for holder in holders}
    for number in range(size.rounds + 1):
        for holder in holders:
            cpu_us, per_s = holder.use(size.events)
            if number:
                cpu[holder.name].append(cpu_us)
                rates[holder.name].append(per_s)
    return {
        holder.name: {
            "cpu_us_per_event": round(median(cpu[holder.name]), 1),
            "events_per_s": round(median(rates[holder.name])),
            "state_mb": round(bytes_under(holder.state) / 2**20),
            "peak_memory_mb": round(max(it.rss_mb for it in holder.runner.samples())),
            "memory_mb": round(holder.last().rss_mb),
        }
        for holder in holders
    }


def _restarted(holder: Holder, size: Size) -> dict[str, Any]:
    """Killed in the middle of work; then started at once, and when the group has forgotten the dead one."""

    def after(wait_s: float) -> float:
        holder.use(size.events // 4)
        holder.runner.kill()
        time.sleep(wait_s)
        return holder.start()

    def figures(once: Callable[[], float]) -> dict[str, Any]:
        seconds = [once() for _ in range(size.rounds)]
        return {"to_ready_s": round(median(seconds), 2), "rounds": [round(it, 2) for it in seconds]}

    return {
        "customers": holder.population.customers,
        "session_timeout_ms": SESSION_MS,
        "at_once": figures(lambda: after(0.0)),
        "after_the_session": figures(lambda: after(SESSION_MS / 1000 + 1.0)),
    }


def bytes_under(folder: Path) -> int:
    """What a folder takes on the disk."""
    return sum(it.stat().st_blocks * 512 for it in folder.rglob("*") if it.is_file())
