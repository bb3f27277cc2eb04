"""Growth on a real broker, with processes, as deploy/UPGRADING.md describes it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from schemas.framing import RecordDecoder
from schemas.records import Decision, Eligibility, FrictionChange, StageChange
from state import keys
from streams.cli import main
from streams.engine import position as positions
from streams.inputs.partition import murmur2_partition
from streams.migration.moving import Move
from streams.settings import load_settings
from streams.up.stage import keep_for_ever
from tests.brokers import Topics
from tests.streams.up.test_outside import environ_of, kairos, openings, running

BEFORE, AFTER = 2, 5
WITHIN_S = 90.0
KINDS: Mapping[str, Any] = {
    "eligibility": Eligibility,
    "holdout": Eligibility,
    "stages": StageChange,
    "friction": FrictionChange,
    "decisions": Decision,
}


State = Mapping[int, Mapping[bytes, bytes]]
"""What a changelog holds, by partition."""


class Application:
    """An application on the broker of the tests, whose workers are processes."""

    def __init__(self, topics: Topics, folder: Path, name: str, partitions: int) -> None:
        self.topics, self.folder, self.name, self.partitions = topics, folder, name, partitions
        self.prefix, self.id = topics.name(f"{name}."), topics.name(name)
        self.clock = str(folder / "clock.toml")

    def environ(self, worker: int = 0) -> dict[str, str]:
        return {
            **environ_of(self.topics, self.folder / f"state-{self.name}-{worker}"),
            "KAIROS_ENGINE_TOPIC_PREFIX": self.prefix,
            "KAIROS_ENGINE_APPLICATION_ID": self.id,
            "KAIROS_ENGINE_PARTITIONS": str(self.partitions),
        }

    @contextmanager
    def at_work(self, workers: int) -> Iterator[None]:
        with ExitStack() as stack:
            for number in range(workers):
                log = self.folder / f"{self.name}-{number}.log"
                stack.enter_context(running(self.environ(number), log, "worker", "--file", self.clock))
            yield

    def migrate(self, to: Application, *words: str) -> subprocess.CompletedProcess[str]:
        names = ("--to-application-id", to.id, "--to-prefix", to.prefix)
        return subprocess.run(
            [sys.executable, "-m", "streams.cli", "migrate", *names, *words],
            env=self.environ(),
            capture_output=True,
            text=True,
            timeout=WITHIN_S,
            check=False,
        )

    def read(self, topic: str) -> dict[int, list[Any]]:
        """All committed records, by partition."""
        return asyncio.run(self._read(topic))

    async def _read(self, topic: str) -> dict[int, list[Any]]:
        found: dict[int, list[Any]] = {number: [] for number in range(self.partitions)}
        async with AIOKafkaConsumer(
            bootstrap_servers=self.topics.bootstrap, isolation_level="read_committed"
        ) as consumer:
            tps = [TopicPartition(topic, number) for number in found]
            consumer.assign(tps)
            await consumer.seek_to_beginning()
            ends = await consumer.end_offsets(tps)
            while [tp for tp in tps if await consumer.position(tp) < ends[tp]]:
                for tp, records in (await consumer.getmany(timeout_ms=100)).items():
                    found[tp.partition] += records
        return found

    def state(self) -> dict[int, dict[bytes, bytes]]:
        """What the changelog holds last, by partition."""
        found = {}
        for number, records in self.read(f"{self.id}-customers-changelog").items():
            last = {it.key: it.value for it in records}
            found[number] = {key: value for key, value in last.items() if value is not None}
        return found

    def snapshots(self) -> dict[bytes, bytes]:
        """The last snapshot of each customer; each lies where the customer does."""
        last = {}
        for number, records in self.read(f"{self.prefix}customers").items():
            for it in records:
                assert murmur2_partition(it.key, self.partitions) == number
                last[it.key] = it.value
        return last

    def sequences(self) -> dict[str, list[int]]:
        """By customer, the numbers of all that was said."""
        found = defaultdict(list)
        for name, kind in KINDS.items():
            decoder: RecordDecoder[Any] = RecordDecoder(kind)
            for records in self.read(self.prefix + name).values():
                for record in records:
                    said = decoder.decode(record.value)
                    found[said.customer_id].append(said.sequence)
        return found

    def all_taken(self) -> None:
        """Wait until what the inputs hold is decided."""
        deadline = time.monotonic() + WITHIN_S
        while self.left():
            assert time.monotonic() < deadline
            time.sleep(0.5)

    def left(self) -> int:
        left = 0
        taken = {number: positions.decode(held[positions.KEY]) for number, held in self.state().items()}
        for name in ("purchases", "deliveries", "usage", "tickets", "replies", "profiles", "erasures"):
            for number, records in self.read(self.prefix + name).items():
                left += len(records) - taken[number].inputs[self.prefix + name]
        return left


def records_of(state: State) -> dict[bytes, bytes]:
    return {key: value for held in state.values() for key, value in held.items() if key[:1] == keys.RECORDS}


@pytest.mark.broker
@pytest.mark.slow
def test_an_application_grows_and_goes_on_where_it_ended(tmp_path: Path, topics: Topics) -> None:
    shop = tmp_path
    old = Application(topics, shop, "old", BEFORE)
    new = Application(topics, shop, "new", AFTER)
    for application in (old, new):
        kairos(application.environ(), "topics", "apply", "--yes")
    kairos(old.environ(), "traffic", "begin", "--dir", str(shop))
    asyncio.run(keep_for_ever(load_settings(new.environ())))  # what is of the past would age away meanwhile

    refused = old.migrate(new)
    assert (refused.returncode, "are not decided yet" in refused.stderr) == (2, True)

    traffic = ("traffic", "run", "--dir", str(shop), "--file", old.clock)
    with old.at_work(workers=2):
        with running(old.environ(), tmp_path / "traffic.log", *traffic):
            openings_of(old, 3)
        old.all_taken()
        refused = old.migrate(new)
        assert (refused.returncode, "2 workers of" in refused.stderr) == (2, True)

    assert new.state() == {number: {} for number in range(AFTER)}
    asked = old.migrate(new)
    assert (asked.returncode, "--yes moves" in asked.stdout) == (0, True)
    assert new.state() == {number: {} for number in range(AFTER)}

    with pytest.raises(PowerCut):
        asyncio.run(interrupted(old, new))
    assert not [number for number, held in new.state().items() if positions.KEY in held]

    done = old.migrate(new, "--yes")
    assert done.returncode == 0, done.stderr
    moved_whole(old.state(), new.state())
    assert new.snapshots() == old.snapshots()

    refused = old.migrate(new, "--yes")
    assert (refused.returncode, "has begun already" in refused.stderr) == (2, True)

    said_before = old.sequences()
    with new.at_work(workers=2):
        openings_of(new, 1)
    said_after = new.sequences()
    assert said_after
    for customer, numbers in said_after.items():
        whole = sorted(said_before.get(customer, []) + numbers)
        assert whole == list(range(1, len(whole) + 1)), "nothing is missing and nothing said twice"


def moved_whole(before: State, after: State) -> None:
    """Nothing of the state is lost, and each customer has one place."""
    assert records_of(after) == records_of(before)
    assert len(records_of(after)) > 100
    for number, held in after.items():
        records = [key for key in held if key[:1] == keys.RECORDS]
        whose = {keys.decode_record(key)[0] for key in records}
        assert all(murmur2_partition(customer.encode(), AFTER) == number for customer in whose)
        position = positions.decode(held[positions.KEY])
        assert position.customers == len(whose)
        assert position.now_ms == max(positions.decode(it[positions.KEY]).now_ms for it in before.values())
    assert wakeups(after) == wakeups(before) > 0


class PowerCut(Exception):
    """Nothing goes on after this."""


async def interrupted(old: Application, new: Application) -> None:
    """A move that ends with its first partition."""

    def tell(_: str) -> None:
        raise PowerCut

    move = Move(load_settings(old.environ()), load_settings(new.environ()), tell)
    await move.carry_out(await move.check())


def wakeups(state: State) -> int:
    return sum(positions.decode(held[positions.KEY]).wakeups for held in state.values())


def openings_of(application: Application, wanted: int) -> None:
    """Wait until so much was opened."""
    prefixed = Topics(application.topics.bootstrap, application.prefix)
    openings(prefixed, wanted, application.partitions)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--to-application-id", "kairos", "--to-prefix", "grown."), "new application id"),
        (("--to-application-id", "grown", "--to-prefix", "journey."), "new topic prefix"),
    ],
)
def test_the_names_of_what_goes_on_are_new(
    words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["migrate", *words]) == 2
    assert said in capsys.readouterr().err
