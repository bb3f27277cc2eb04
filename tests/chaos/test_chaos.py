from pathlib import Path

import pytest

from streams.embedded.errors import Unavailable
from tests.chaos.report import failed, report, table
from tests.chaos.run import Wanted, run, run_against_plain


@pytest.mark.broker
@pytest.mark.slow
def test_nothing_is_lost_or_said_twice_when_workers_are_killed(tmp_path: Path) -> None:
    faults = ("kill -9 of a worker", "graceful restart")
    try:
        said = report(run(Wanted(directory=tmp_path, seconds=15, seed=2, events_per_s=100, faults=faults)))
    except Unavailable as error:
        pytest.skip(f"no Kafka on this machine: {error}")
    assert not failed(said), table(said)
    assert said["events"] > 0
    assert said["wake_ups"] > 0


@pytest.mark.broker
@pytest.mark.slow
def test_an_ordinary_agent_is_seen_to_lose_or_repeat(tmp_path: Path) -> None:
    try:
        found = run_against_plain(Wanted(directory=tmp_path, seconds=10, seed=3, events_per_s=100))
    except Unavailable as error:
        pytest.skip(f"no Kafka on this machine: {error}")
    assert found.inputs > 0
    assert found.missing + found.twice > 0
