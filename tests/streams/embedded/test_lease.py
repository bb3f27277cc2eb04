import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from streams.embedded.broker import Broker
from streams.embedded.errors import NotStarted
from streams.embedded.jars import Jars
from streams.embedded.lease import leased
from streams.embedded.processes import ProcessId, detach, find
from streams.embedded.record import read
from tests.streams.embedded.fakes import PINS, FakeLauncher, FakeRepository

PATIENCE_S = 20

HOLDER = """
import signal, sys
from pathlib import Path
from streams.embedded.broker import Broker
from streams.embedded.lease import leased
from tests.streams.embedded.fakes import FakeLauncher

with leased(Broker(Path(sys.argv[1]), launcher=FakeLauncher())):
    print("held", flush=True)
    signal.pause()
"""


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    made = Broker(
        tmp_path / "kafka", jars=Jars(tmp_path, PINS, FakeRepository()), launcher=FakeLauncher("serve")
    )
    yield made
    made.kill()


def process_of(broker: Broker) -> ProcessId:
    known = read(broker.layout.record)
    assert known is not None
    return known.process


def another_holder(broker: Broker) -> subprocess.Popen[str]:
    """A process that holds `broker`, now."""
    root = Path(__file__).parents[3]
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(broker.layout.directory)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    return holder


def test_a_broker_ends_with_its_last_holder_and_not_before(broker: Broker) -> None:
    with leased(broker):
        with leased(broker):
            process = process_of(broker)
        assert process.alive
    assert process.ended_within(PATIENCE_S)


def test_a_broker_ends_when_its_holder_is_killed(broker: Broker) -> None:
    with another_holder(broker) as holder:
        process = process_of(broker)
        assert process.alive
        holder.send_signal(signal.SIGKILL)
    assert process.ended_within(PATIENCE_S)


def test_who_is_killed_takes_the_broker_from_nobody_else(broker: Broker) -> None:
    with leased(broker):
        process = process_of(broker)
        with another_holder(broker) as holder:
            holder.send_signal(signal.SIGKILL)
        assert process.alive
    assert process.ended_within(PATIENCE_S)


def test_a_broker_that_was_started_to_stay_stays(broker: Broker) -> None:
    broker.start()
    with leased(broker):
        pass
    with leased(broker):
        assert not (broker.layout.directory / "keeper.log").exists()
    assert broker.exists


def test_a_lease_begins_anew_after_the_last_one_ended(broker: Broker) -> None:
    with leased(broker):
        first = process_of(broker)
    with leased(broker):
        second = process_of(broker)
        assert second.alive
    assert first.ended_within(PATIENCE_S)
    assert second.ended_within(PATIENCE_S)


def test_a_broker_that_does_not_start_leaves_no_keeper(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keepers = []

    def remember(command: Sequence[str], output: Path, stdin: int) -> int:
        pid = detach(command, output, stdin)
        keepers.append(find(pid))
        return pid

    monkeypatch.setattr("streams.embedded.lease.detach", remember)
    broker = Broker(tmp_path / "kafka", launcher=FakeLauncher("ends: ERROR"))
    with pytest.raises(NotStarted), leased(broker):
        pass
    (keeper,) = keepers
    assert keeper is not None
    assert keeper.ended_within(PATIENCE_S)
