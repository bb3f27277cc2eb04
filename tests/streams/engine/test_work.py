"""The rounds of one partition: when it asks for records, when it rests, and when it says what it decided."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from time import monotonic
from types import SimpleNamespace
from typing import Any

from aiokafka import TopicPartition

from state import keys
from state.layouts import Codecs
from state.memory import MemoryStore
from state.records.customer import CustomerRecord
from state.store import Batch
from streams.engine.clock import ScaledClock, wall_ms
from streams.engine.commit import Commit
from streams.engine.deciding import Decider
from streams.engine.failpoints import Failpoints
from streams.engine.kit import Stats
from streams.engine.pace import Pace
from streams.engine.position import Position
from streams.engine.reading import LITTLE, Inputs
from streams.engine.totals import Totals
from streams.engine.work import PartitionWork
from streams.inputs.decode import InputDecoder
from streams.inputs.records import InputRecord
from tests.streams.engine.test_deciding import NOW, usage, world

USAGE = "journey.usage"
TP = TopicPartition(USAGE, 0)
INTERVAL_S = 0.2
WORLD = world()
CODEC = Codecs().customer


class Broker:
    """One topic, whose records come at their times; asked for more, it waits until there is any."""

    def __init__(self, *comes_s: float) -> None:
        self.log = [(at_s, usage(number)) for number, at_s in enumerate(comes_s)]
        self.asked = self.taken = 0
        self.paused = False
        self._began_s = monotonic()  # made anew for each test, right before its first round

    def pause(self, *_: TopicPartition) -> None:
        self.paused = True

    def resume(self, *_: TopicPartition) -> None:
        self.paused = False

    def last_stable_offset(self, _: TopicPartition) -> int:
        return len(self._there())

    def last_poll_timestamp(self, _: TopicPartition) -> float:
        return 1000 * monotonic()

    async def position(self, _: TopicPartition) -> int:
        return self.taken

    async def getmany(self, *_: TopicPartition, timeout_ms: int, max_records: int) -> Any:
        assert not self.paused
        self.asked += 1
        ends_s = monotonic() + timeout_ms / 1000
        coming = [at_s + self._began_s for at_s, _ in self.log[self.taken :]]
        await asyncio.sleep(max(0.0, min([ends_s, *coming]) - monotonic()))
        found = self._there()[self.taken :][:max_records]
        self.taken += len(found)
        return {TP: [_fetched(it) for it in found]} if found else {}

    def _there(self) -> list[InputRecord]:
        passed_s = monotonic() - self._began_s
        return [record for at_s, record in self.log if at_s <= passed_s]


class Said:
    """The commits of a partition, and when each was made."""

    def __init__(self) -> None:
        self.commits: list[tuple[float, Commit]] = []
        self._began_s = monotonic()

    async def commit(self, commit: Commit, timestamp_ms: int) -> int:
        assert timestamp_ms
        self.commits.append((monotonic() - self._began_s, commit))
        return len(self.commits)


def _fetched(it: InputRecord) -> Any:
    return SimpleNamespace(
        topic=it.topic, partition=0, offset=it.offset, timestamp=it.timestamp_ms, key=it.key,
        value=it.value, headers=(),
    )  # fmt: skip


async def _at_once(run: Callable[[], None]) -> None:
    run()


def work(broker: Broker, *, due: Sequence[int] = ()) -> tuple[PartitionWork, Said]:
    """A partition over these records, and customers who are to be looked at so many ms after the start."""
    store = MemoryStore()
    batch = Batch()
    for number, wait_ms in enumerate(due):
        batch.replace(keys.customer(f"d{number}"), None, CODEC.encode(CustomerRecord(due_ms=NOW + wait_ms)))
    store.write(batch)
    kit: Any = SimpleNamespace(
        world=lambda: WORLD,
        clock=ScaledClock(NOW, wall_ms(), 1.0),
        run=_at_once,
        slice_ns=lambda: 5_000_000,
        wakeups_max=2_000,
        spans=None,
        commits=asyncio.Semaphore(1),
        failpoints=Failpoints.of(""),
        totals=Totals(),
        rejected_share_max=0.5,
    )
    deciding = Decider(store, WORLD, InputDecoder(), Position(redecided=WORLD.version))
    said, inputs = Said(), Inputs(broker, (USAGE,), 0)
    pace = Pace(INTERVAL_S, INTERVAL_S, 0)
    return PartitionWork(kit, store, deciding, said, inputs, pace, Stats()), said  # type: ignore[arg-type]


def rounds(count: int, make: Callable[[], tuple[PartitionWork, Said]]) -> Said:
    async def run() -> Said:
        one, said = make()
        while len(said.commits) < count:
            await one.transaction()
        return said

    bounded: Coroutine[Any, Any, Said] = asyncio.wait_for(run(), 20)
    return asyncio.run(bounded)


def steps(said: Said) -> list[int]:
    return [commit.steps for _, commit in said.commits]


def test_the_first_event_after_a_pause_is_said_at_once() -> None:
    said = rounds(1, lambda: work(Broker(0.0)))
    assert said.commits[0][0] < INTERVAL_S / 2


def test_what_comes_in_an_interval_is_said_together_and_asked_for_twice_only() -> None:
    broker = Broker(0.0, *(0.02 + 0.005 * number for number in range(20)))
    said = rounds(2, lambda: work(broker))
    assert steps(said) == [1, 20]
    assert said.commits[1][0] >= 0.8 * INTERVAL_S
    assert broker.asked == 3  # once for the first, then at the begin of a round and at its end


def test_nothing_is_asked_of_the_broker_between_two_fetches() -> None:
    broker = Broker(0.0, 0.05)
    rounds(1, lambda: work(broker))
    assert broker.paused


def test_a_backlog_is_taken_without_a_rest() -> None:
    count = 4 * LITTLE
    said = rounds(2, lambda: work(Broker(*[0.0] * count)))
    assert sum(steps(said)) == count
    assert said.commits[1][0] < 4 * INTERVAL_S


def test_a_look_that_comes_due_in_a_round_is_taken_with_it_and_once() -> None:
    said = rounds(2, lambda: work(Broker(0.0, 0.03), due=(30, 60, 90)))
    assert steps(said) == [1, 4]
    assert said.commits[1][1].done.stale == 0


def test_looks_at_the_begin_of_a_round_are_not_taken_again_at_its_end() -> None:
    said = rounds(2, lambda: work(Broker(0.0, 5.0), due=(20, 21, 120)))
    assert steps(said) == [1, 3]
    assert said.commits[1][1].done.stale == 0
