"""What the engine's benches rest on: a state that the engine could have written, a job that counts, rates."""

from collections import Counter, deque
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from state import keys
from state.memory import MemoryStore
from state.restore import changelog_batch, derived_wakeups
from streams.engine import position as positions
from streams.engine.deciding import Decider, Slice
from streams.engine.position import Mark, Position
from streams.engine.worlds import world_of
from streams.inputs.decode import InputDecoder
from streams.inputs.records import InputRecord
from streams.journey.identity import Identity
from streams.loading.policy_file import load_policies
from tests.bench.engine import counting
from tests.bench.engine.ground import IDENTITY, Record
from tests.bench.engine.held import Population
from tests.bench.engine.lives import catalogue
from tests.bench.engine.runner import cpu_us, rate
from tests.bench.engine.samples import Sample, Sampler, read

FOREVER = 2**62
NOW = 1_700_000_000_000


def record(laid: Record, offset: int) -> InputRecord:
    return InputRecord(laid.topic, laid.partition, offset, laid.timestamp_ms, laid.key, laid.value)


class TestPopulation:
    def population(self) -> Population:
        return Population(40, 1, now_ms=NOW, templates=8)

    def restored(self, population: Population) -> MemoryStore:
        store = MemoryStore()
        laid = population.changelog("changelog", "journey.")
        store.write(changelog_batch(store, {it.key or b"": it.value for it in laid}))
        return store

    def test_is_what_it_says_it_is(self) -> None:
        population = self.population()
        store = self.restored(population)
        records = store.scan(keys.RECORDS)
        assert len(records) == population.held.records
        assert len({keys.decode_record(key)[0] for key, _ in records}) == 40
        assert len(list(derived_wakeups(store))) == population.held.wakeups > 40

    def test_goes_on_in_a_worker_that_finds_nothing_to_decide_anew(self) -> None:
        population = self.population()
        store = self.restored(population)
        world = world_of(load_policies(None), catalogue(), (), Identity(IDENTITY.encode()))
        decider = Decider(store, world, InputDecoder(), positions.stored(store) or Position())
        while decider.redeciding:
            assert not decider.stale(100)
        uses = deque(
            record(it, number) for number, it in enumerate(population.uses("journey.usage", 50, 1, NOW))
        )
        decider.take(uses, Slice(NOW + 1, True, FOREVER))
        assert decider.counts.events == 50
        assert decider.counts.rejected == 0


class TestCounting:
    def job(self, store: MemoryStore, position: Position) -> counting.Counting:
        kit: Any = SimpleNamespace(said_under="count.", world=lambda: None)
        return counting.Counting(kit, store, position, None)

    def commit(self, job: counting.Counting) -> list[Any]:
        done = job.finish()
        said = list(done.outputs)
        job.committed(done, Mark(1, NOW))
        return said

    def test_answers_every_third_event_of_a_customer_over_restarts_and_looks_at_everybody_once(self) -> None:
        store, position, said = MemoryStore(), Position(), []
        laid = list(counting.events("count.usage", 300, 20, 1, NOW))
        for first in range(0, 300, 100):
            job = self.job(store, position)
            job.take(
                deque(record(it, first + number) for number, it in enumerate(laid[first : first + 100])),
                Slice(NOW, True, FOREVER),
            )
            said += self.commit(job)
            position = job.finish().position
        events = Counter(it.key for it in laid)
        answers = Counter(it.key for it in said)
        assert answers == Counter({key: count // 3 for key, count in events.items() if count >= 3})
        assert position.inputs == {"count.usage": 300}
        job = self.job(store, position)
        assert not job.due(NOW + counting.AFTER_MS - 1, 1_000)
        job.look(job.due(NOW + counting.AFTER_MS, 1_000), Slice(NOW + counting.AFTER_MS, True, FOREVER))
        assert {it.key for it in self.commit(job)} == set(events)
        assert job.next_due() is None


def test_a_rate_begins_when_it_is_warm_and_ends_with_the_last_one() -> None:
    samples = [Sample(at_s=float(at), cpu_s=at / 2, events=min(max(0, at - 3) * 10, 100)) for at in range(20)]
    assert rate(samples, lambda it: it.events, warm_s=0.0) == 10
    assert rate(samples, lambda it: it.events, warm_s=4.0) == 10
    assert cpu_us(samples, lambda it: it.events) == 50_000
    assert rate(samples[:3], lambda it: it.events, warm_s=0.0) == 0


def test_a_process_that_is_watched_tells_of_itself(tmp_path: Path) -> None:
    def fill(sample: Sample) -> None:
        sample.events = 7

    sampler = Sampler(tmp_path / "samples", fill)
    sampler.start()
    sampler.end()
    (*_, last) = read(tmp_path / "samples")
    assert last.events == 7
    assert last.rss_mb > 1
    assert last.descriptors > 0
