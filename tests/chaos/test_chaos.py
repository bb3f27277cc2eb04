from pathlib import Path

import pytest

from streams.embedded.broker import Broker
from streams.embedded.errors import Unavailable
from tests.chaos.plan import Plan
from tests.chaos.report import failed, report, table
from tests.chaos.run import Result, Wanted, run, run_against_plain
from tests.chaos.scene import Span
from tests.chaos.verdict import Verdict

SOME = (
    "kill -9 of a worker",
    "graceful restart",
    "frozen beyond its session",
    "outage of all workers",
    "kill -9 of the broker",
    "group deleted",
    "state deleted",
    "state damaged",
    "flood of bad records",
    "errors on the way",
    "crash at before_commit",
    "crash at after_commit",
)
SURE = {"kill -9 of a worker", "kill -9 of the broker"}
"""Among the first faults of `SEED`, whatever the machine is busy with."""
SEED = 18
FAULTS_MIN = 4
AT_LEAST = 3
"""Kinds that come to pass: a fault may find that it cannot be made."""


@pytest.mark.broker
@pytest.mark.slow
def test_nothing_is_lost_or_said_twice_whatever_befalls_workers_broker_and_state(tmp_path: Path) -> None:
    wanted = Wanted(
        directory=tmp_path,
        seconds=20,
        days=40,
        seed=SEED,
        events_per_s=100,
        faults=SOME,
        faults_min=FAULTS_MIN,
    )
    try:
        said = report(run(wanted))
    except Unavailable as error:
        pytest.skip(f"no Kafka on this machine: {error}")
    assert not failed(said), table(said)
    assert len(said["faults"]) >= AT_LEAST, said["skipped"]
    assert said["faults"].keys() >= SURE, said["skipped"]
    assert said["events"] > 0
    assert said["wake_ups"] > 0


@pytest.mark.broker
@pytest.mark.slow
def test_nothing_is_lost_or_said_twice_when_three_workers_are_restarted_one_after_the_other(
    broker: Broker, tmp_path: Path
) -> None:
    wanted = Wanted(
        directory=tmp_path,
        seconds=15,
        days=60,
        seed=4,
        workers=3,
        events_per_s=100,
        faults=("rolling restart",),
    )
    said = report(run(wanted, broker))
    assert not failed(said), table(said)
    assert said["faults"]["rolling restart"] >= 1
    assert said["longest_pause_ms"]["rolling restart"] > 0


def test_a_partition_that_stands_still_for_too_long_is_named() -> None:
    result = standing_still(from_ms=900.0, pause_ms=3_100.0)
    assert report(result)["problems"] == []
    assert report(result, 3.1)["problems"] == []
    assert report(result, 3.0)["problems"] == ["a partition stood still for 3100.0 ms: rolling restart"]


def test_a_pause_counts_for_the_fault_that_was_at_work_then() -> None:
    assert longest(from_ms=100.0, pause_ms=899.0) == 0.0
    assert longest(from_ms=100.0, pause_ms=900.0) == 900.0
    assert longest(from_ms=2_000.0, pause_ms=7.0) == 7.0
    assert longest(from_ms=2_001.0, pause_ms=7.0) == 0.0


def longest(from_ms: float, pause_ms: float) -> float:
    found = report(standing_still(from_ms, pause_ms))["longest_pause_ms"]["rolling restart"]
    assert isinstance(found, float)
    return found


def standing_still(from_ms: float, pause_ms: float) -> Result:
    """A run with one rolling restart from 1,000 to 2,000, and one pause of one partition."""
    plan = Plan(
        directory="",
        bootstrap="",
        name="run",
        seed=1,
        seconds=1.0,
        partitions=1,
        workers=1,
        events_per_s=1.0,
        start_ms=0,
        began_ms=0,
        speed=1.0,
    )
    return Result(
        plan=plan,
        faults={"rolling restart": 1},
        skipped={},
        exits={},
        load={},
        rebalances=0,
        spans=[Span("rolling restart", 1_000, 2_000)],
        verdicts=[Verdict(0, pauses_ms=[pause_ms], paused_from_ms=[from_ms])],
        problems=[],
    )


@pytest.mark.broker
@pytest.mark.slow
def test_an_ordinary_agent_is_seen_to_lose_or_repeat(broker: Broker, tmp_path: Path) -> None:
    """A kill at a lucky moment costs nothing; that several runs of them do would mean that nobody looks."""
    for seed in (3, 4, 5):
        wanted = Wanted(directory=tmp_path / str(seed), seconds=10, seed=seed, events_per_s=100)
        found = run_against_plain(wanted, broker)
        assert found.inputs > 0
        if found.missing + found.twice > 0:
            return
    pytest.fail("three runs under kills, and nothing was seen to be missing or said twice")
